import GRDB

/// Runs, protocols, per-query ranks and metrics in one SQLite file. Safe for several processes at
/// once: write-ahead log, and writers that wait for one another.
public final class ExperimentStore: Sendable {
  public static let defaultPath = "runs/xling.sqlite"

  let file: StoreFile
  let folders: StoreFolders
  public var path: String { file.path }

  /// Opens or creates the store and brings its tables up to date; one of an earlier version is copied
  /// before.
  ///
  /// Throws ``ExperimentFailure``: not a database or no store, read-only, disk full, locked, newer schema;
  /// and `FileFailure` when its folder cannot be made.
  public init(path: String = ExperimentStore.defaultPath, waiting seconds: Double = 30) throws {
    folders = StoreFolders(store: path)
    file = try StoreFile(path: path, Schema.tables(folders), .writing, waiting: seconds)
  }

  /// Opens a store that is there, also on a read-only medium; makes none. Throws as
  /// ``init(path:waiting:)``.
  public init(reading path: String, waiting seconds: Double = 30) throws {
    folders = StoreFolders(store: path)
    file = try StoreFile(path: path, Schema.tables(folders), .reading, waiting: seconds)
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    try file.read(body)
  }

  /// One transaction: all of `body` or nothing.
  func write<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    try file.write(body)
  }

  /// Throws ``ExperimentFailure/gone(path:)`` where the file was deleted or replaced meanwhile.
  public func checkPlace() throws(ExperimentFailure) { try file.checkPlace() }
}
