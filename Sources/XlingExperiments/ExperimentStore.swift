import GRDB

/// Runs, protocols, per-query ranks and metrics in one SQLite file. Safe for several processes at
/// once: write-ahead log, and writers that wait for one another.
public final class ExperimentStore: Sendable {
  public static let defaultPath = "runs/xling.sqlite"

  private let file: StoreFile
  public var path: String { file.path }

  /// Opens or creates the store and brings its tables up to date.
  ///
  /// Throws ``ExperimentFailure``: not a database, read-only, disk full, locked, newer schema; and
  /// `FileFailure` when its folder cannot be made.
  public init(path: String = ExperimentStore.defaultPath, waiting seconds: Double = 30) throws {
    file = try StoreFile(path: path, Schema.migrator, waiting: seconds)
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    try file.read(body)
  }

  /// One transaction: all of `body` or nothing.
  func write<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    try file.write(body)
  }
}
