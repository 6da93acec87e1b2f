import Foundation
import GRDB
import XlingCore

/// Runs, protocols, per-query ranks and metrics in one SQLite file. Safe for several processes at
/// once: write-ahead log, and writers that wait for one another.
public final class ExperimentStore: Sendable {
  public static let defaultPath = "runs/xling.sqlite"

  public let path: String
  private let database: DatabaseQueue

  /// Opens or creates the store and brings its tables up to date.
  ///
  /// Throws ``ExperimentFailure``: not a database, read-only, disk full, locked, newer schema; and
  /// `FileFailure` when its folder cannot be made.
  public init(path: String = ExperimentStore.defaultPath, waiting seconds: Double = 30) throws {
    self.path = path
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try AtomicFile.createFolder(folder)
    var configuration = Configuration()
    configuration.busyMode = .timeout(seconds)
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    do {
      database = try DatabaseQueue(path: path, configuration: configuration)
      let migrator = Schema.migrator
      if try database.read({ try migrator.hasBeenSuperseded($0) }) {
        throw ExperimentFailure.newerSchema(path: path)
      }
      try migrator.migrate(database)
    } catch {
      throw ExperimentFailure.from(error, path: path)
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    do { return try database.read(body) } catch { throw .from(error, path: path) }
  }

  /// One transaction: all of `body` or nothing.
  func write<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    do { return try database.write(body) } catch { throw .from(error, path: path) }
  }
}
