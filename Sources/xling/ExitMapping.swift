import ArgumentParser
import Foundation
import XlingCore

/// From any error to one message on stderr and an exit status (see ``ExitStatus``).
enum ExitMapping {
  /// Ends the process. Help and version texts are "errors" of ArgumentParser's too: they go to
  /// stdout with status 0.
  static func exit(for error: any Error) -> Never {
    var status = ExitStatus.success.rawValue
    if let outcome = outcome(of: error) {
      status = outcome.status.rawValue
      if (error as? OutputFailure)?.isQuiet != true { say("xling: error: \(outcome.message)") }
    } else {
      status = Xling.exitCode(for: error).rawValue
      let message = Xling.fullMessage(for: error)
      if status == ExitStatus.success.rawValue {
        if !message.isEmpty { print(message) }
      } else if !message.isEmpty {
        say(inHouseStyle(message))
      }
    }
    Foundation.exit(afterOutput(status))
  }

  private static func say(_ message: String) { ProgressBar.toStandardError(message + "\n") }

  /// The status at the end: a result that did not arrive counts for more than one that was found
  /// wanting.
  private static func afterOutput(_ status: Int32) -> Int32 {
    do {
      try StandardOutput.finish()
      return status
    } catch {
      guard [ExitStatus.success, .belowThreshold].map(\.rawValue).contains(status) else {
        return status
      }
      if !error.isQuiet { say("xling: error: \(error)") }
      return error.exitStatus.rawValue
    }
  }

  /// Nil for what ArgumentParser itself throws.
  private static func outcome(of error: any Error) -> (status: ExitStatus, message: String)? {
    if let failure = error as? any Failure { return (failure.exitStatus, failure.description) }
    if error is ExitCode || error is CleanExit || error is ValidationError { return nil }
    // Its CommandError is not public: its exit code is what tells it from a stranger.
    guard Xling.exitCode(for: error) == .failure else { return nil }
    if let decoding = error as? DecodingError { return (.badData, words(of: decoding)) }
    let system = error as NSError
    if let status = systemStatus(system) { return (status, words(of: system, status)) }
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

  /// Foundation's own sentences name neither the reason nor what to do.
  private static func words(of error: NSError, _ status: ExitStatus) -> String {
    let path =
      error.userInfo[NSFilePathErrorKey] as? String
      ?? (error.userInfo[NSURLErrorKey] as? URL)?.path ?? "a file"
    if status == .missingInput { return "\(path) does not exist. Check the path." }
    return
      "cannot read or write \(path): \(SystemWords.reason(of: error)). Check that it is what the command expects, that "
      + "it may be read and written, and that its disk has room."
  }

  private static func words(of error: DecodingError) -> String {
    let (context, missing): (DecodingError.Context, String?) =
      switch error {
      case .keyNotFound(let key, let context): (context, key.stringValue)
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .dataCorrupted(let context):
        (context, nil)
      @unknown default: (.init(codingPath: [], debugDescription: ""), nil)
      }
    let path = (context.codingPath.map(\.stringValue) + [missing].compactMap { $0 })
      .joined(separator: ".")
    let place = path.isEmpty ? "" : " at \"\(path)\""
    return
      "a JSON file does not hold what is expected\(place)\(missing == nil ? "" : ": it is missing")"
  }

  private static func inHouseStyle(_ message: String) -> String {
    let prefix = "Error: "
    let text = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
    // What a range says (NumberRange) names its value itself.
    let ranged = text.replacing(#/^The value '.*?' is invalid for '(-[\w-]+)[^']*': (?=must be )/#)
    {
      "\($0.1) "
    }
    return "xling: error: " + ranged
  }
}
