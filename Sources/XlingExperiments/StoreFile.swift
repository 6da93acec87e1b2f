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
      database = try Self.open(path, configuration, migrator, until: Date() + seconds)
    } catch {
      throw ExperimentFailure.from(error, path: path)
    }
  }

  /// Where two processes make one file at once, the later one may find it locked without SQLite's
  /// waiting (a change of the journal mode does not wait), or find the tables made that it was about to
  /// make: it looks again, for a second at the most.
  private static func open(
    _ path: String, _ configuration: Configuration, _ migrator: DatabaseMigrator, until end: Date
  ) throws -> DatabaseQueue {
    var attempt = 0
    while true {
      do {
        let database = try DatabaseQueue(path: path, configuration: configuration)
        if try database.read({ try migrator.hasBeenSuperseded($0) }) {
          throw ExperimentFailure.newerSchema(path: path)
        }
        try migrator.migrate(database)
        return database
      } catch let error as DatabaseError {
        let mayPass: [ResultCode] = [
          .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_ERROR, .SQLITE_CONSTRAINT,
        ]
        attempt += 1
        guard mayPass.contains(error.resultCode), attempt < 50, Date() < end else { throw error }
        usleep(20_000)
      }
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
