import Foundation
import XlingAlignment
import XlingCore
import XlingEvaluation
import XlingExperiments

/// What a user names a run by, and what that can lead to.
enum EvalRunFailure: Failure, Equatable {
  case noRun(name: String, store: String)
  case folderGone(name: String, folder: String)
  case nameTaken(name: String, stored: String, given: String)

  var exitStatus: ExitStatus {
    switch self {
    case .noRun, .folderGone: .missingInput
    case .nameTaken: .usage
    }
  }

  var description: String {
    switch self {
    case .noRun(let name, let store):
      "there is no run '\(name)': no folder of that name holds a run.json, and there is no store "
        + "at \(store). How a run is made, says: xling align --help"
    case .folderGone(let name, let folder):
      "the store knows run '\(name)', but \(folder) holds no run any more. Restore that folder, or "
        + "align anew."
    case .nameTaken(let name, let stored, let given):
      "the store has another run '\(name)', from \(stored); this one is \(given). Rename one of the "
        + "folders, or name another --store."
    }
  }
}

/// Runs by folder or by stored name.
enum EvalRun {
  /// The run's folder. A folder goes before a stored name. Throws ``EvalRunFailure``,
  /// ``ExperimentFailure/runNotFound(name:nearest:path:)``, `AlignmentFailure.notARun`.
  static func folder(_ run: String, store path: String) throws -> String {
    if RunFolder(run).exists { return run }
    var isFolder: ObjCBool = false
    if run.contains("/") || FileManager.default.fileExists(atPath: run, isDirectory: &isFolder) {
      _ = try RunFolder(run).record()
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw EvalRunFailure.noRun(name: run, store: path)
    }
    let stored = try ExperimentStore(reading: path).run(named: run)
    guard RunFolder(stored.folder).exists else {
      throw EvalRunFailure.folderGone(name: run, folder: stored.folder)
    }
    return stored.folder
  }

  /// The store knows the run from here on, and where it lies now if it was moved. Throws
  /// ``EvalRunFailure/nameTaken(name:stored:given:)``.
  static func register(_ run: EvaluatedRun, in store: ExperimentStore) throws {
    if try isStored(run.record, folder: run.folder, in: store) {
      let known = try store.run(named: run.name)
      if known.folder != absolute(run.folder), !RunFolder(known.folder).exists {
        try store.move(run.name, to: absolute(run.folder))
      }
      return
    }
    let status: RunStatus = run.record.isFinished ? .finished : .interrupted
    try store.begin(
      try EvaluatedRun.stored(run.record, folder: absolute(run.folder), status: status))
  }

  /// The name under which the store has a folder's run, or the name as it was given. Throws
  /// ``EvalRunFailure/nameTaken(name:stored:given:)``,
  /// ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  static func storedName(_ run: String, in store: ExperimentStore) throws -> String {
    guard RunFolder(run).exists else { return try store.run(named: run).name }
    let name = EvaluatedRun.name(of: run)
    _ = try isStored(try RunFolder(run).record(), folder: run, in: store)
    return try store.run(named: name).name
  }

  /// Throws when the store has another run of that name.
  private static func isStored(
    _ record: RunRecord, folder: String, in store: ExperimentStore
  ) throws -> Bool {
    let folder = absolute(folder)
    let new = try EvaluatedRun.stored(record, folder: folder, status: .finished)
    guard let known = try store.runs().first(where: { $0.name == new.name }) else { return false }
    guard known.key.isSameRun(as: new.key) else {
      throw EvalRunFailure.nameTaken(name: new.name, stored: known.folder, given: folder)
    }
    return true
  }

  private static func absolute(_ folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.path
  }

  /// A store that is there already: reading never makes one.
  static func existingStore(_ path: String) throws -> ExperimentStore {
    try ExperimentStore(reading: path)
  }
}
