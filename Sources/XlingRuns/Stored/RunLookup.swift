import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments

/// Runs by folder or by stored name.
public enum RunLookup {
  /// The run's folder. A folder goes before a stored name. Throws ``RunFailure``,
  /// `ExperimentFailure.runNotFound`.
  public static func folder(_ run: String, store path: String) throws -> String {
    if RunFolder(run).exists { return run }
    var isFolder: ObjCBool = false
    if run.contains("/") || FileManager.default.fileExists(atPath: run, isDirectory: &isFolder) {
      _ = try RunFolder(run).record()
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunFailure.noRun(name: run, store: path)
    }
    let stored = try ExperimentStore(reading: path).run(named: run)
    guard RunFolder(stored.folder).exists else {
      throw RunFailure.storedFolderGone(name: run, folder: stored.folder)
    }
    return stored.folder
  }

  /// The store knows the run from here on, and where it lies now if it was moved. Throws
  /// ``RunFailure/nameTaken(name:stored:given:)``.
  public static func register(_ run: LoadedRun, in store: ExperimentStore) throws {
    if try isStored(run.record, folder: run.folder, in: store) {
      let known = try store.run(named: run.name)
      if known.folder != absolute(run.folder), !RunFolder(known.folder).exists {
        try store.move(run.name, to: absolute(run.folder))
      }
      return
    }
    let status: RunStatus = run.record.isFinished ? .finished : .interrupted
    try store.begin(
      try LoadedRun.stored(run.record, folder: absolute(run.folder), status: status))
  }

  /// The name under which the store has a folder's run, or the name as it was given. Throws
  /// ``RunFailure/nameTaken(name:stored:given:)``,
  /// `ExperimentFailure.runNotFound`.
  public static func storedName(_ run: String, in store: ExperimentStore) throws -> String {
    guard RunFolder(run).exists else { return try store.run(named: run).name }
    let name = LoadedRun.name(of: run)
    _ = try isStored(try RunFolder(run).record(), folder: run, in: store)
    return try store.run(named: name).name
  }

  /// Throws when the store has another run of that name.
  private static func isStored(
    _ record: RunRecord, folder: String, in store: ExperimentStore
  ) throws -> Bool {
    let folder = absolute(folder)
    let new = try LoadedRun.stored(record, folder: folder, status: .finished)
    guard let known = try store.runs().first(where: { $0.name == new.name }) else { return false }
    guard known.key.isSameRun(as: new.key) else {
      throw RunFailure.nameTaken(name: new.name, stored: known.folder, given: folder)
    }
    return true
  }

  private static func absolute(_ folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.path
  }

  /// A store that is there already: reading never makes one.
  public static func existingStore(_ path: String) throws -> ExperimentStore {
    try ExperimentStore(reading: path)
  }
}
