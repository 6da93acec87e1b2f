import Foundation
import GRDB
import XlingCore

/// Whether a command may make and change the file, reads one that is there (and may bring its tables up to
/// date), or only looks into one that others write.
package enum StoreAccess: Sendable { case reading, writing, looking }

/// One SQLite file that several processes may read and write at once: write-ahead log, and writers
/// that wait for one another.
package struct StoreFile: Sendable {
  package let path: String
  let database: DatabaseQueue
  /// Whether nothing can be kept: the file lies on a read-only medium, and may be a copy in memory.
  let isReadOnly: Bool
  /// The file that was opened; nil for a copy in memory.
  private let identity: FileIdentity?

  /// Opens the file, or with `.writing` creates it, and brings its tables up to date. Throws
  /// ``ExperimentFailure``: not a database or another program's, read-only, disk full, locked for
  /// `seconds`, newer schema; `FileFailure` when its folder cannot be made.
  package init(
    path: String, _ tables: StoreTables, _ access: StoreAccess, waiting seconds: Double
  ) throws {
    self.path = path
    do {
      let opening = StoreOpening(path: path, tables: tables, waiting: seconds)
      (database, isReadOnly) = try opening.open(access)
    } catch let failure as FileFailure {
      throw failure
    } catch {
      throw ExperimentFailure.from(error, path: path)
    }
    identity = isReadOnly ? nil : FileIdentity(path)
  }

  package func read<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    do { return try database.read(body) } catch { throw .from(error, path: path) }
  }

  /// One transaction: all of `body` or nothing. Throws ``ExperimentFailure/gone(path:)`` where the file
  /// was deleted or replaced since it was opened: what is written to such a file nobody finds again.
  package func write<Value>(_ body: (Database) throws -> Value) throws(ExperimentFailure) -> Value {
    if isReadOnly { throw .readOnly(path: path) }
    try checkPlace()
    do {
      let value = try database.write(body)
      try checkPlace()
      return value
    } catch { throw .from(error, path: path) }
  }

  /// Throws ``ExperimentFailure/gone(path:)``.
  func checkPlace() throws(ExperimentFailure) {
    if let identity, FileIdentity(path) != identity { throw .gone(path: path) }
  }

  /// What SQLite itself finds wrong with the file: damaged pages, and rows that refer to none.
  func problems() throws(ExperimentFailure) -> [String] {
    try read { database in
      let found = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
        .filter { $0 != "ok" }
      let orphans = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { row in
        let table = String.fromDatabaseValue(row["table"]) ?? "?"
        let parent = String.fromDatabaseValue(row["parent"]) ?? "?"
        return "a row of \(table) belongs to a row of \(parent) that is not there"
      }
      return found + orphans
    }
  }
}

/// Which file a path leads to.
public struct FileIdentity: Sendable, Equatable {
  private let device: UInt64
  private let inode: UInt64

  /// Nil where nothing is there.
  public init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
