import Foundation

/// What one run of a process cost, after wait4(2).
struct Measurement: Codable, Sendable {
  let wallSeconds: Double
  /// User and system, all threads: twice the wall time when two cores are busy.
  let cpuSeconds: Double
  let peakMegabytes: Double
}

enum MeasurementError: Error, CustomStringConvertible {
  case cannotStart(command: String, reason: String)
  case failed(command: String, status: Int32)

  var description: String {
    switch self {
    case .cannotStart(let command, let reason): "cannot start \(command): \(reason)"
    case .failed(let command, let status): "\(command) ended with status \(status)"
    }
  }
}

extension Measurement {
  /// Runs `binary` in the working folder, its stdout discarded, its stderr ours.
  static func of(_ binary: String, _ arguments: [String]) throws -> Measurement {
    let command = ([binary] + arguments).joined(separator: " ")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)

    var words: [UnsafeMutablePointer<CChar>?] = ([binary] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    let began = DispatchTime.now().uptimeNanoseconds
    let code = posix_spawn(&child, binary, &actions, nil, &words, environ)
    guard code == 0 else {
      throw MeasurementError.cannotStart(command: command, reason: String(cString: strerror(code)))
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
    let ended = DispatchTime.now().uptimeNanoseconds
    guard status == 0 else {
      // The exit status, or 128 + signal as shells have it.
      let signal = status & 0x7f
      throw MeasurementError.failed(
        command: command, status: signal == 0 ? status >> 8 & 0xff : 128 + signal)
    }
    return Measurement(
      wallSeconds: Double(ended - began) / 1e9,
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      peakMegabytes: Double(usage.ru_maxrss) / 1024)
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}
