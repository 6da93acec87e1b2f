import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments

/// Runs by folder, by stored name, by a beginning of either, or as the latest.
public enum RunLookup {
  /// What names the newest finished run of a store.
  public static let latest = "latest"

  /// The run's folder. A folder goes before a stored name; `strictly` takes no beginnings of names. Throws
  /// ``RunFailure``, `ExperimentFailure.runNotFound`.
  public static func folder(
    _ run: String, store path: String, strictly: Bool = false
  ) throws -> String {
    if RunFolder(run).exists { return run }
    let isPath = run.contains("/") || FileManager.default.fileExists(atPath: run)
    guard FileManager.default.fileExists(atPath: path) else {
      if isPath { _ = try RunFolder(run).record() }
      throw RunFailure.noRun(name: run, store: path)
    }
    let stored: Run
    do {
      stored = try self.stored(run, in: ExperimentStore(reading: path), strictly: strictly)
    } catch ExperimentFailure.runNotFound where isPath {
      _ = try RunFolder(run).record()
      throw RunFailure.noRun(name: run, store: path)
    }
    guard RunFolder(stored.folder).exists else {
      throw RunFailure.storedFolderGone(name: stored.name, folder: stored.folder)
    }
    return stored.folder
  }

  /// A stored run by its name, as `latest`, or by a beginning of its name or folder that no other has.
  /// Throws ``RunFailure/severalRuns(beginning:runs:)``, ``RunFailure/noneFinished(store:)``,
  /// `ExperimentFailure.runNotFound`.
  static func stored(
    _ text: String, in store: ExperimentStore, strictly: Bool = false
  ) throws -> Run {
    let runs = try store.runs()
    if let run = runs.first(where: { $0.name == text }) { return run }
    if text == latest {
      guard let newest = newest(of: runs.filter { $0.status == .finished }) else {
        throw RunFailure.noneFinished(store: store.path)
      }
      return newest
    }
    if !strictly, !text.isEmpty {
      let folder = absolute(text)
      let meant = runs.filter { $0.name.hasPrefix(text) || $0.folder.hasPrefix(folder) }
      if meant.count == 1 { return meant[0] }
      if meant.count > 1 {
        throw RunFailure.severalRuns(beginning: text, runs: meant.map(\.name))
      }
    }
    return try store.run(named: text)
  }

  /// The one that was begun last.
  public static func newest(of runs: [Run]) -> Run? {
    runs.enumerated().max { ($0.element.started, $0.offset) < ($1.element.started, $1.offset) }?
      .element
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

  /// The name under which the store has a folder's run, or the run that is named as in
  /// ``folder(_:store:strictly:)``. Throws ``RunFailure/nameTaken(name:stored:given:)``,
  /// ``RunFailure/severalRuns(beginning:runs:)``, `ExperimentFailure.runNotFound`.
  public static func storedName(
    _ run: String, in store: ExperimentStore, strictly: Bool = false
  ) throws -> String {
    guard RunFolder(run).exists else {
      return try stored(run, in: store, strictly: strictly).name
    }
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
