import Foundation
import Synchronization
import XlingCore

/// Results on their way out. A write that fails is remembered, and ``finish()`` makes an error of it:
/// no command ends with 0 whose result did not arrive.
enum StandardOutput {
  private static let failure = Atomic<Int32>(0)

  /// Occupies whichever of the descriptors 0 to 2 the caller closed, so that no file takes their
  /// number and no result goes into it. Reading from 0 and writing to 1 then fail, as they must.
  static func occupyClosed() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      guard fcntl(descriptor, F_GETFD) < 0, errno == EBADF else { continue }
      // The lowest free number is taken, and those below are taken already.
      let access = descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY
      if open("/dev/null", access) < 0 { _ = open("/", O_RDONLY) }
    }
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Text for people and tables: what it quotes of files cannot steer a terminal.
  static func write(_ text: String) {
    write(bytes: Array(TerminalText.visible(text, keepingLines: true).utf8))
  }

  /// Data as it is. What follows a failed write is left out.
  static func write(bytes: [UInt8]) {
    guard failure.load(ordering: .relaxed) == 0 else { return }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.write(
          STDOUT_FILENO, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        // A terminal or pipe that somebody made non-blocking: wait until it takes more.
        var waited = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = poll(&waited, 1, -1)
        continue
      }
      guard count > 0 else {
        failure.store(count < 0 ? errno : EIO, ordering: .relaxed)
        return
      }
      done += count
    }
  }

  /// Throws ``OutputFailure`` when something that was written so far did not arrive.
  static func check() throws(OutputFailure) {
    let code = failure.load(ordering: .relaxed)
    if code != 0 { throw .lost(code: code) }
  }

  /// The end of all output: some file systems tell only then that there was no room. Throws
  /// ``OutputFailure``.
  static func finish() throws(OutputFailure) {
    if close(STDOUT_FILENO) != 0, errno != EBADF, failure.load(ordering: .relaxed) == 0 {
      failure.store(errno, ordering: .relaxed)
    }
    try check()
  }
}

/// Results that did not arrive.
enum OutputFailure: Failure, Equatable {
  case lost(code: Int32)

  var exitStatus: ExitStatus { .inputOutput }

  /// Nobody reads any more (`| head -1`): nothing to tell.
  var isQuiet: Bool { self == .lost(code: EPIPE) }

  var description: String {
    switch self {
    case .lost(let code):
      let reason = code == EBADF ? "it is closed" : SystemWords.reason(code)
      return
        "cannot write standard output: \(reason). The result did not arrive; send it elsewhere, "
        + "with `> FILE` or `| less`, and run the same command again."
    }
  }
}

/// In place of Swift's own in this module: every result goes through ``StandardOutput``.
func print(_ text: String) {
  StandardOutput.write(text + "\n")
}
