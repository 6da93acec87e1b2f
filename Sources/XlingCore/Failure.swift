/// Exit codes of the command line (after BSD sysexits).
public enum ExitStatus: Int32, Sendable {
  case success = 0
  /// A threshold that the user stated was not met.
  case belowThreshold = 1
  case usage = 64
  case badData = 65
  case missingInput = 66
  case `internal` = 70
  case inputOutput = 74
  /// Interrupted and resumable.
  case interrupted = 130
}

/// What every error of every module can tell: what, where, expected, found, how to mend it.
public protocol Failure: Error, CustomStringConvertible {
  var exitStatus: ExitStatus { get }
}
