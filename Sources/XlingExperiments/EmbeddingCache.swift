import Foundation
import GRDB
import XlingCore

/// What was embedded before, by content: the model, and the picture or caption as the model sees it.
/// It lies beside the store, in a file of its own: whoever deletes it loses time and no result.
public final class EmbeddingCache: Sendable {
  /// SHA-256 of what is embedded: 32 bytes.
  public typealias Key = [UInt8]

  /// Which rows were found, and those that are there but are not as they were kept.
  public struct Kept: Sendable {
    /// By the places of the keys asked for.
    public var isFound: [Bool]
    public var damaged: Set<Key> = []
  }

  let file: StoreFile
  public var path: String { file.path }
  /// Whether nothing can be kept, as on a read-only medium.
  public var isReadOnly: Bool { file.isReadOnly }

  /// What is kept; each in a file of its own.
  public enum Content: String, Sendable, CaseIterable {
    /// Of captions and pictures in the common space of one model.
    case embeddings
    /// Pooled vectors of a frozen tower, before the heads of the runs that share it.
    case features
  }

  /// `runs/xling.sqlite` has `runs/xling.embeddings.sqlite`, and `runs/xling.features.sqlite`.
  public static func path(
    besideStore store: String, _ content: Content = .embeddings
  ) -> String {
    PathParts.withoutExtension(store) + ".\(content.rawValue).sqlite"
  }

  /// Opens or creates the cache; throws as ``ExperimentStore/init(path:waiting:)`` does.
  public init(path: String, waiting seconds: Double = 30) throws {
    file = try StoreFile(path: path, Self.tables, .writing, waiting: seconds)
  }

  /// Opens one that is there, also on a read-only medium. Throws as above.
  public init(reading path: String, waiting seconds: Double = 30) throws {
    file = try StoreFile(path: path, Self.tables, .reading, waiting: seconds)
  }

  /// The cache beside a store; on a read-only medium one that is there is only read, and nil where
  /// there is none. Throws as above.
  public static func beside(
    store: String, _ content: Content = .embeddings
  ) throws -> EmbeddingCache? {
    let path = path(besideStore: store, content)
    do {
      return try EmbeddingCache(path: path)
    } catch ExperimentFailure.readOnly {
      return FileIdentity(path) == nil ? nil : try EmbeddingCache(reading: path)
    }
  }

  /// It can be made again, so it is not copied before its tables are changed.
  private static let tables: StoreTables = {
    let first = "1 embeddings"
    var migrator = DatabaseMigrator()
    migrator.registerMigration(first) { database in
      try database.execute(
        sql: """
          CREATE TABLE models (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE);
          -- Rows are little-endian float32.
          CREATE TABLE embeddings (
            model INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE,
            input BLOB NOT NULL,
            row BLOB NOT NULL,
            PRIMARY KEY (model, input)
          ) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 checksums", foreignKeyChecks: .immediate) { database in
      // 128 bits of SHA-256 over model, input and row; NULL in rows of earlier versions.
      try database.execute(sql: "ALTER TABLE embeddings ADD COLUMN checksum BLOB")
    }
    // A row of a table without row ids goes to a page of its own where it is larger than a quarter of a
    // page: rows of up to 1,000 numbers fit here, and the file is a quarter as large.
    // Keys are hashes, so each row lies on another page: 100,000 rows of 256 numbers are read once, not a
    // page for every row.
    return StoreTables(
      migrator: migrator, first: first, version: 2, keepsCopy: false, pageBytes: 16_384,
      cacheKiB: 131_072)
  }()

  /// Writes the rows that are there to where `place` says for each place among `keys`, each of `width`
  /// numbers. Throws ``ExperimentFailure/damaged(path:what:)`` for one of another width.
  public func read(
    _ keys: [Key], model: String, width: Int, into place: (Int) -> UnsafeMutablePointer<Float>
  ) throws(ExperimentFailure) -> Kept {
    try file.read { database in
      let statement = try database.makeStatement(
        sql: """
          SELECT row, checksum FROM embeddings
          WHERE model = (SELECT id FROM models WHERE hash = ?) AND input = ?
          """)
      var kept = Kept(isFound: [Bool](repeating: false, count: keys.count))
      for (index, key) in keys.enumerated() where !kept.damaged.contains(key) {
        guard let found = try Row.fetchOne(statement, arguments: [model, Data(key)]) else {
          continue
        }
        let stored = StoredRow(row: found, table: "embeddings", path: self.path)
        guard case .blob(let data) = stored.value("row").storage,
          try stored.optionalBlob("checksum").map({
            $0 == Checksum.of(model: model, input: key, row: data)
          }) ?? true
        else {
          kept.damaged.insert(key)
          continue
        }
        guard data.count == width * 4 else {
          throw ExperimentFailure.damaged(
            path: self.path,
            what: "an embedding has \(data.count) bytes where the model's have \(width * 4)")
        }
        let row = place(index)
        data.withUnsafeBytes { bytes in
          for column in 0..<width {
            let bits = bytes.loadUnaligned(fromByteOffset: 4 * column, as: UInt32.self)
            row[column] = Float(bitPattern: UInt32(littleEndian: bits))
          }
        }
        kept.isFound[index] = true
      }
      return kept
    }
  }

  /// Keeps the rows of keys, all or none of them; what is there already stays, but for those that are
  /// `damaged`. `row` is asked for each place among `keys`. Nothing is kept where the file can only be
  /// read.
  public func save(
    _ keys: [Key], model: String, damaged: Set<Key> = [],
    row: (Int) -> UnsafeBufferPointer<Float>
  ) throws(ExperimentFailure) {
    if isReadOnly { return }
    try file.write { database in
      try database.execute(
        sql: "INSERT OR IGNORE INTO models (hash) VALUES (?)", arguments: [model])
      func insert(_ conflict: String) -> String {
        """
        INSERT OR \(conflict) INTO embeddings (model, input, row, checksum)
        VALUES ((SELECT id FROM models WHERE hash = ?), ?, ?, ?)
        """
      }
      let statement = try database.makeStatement(sql: insert("IGNORE"))
      let mending = try damaged.isEmpty ? nil : database.makeStatement(sql: insert("REPLACE"))
      for (index, key) in keys.enumerated() {
        let data = ExperimentStore.pack(row(index).map { Int32(bitPattern: $0.bitPattern) })
        let chosen = damaged.contains(key) ? mending ?? statement : statement
        try chosen.execute(arguments: [
          model, Data(key), data, Checksum.of(model: model, input: key, row: data),
        ])
      }
    }
  }
}
