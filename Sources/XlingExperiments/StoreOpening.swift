import Foundation
import GRDB
import XlingCore

/// The tables of one kind of file.
package struct StoreTables: Sendable {
  let migrator: DatabaseMigrator
  /// The first migration of such a file, which tells it from other programs' databases.
  let first: String
  /// Of the newest migration: in the name of the copy that is made before it.
  let version: Int
  /// Whether the file is copied before its tables are changed.
  let keepsCopy: Bool
  /// Bytes of a page of a new file; nil is SQLite's own choice.
  var pageBytes: Int?
  /// KiB of pages that SQLite keeps in memory at the most; nil is its own choice, 2,000.
  var cacheKiB: Int?

  package init(
    migrator: DatabaseMigrator, first: String, version: Int, keepsCopy: Bool, pageBytes: Int? = nil,
    cacheKiB: Int? = nil
  ) {
    (self.migrator, self.first, self.version) = (migrator, first, version)
    (self.keepsCopy, self.pageBytes, self.cacheKiB) = (keepsCopy, pageBytes, cacheKiB)
  }
}

/// How a file is opened, by what lies there and what may be done with it.
struct StoreOpening {
  let path: String
  let tables: StoreTables
  let waiting: Double

  init(path: String, tables: StoreTables, waiting seconds: Double) {
    self.path = path
    self.tables = tables
    waiting = seconds
  }

  /// SQLite takes names that begin with `file:` for addresses, and `:memory:` for no file at all.
  private var plainPath: String { path.hasPrefix("/") ? path : "./" + path }

  func open(_ access: StoreAccess) throws -> (DatabaseQueue, isReadOnly: Bool) {
    switch (access, try content()) {
    case (.reading, .nothing), (.looking, .nothing): throw ExperimentFailure.notAStore(path: path)
    case (_, .foreign): throw ExperimentFailure.notAStore(path: path)
    case (.writing, .nothing):
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      try AtomicFile.createFolder(folder)
      try requireWritable()
      return (try writable(), false)
    case (.writing, .ours):
      try requireWritable()
      return (try writable(), false)
    case (.looking, .ours):
      // A reader of a live file holds no lock for longer than one read, and writes nothing.
      guard isWritable else { return (try readable(), true) }
      let database = try queue(plainPath) { $0.readonly = true }
      try checkVersion(database)
      let isCurrent = try database.read { try tables.migrator.hasCompletedMigrations($0) }
      return (isCurrent ? database : try readable(), true)
    case (.reading, .ours):
      guard isWritable else { return (try readable(), true) }
      do {
        return (try writable(), false)
      } catch let error as DatabaseError
        where [.SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_FULL, .SQLITE_PERM].contains(
          error.resultCode)
      {
        return (try readable(), true)
      }
    }
  }

  // MARK: - What lies there

  private enum Content { case nothing, foreign, ours }

  /// Looks without making anything: SQLite puts files beside a database that it opens.
  private func content() throws -> Content {
    var status = stat()
    guard stat(path, &status) == 0 else { return .nothing }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ExperimentFailure.cannotOpen(
        path: path,
        reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is no regular file")
    }
    let hasLog = FileIdentity(path + "-wal") != nil
    if status.st_size == 0, !hasLog { return .nothing }
    if status.st_size > 0 {
      guard let file = FileHandle(forReadingAtPath: path) else {
        throw ExperimentFailure.cannotOpen(path: path, reason: String(cString: strerror(errno)))
      }
      let start = try? file.read(upToCount: 16)
      try? file.close()
      guard start == Data("SQLite format 3\0".utf8) else {
        throw ExperimentFailure.notADatabase(path: path)
      }
    }
    // Without a log beside it nobody is writing now, or is about to begin only.
    if !hasLog, let found = try? immutable().read(content) { return found }
    return try queue(plainPath) { $0.readonly = true }.read(content)
  }

