import Foundation
import GRDB
import XlingCore

/// The copy of a store as an earlier version wrote it, made before its tables are changed for the first
/// time: `xling.before-schema-4.sqlite` beside `xling.sqlite`.
struct StoreCopy {
  let path: String
  let tables: StoreTables

  /// Nothing where the tables are new, or up to date already. Throws what SQLite and files throw; the store
  /// is then as it was.
  func make(of database: DatabaseQueue) throws {
    guard try isNeeded(database) else { return }
    let target = name(1)
    Partials.sweep(of: target)
    let partial = Partials.path(of: target)
    unlink(partial)
    defer { unlink(partial) }
    do {
      try database.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
      try sync(partial)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
      throw ExperimentFailure.readOnly(path: path)
    }
    // Another process may have made its copy meanwhile, and changed the tables since: then ours is none of
    // the old ones. A name that is taken is never taken again.
    for number in 1..<1_000 {
      let target = name(number)
      if link(partial, target) == 0 {
        ProgressBar.toStandardError(
          "xling: \(path) is of an earlier version and is brought up to date; as it was it is kept "
            + "in \(target)\n")
        return
      }
      guard errno == EEXIST else {
        throw FileFailure.cannotWrite(path: target, reason: String(cString: strerror(errno)))
      }
      guard try isNeeded(database) else { return }
    }
    throw FileFailure.cannotWrite(path: target, reason: "a thousand copies are there already")
  }

  private func isNeeded(_ database: DatabaseQueue) throws -> Bool {
    try database.read { database in
      let applied = try tables.migrator.appliedIdentifiers(database)
      let isComplete = try tables.migrator.hasCompletedMigrations(database)
      return try applied.contains(tables.first) && !isComplete && !isEmpty(database)
    }
  }

  /// A store whose making was cut short (a full disk, a kill) has some of the tables and no row: nothing in
  /// it is worth a copy.
  private func isEmpty(_ database: Database) throws -> Bool {
    let names = try String.fetchAll(
      database,
      sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'grdb!_%' "
        + "ESCAPE '!' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
    return try names.allSatisfy {
      try Bool.fetchOne(database, sql: "SELECT NOT EXISTS (SELECT 1 FROM \"\($0)\")") == true
    }
  }

  private func name(_ number: Int) -> String {
    let store = path as NSString
    let stem = store.pathExtension == "sqlite" ? String(path.dropLast(7)) : path
    return stem + ".before-schema-\(tables.version)" + (number > 1 ? "-\(number)" : "") + ".sqlite"
  }

  private func sync(_ path: String) throws {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
