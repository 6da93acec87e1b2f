import GRDB
import XlingCore

/// Errors of the experiment store.
public enum ExperimentFailure: Failure, Equatable {
  case notADatabase(path: String)
  case newerSchema(path: String)
  case readOnly(path: String)
  case diskFull(path: String)
  case busy(path: String)
  case cannotOpen(path: String, reason: String)
  case sql(path: String, reason: String)
  case runNotFound(name: String, nearest: String?, path: String)
  case runExists(name: String)
  case evaluationNotFound(run: String, what: String)
  case mixedProtocols(field: String, first: String, second: String)
  case differentRun(name: String, field: String, stored: String, given: String)
  case damaged(path: String, what: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .readOnly, .diskFull, .busy, .cannotOpen, .sql: .inputOutput
    case .runNotFound, .evaluationNotFound: .missingInput
    case .runExists: .usage
    case .notADatabase, .newerSchema, .mixedProtocols, .differentRun, .damaged: .badData
    }
  }

  public var description: String {
    switch self {
    case .notADatabase(let path):
      "\(path) is not an SQLite database. Move it away, or name another store."
    case .newerSchema(let path):
      "\(path) was written by a newer xling with tables this one does not know. Update xling, or "
        + "name another store."
    case .readOnly(let path):
      "\(path) cannot be written: the file or its folder is read-only. Nothing was changed. Make "
        + "it writable, or name another store."
    case .diskFull(let path):
      "the disk is full while writing \(path). Nothing was changed there; free space, then run the "
        + "same command again."
    case .busy(let path):
      "\(path) has been locked by another process for longer than the waiting time. Wait for it to "
        + "end, then run the same command again."
    case .cannotOpen(let path, let reason):
      "cannot open the experiment store \(path): \(reason). Check that its folder exists and is "
        + "writable."
    case .sql(let path, let reason): "the experiment store \(path) answered: \(reason)."
    case .runNotFound(let name, let nearest, let path):
      "there is no run '\(name)' in \(path)."
        + (nearest.map { " Did you mean '\($0)'?" } ?? " It holds no runs with a similar name.")
    case .runExists(let name):
      "a run '\(name)' is stored already. Choose another name, resume it, or replace it."
    case .evaluationNotFound(let run, let what):
      "run '\(run)' has no evaluation for \(what). Evaluate it first."
    case .mixedProtocols(let field, let first, let second):
      "these results were measured under different protocols and cannot share a table: \(field) is "
        + "'\(first)' in one and '\(second)' in another. Evaluate them again under one protocol."
    case .differentRun(let name, let field, let stored, let given):
      "run '\(name)' cannot be resumed: its \(field) was '\(stored)', now it is '\(given)'. "
        + "Restore it, or start a run of another name."
    case .damaged(let path, let what): "\(path) is damaged: \(what). Restore it from a copy."
    }
  }

  /// The database's own words, put into ours.
  static func from(_ error: any Error, path: String) -> ExperimentFailure {
    if let failure = error as? ExperimentFailure { return failure }
    guard let error = error as? DatabaseError else {
      return .sql(path: path, reason: String(describing: error))
    }
    let reason = error.message ?? "error \(error.resultCode.rawValue)"
    return switch error.resultCode {
    case .SQLITE_NOTADB: .notADatabase(path: path)
    case .SQLITE_READONLY, .SQLITE_PERM: .readOnly(path: path)
    case .SQLITE_FULL: .diskFull(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
    case .SQLITE_CANTOPEN: .cannotOpen(path: path, reason: reason)
    case .SQLITE_CORRUPT: .damaged(path: path, what: reason)
    default: .sql(path: path, reason: reason)
    }
  }
}