  private func content(_ database: Database) throws -> Content {
    let names = try String.fetchAll(
      database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
    if names.isEmpty { return .nothing }
    guard names.contains("grdb_migrations") else { return .foreign }
    let applied = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
    // Where two processes make one file, its list of migrations comes first.
    if applied.isEmpty, names.allSatisfy({ $0.hasPrefix("grdb_") }) { return .nothing }
    return applied.contains(tables.first) ? .ours : .foreign
  }

  private var isWritable: Bool {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return access(path, W_OK) == 0 && access(folder, W_OK) == 0
  }

  /// Throws ``ExperimentFailure/readOnly(path:)``.
  private func requireWritable() throws(ExperimentFailure) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let exists = FileIdentity(path) != nil
    guard access(folder, W_OK) == 0, !exists || access(path, W_OK) == 0 else {
      throw .readOnly(path: path)
    }
  }

  // MARK: - Opening

  private func queue(
    _ path: String, _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(waiting)
    configuration.foreignKeysEnabled = true
    if let cache = tables.cacheKiB {
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -\(cache)") }
    }
    change(&configuration)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Where two processes make one file at once, the later one may find it locked without SQLite's
  /// waiting (a change of the journal mode does not wait), or find the tables made that it was about to
  /// make: it looks again, for a second at the most.
  private func writable() throws -> DatabaseQueue {
    let end = Date() + waiting
    var attempt = 0
    while true {
      do {
        let hasMode = isWriteAhead
        let database = try queue(plainPath) { configuration in
          // Setting the mode anew writes an empty transaction to the disk at each start of a program.
          if !hasMode { configuration.journalMode = .wal }
          configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
          // A file that is there keeps its pages, whatever is said here.
          if let bytes = tables.pageBytes {
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = \(bytes)") }
          }
        }
        try checkVersion(database)
        if tables.keepsCopy { try StoreCopy(path: path, tables: tables).make(of: database) }
        try tables.migrator.migrate(database)
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

  /// Whether the file has the write-ahead log as its mode: bytes 18 and 19 of its header
  /// (https://www.sqlite.org/fileformat2.html, 1.3.3).
  private var isWriteAhead: Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    guard let header = try? file.read(upToCount: 20), header.count == 20 else { return false }
    return header[18] == 2 && header[19] == 2
  }

  private func checkVersion(_ database: DatabaseQueue) throws {
    if try database.read({ try tables.migrator.hasBeenSuperseded($0) }) {
      throw ExperimentFailure.newerSchema(path: path)
    }
  }

  /// Nothing can be written beside the file. Tables of an earlier version are brought up to date in a
  /// copy in memory.
  func readable() throws -> DatabaseQueue {
    let database = try asItLies()
    try checkVersion(database)
    if try database.read({ try tables.migrator.hasCompletedMigrations($0) }) { return database }
    let copy = try DatabaseQueue()
    try database.backup(to: copy)
    try tables.migrator.migrate(copy)
    return copy
  }

  /// With a log beside it the file alone is not the whole: SQLite reads both where it can, else both
  /// are copied to where they can be put together.
  private func asItLies() throws -> DatabaseQueue {
    let log = path + "-wal"
    var status = stat()
    guard stat(log, &status) == 0, status.st_size > 0 else { return try immutable() }
    if let both = try? queue(plainPath, { $0.readonly = true }),
      (try? both.read({ try content($0) })) != nil
    {
      return both
    }
    let place = FileManager.default.temporaryDirectory.path + "/xling-" + UUID().uuidString
    try AtomicFile.createFolder(place)
    defer { try? FileManager.default.removeItem(atPath: place) }
    for end in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: path + end, toPath: place + "/store" + end)
    }
    let memory = try DatabaseQueue()
    try queue(place + "/store").backup(to: memory)
    return memory
  }

  /// The file as it lies, without locks and without files of SQLite's beside it.
  private func immutable() throws -> DatabaseQueue {
    let absolute = URL(fileURLWithPath: path).path
    let isPlain = { (byte: UInt8) in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || byte == 0x2F
    }
    let address = absolute.utf8.map { byte in
      isPlain(byte) ? String(UnicodeScalar(byte)) : String(format: "%%%02X", Int(byte))
    }.joined()
    return try queue("file:" + address + "?immutable=1") { $0.readonly = true }
  }
}
