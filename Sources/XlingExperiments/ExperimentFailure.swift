import GRDB
import XlingCore

/// Errors of the experiment store.
public enum ExperimentFailure: Failure, Equatable {
  case notADatabase(path: String)
  /// A database of another program, or an empty file.
  case notAStore(path: String)
  case newerSchema(path: String)
  case readOnly(path: String)
  case diskFull(path: String)
  case busy(path: String)
  case cannotOpen(path: String, reason: String)
  case sql(path: String, reason: String)
  case runNotFound(name: String, nearest: String?, path: String)
  case runExists(name: String)
  /// Another process is training it.
  case runIsLive(name: String, process: Int32)
  /// The store has a run of that name that was begun otherwise, whose folder is gone.
  case nameKept(name: String, field: String, folder: String, evaluations: Int, path: String)
  /// The file was deleted or replaced while it was open.
  case gone(path: String)
  /// A result that is measured again and differs from the stored one.
  case otherResult(run: String, what: String, difference: String)
  case evaluationNotFound(run: String, what: String)
  case mixedProtocols(field: String, first: String, second: String)
  case differentRun(name: String, field: String, stored: String, given: String)
  case damaged(path: String, what: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .readOnly, .diskFull, .busy, .cannotOpen, .sql, .gone, .runIsLive: .inputOutput
    case .runNotFound, .evaluationNotFound: .missingInput
    case .runExists, .nameKept: .usage
    case .notADatabase, .notAStore, .newerSchema, .mixedProtocols, .differentRun, .damaged,
      .otherResult:
      .badData
    }
  }

  public var description: String {
    switch self {
    case .notADatabase(let path):
      "\(path) is not an SQLite database. Move it away, or name another store."
    case .notAStore(let path):
      "\(path) is no store of runs and results: it is empty, a study's store, or another program's "
        + "database. Nothing was changed there. Name another by --store."
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
        + "writable, or name another by --store."
    case .sql(let path, let reason): "the experiment store \(path) answered: \(reason)."
    case .runNotFound(let name, let nearest, let path):
      "there is no run '\(name)' in \(path)."
        + (nearest.map { " Did you mean '\($0)'?" } ?? " It holds no runs with a similar name.")
    case .runExists(let name):
      "a run '\(name)' is stored already. Choose another name, or go on with it by --resume."
    case .runIsLive(let name, let process):
      "another xling (process \(process)) is training run '\(name)'. Wait for it to end, or name "
        + "another output."
    case .nameKept(let name, let field, let folder, let evaluations, let path):
      "the store has a run '\(name)' of another \(field), with \(evaluations) stored results; its "
        + "folder \(folder) is gone. Nothing is deleted unasked: name another --output or --store, or "
        + "delete that run with its results by "
        + ShellWords.command(["xling", "runs", "delete", name, "--store", path]) + "."
    case .gone(let path):
      "\(path) was deleted or replaced while it was being written to: what was stored there last is "
        + "lost. Put it back, or run the same command again to make it anew."
    case .otherResult(let run, let what, let difference):
      "run '\(run)' has a stored result for \(what) under the same protocol, and it is another: "
        + "\(difference). Nothing was changed. The run's weights, the program or the machine's "
        + "arithmetic are not what they were. Keep both by another --store, or put the new ones in "
        + "their place by the same command with --replace."
    case .evaluationNotFound(let run, let what):
      "run '\(run)' has no evaluation for \(what). Evaluate it first."
    case .mixedProtocols(let field, let first, let second):
      "these results were measured under different protocols and cannot share a table: \(field) is "
        + "'\(first)' in one and '\(second)' in another. "
        + (Self.isOfEarlierVersion(field, first, second)
          ? "One was measured by a version that knew pictures by their sizes alone, so whether the data "
            + "are the same cannot be told. Evaluate that run again."
          : "Evaluate them again under one protocol.")
    case .differentRun(let name, let field, let stored, let given):
      "run '\(name)' cannot be resumed: its \(field) was '\(stored)', now it is '\(given)'. "
        + "Restore it, or start a run of another name."
    case .damaged(let path, let what): "\(path) is damaged: \(what). Restore it from a copy."
    }
  }

  private static func isOfEarlierVersion(_ field: String, _ one: String, _ other: String) -> Bool {
    field == "dataset hash"
      && (EvaluationProtocol.isEarlier(one, than: other)
        || EvaluationProtocol.isEarlier(other, than: one))
  }

  /// The database's own words, put into ours.
  static func from(_ error: any Error, path: String) -> ExperimentFailure {
    if let failure = error as? ExperimentFailure { return failure }
    if let failure = error as? any Failure, failure.exitStatus == .badData {
      return .damaged(path: path, what: failure.description)
    }
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
    // A table or a column that every store has.
    case .SQLITE_ERROR where reason.hasPrefix("no such "): .damaged(path: path, what: reason)
    default: .sql(path: path, reason: reason)
    }
  }
}
