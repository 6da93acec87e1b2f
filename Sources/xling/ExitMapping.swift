import ArgumentParser
import Foundation
import XlingCore

/// From any error to one message on stderr and an exit status (see ``ExitStatus``).
enum ExitMapping {
  /// Ends the process. Help and version texts are "errors" of ArgumentParser's too: they go to
  /// stdout with status 0.
  static func exit(for error: any Error) -> Never {
    if let outcome = outcome(of: error) {
      ProgressBar.toStandardError("xling: error: \(outcome.message)\n")
      Foundation.exit(outcome.status.rawValue)
    }
    let code = Xling.exitCode(for: error)
    let message = Xling.fullMessage(for: error)
    guard !code.isSuccess else { Xling.exit(withError: error) }
    if !message.isEmpty { ProgressBar.toStandardError(inHouseStyle(message) + "\n") }
    Foundation.exit(code.rawValue)
  }

  /// Nil for what ArgumentParser itself throws.
  private static func outcome(of error: any Error) -> (status: ExitStatus, message: String)? {
    if let failure = error as? any Failure { return (failure.exitStatus, failure.description) }
    if error is ExitCode || error is CleanExit || error is ValidationError { return nil }
    // Its CommandError is not public: its exit code is what tells it from a stranger.
    guard Xling.exitCode(for: error) == .failure else { return nil }
    let system = error as NSError
    if let status = systemStatus(system) { return (status, system.localizedDescription) }
    return (
      .internal,
      "\(error). This is a defect of xling; please report it with the command that led here."
    )
  }

  /// Errors of the system and of SQLite that no module wrapped.
  private static func systemStatus(_ error: NSError) -> ExitStatus? {
    if let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError,
      let status = systemStatus(underlying)
    {
      return status
    }
    switch error.domain {
    case NSPOSIXErrorDomain:
      return Int32(error.code) == ENOENT ? .missingInput : .inputOutput
    case NSCocoaErrorDomain:
      return error.code == CocoaError.fileReadNoSuchFile.rawValue ? .missingInput : .inputOutput
    case "GRDB.DatabaseError":
      // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN; extended codes sit above.
      return [8, 10, 13, 14].contains(error.code & 0xff) ? .inputOutput : nil
    default: return nil
    }
  }

  private static func inHouseStyle(_ message: String) -> String {
    let prefix = "Error: "
    guard message.hasPrefix(prefix) else { return "xling: error: " + message }
    return "xling: error: " + message.dropFirst(prefix.count)
  }
}
