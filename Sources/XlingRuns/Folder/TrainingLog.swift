import Foundation
import XlingAlignment
import XlingCore

/// A line of `log.jsonl`; `seconds` is the only field that differs between equal runs.
public struct LoggedStep: Codable, Sendable, Equatable {
  /// Updates made.
  public let step: Int
  public let loss: Float
  public let rate: Double
  public let temperature: Float
  public let seconds: Double
  public let validation: ValidationPoint?
}

extension RunFolder {
  public var log: String { path + "/log.jsonl" }

  /// What was logged so far, in order; a line cut short by a kill is left out. Throws `JSONFailure`
  /// for a repeated key, `FileFailure`.
  public func loggedSteps() throws -> [LoggedStep] {
    try AtomicFile.read(log).split(separator: 0x0A).enumerated().compactMap { index, line in
      try JSONFile.check(line, in: log, line: index + 1)
      return try? JSONDecoder().decode(LoggedStep.self, from: Data(line))
    }
  }
}

/// `log.jsonl`: one JSON object a step, with the system before the next one begins.
final class TrainingLog {
  private let path: String
  private let descriptor: Int32
  private let encoder = JSONEncoder()

  /// Opens the log and drops what an interrupted session logged behind its last checkpoint.
  init(_ path: String, keepingUpTo step: Int) throws {
    var kept = Data()
    if FileManager.default.fileExists(atPath: path) {
      for (index, line) in try AtomicFile.read(path).split(separator: 0x0A).enumerated() {
        try JSONFile.check(line, in: path, line: index + 1)
        // A line cut short by a kill does not parse and is dropped too.
        guard let parsed = try? JSONDecoder().decode(LoggedStep.self, from: Data(line)),
          parsed.step <= step
        else { continue }
        kept += line + [0x0A]
      }
    }
    try AtomicFile.write(kept, to: path)
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    self.path = path
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  deinit { close(descriptor) }

  /// Throws `FileFailure`.
  func append(_ progress: TrainingProgress) throws {
    let line = LoggedStep(
      step: progress.step, loss: progress.loss, rate: progress.rate,
      temperature: progress.temperature, seconds: progress.seconds,
      validation: progress.validation)
    try (try encoder.encode(line) + [0x0A]).withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = bytes.baseAddress.map { write(descriptor, $0 + offset, bytes.count - offset) }
        guard let count, count > 0 else {
          if errno == EINTR { continue }
          throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        offset += count
      }
    }
  }

  /// Whether the file is still there under its name: a folder that is removed or moved takes it along.
  var isInPlace: Bool {
    var mine = stat()
    var named = stat()
    return fstat(descriptor, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino
      && mine.st_dev == named.st_dev
  }

  /// Brings the log to the disk, before a checkpoint that counts on it.
  func sync() { fsync(descriptor) }
}
