import Foundation
import GRDB
import XlingCore

/// One SQLite file that several processes may read and write at once: write-ahead log, and writers
/// that wait for one another.
struct StoreFile: Sendable {
  let path: String
  private let database: DatabaseQueue

  /// Opens or creates the file and brings its tables up to date. Throws ``ExperimentFailure``: not a
  /// database, read-only, disk full, locked for `seconds`, newer schema; `FileFailure` when its folder
  /// cannot be made.
  init(path: String, _ migrator: DatabaseMigrator, waiting seconds: Double) throws {
    self.path = path
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try AtomicFile.createFolder(folder)
    var configuration = Configuration()
    configuration.busyMode = .timeout(seconds)
    configuration.journalMode = .wal
    configuration.foreignKeysEnabled = true
    do {
      database = try DatabaseQueue(path: path, configuration: configuration)
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
