import Foundation
import GRDB
import XlingCore

/// What was embedded before, by content: the model, and the picture or caption as the model sees it.
/// It lies beside the store, in a file of its own: whoever deletes it loses time and no result.
public final class EmbeddingCache: Sendable {
  /// SHA-256 of what is embedded: 32 bytes.
  public typealias Key = [UInt8]

  private let file: StoreFile
  public var path: String { file.path }

  /// `runs/xling.sqlite` has `runs/xling.embeddings.sqlite`.
  public static func path(besideStore store: String) -> String {
    PathParts.withoutExtension(store) + ".embeddings.sqlite"
  }

  /// Opens or creates the cache; throws as ``ExperimentStore/init(path:waiting:)`` does.
  public init(path: String, waiting seconds: Double = 30) throws {
    file = try StoreFile(path: path, Self.migrator, waiting: seconds)
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 embeddings") { database in
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
    return migrator
  }

  /// The rows that are there, each of `width` numbers. Throws
  /// ``ExperimentFailure/damaged(path:what:)`` for one of another width.
  public func rows(
    of keys: [Key], model: String, width: Int
  ) throws(ExperimentFailure) -> [Key: [Float]] {
    try file.read { database in
      let statement = try database.makeStatement(
        sql: """
          SELECT row FROM embeddings
          WHERE model = (SELECT id FROM models WHERE hash = ?) AND input = ?
          """)
      var found: [Key: [Float]] = [:]
      for key in keys where found[key] == nil {
        guard let data = try Data.fetchOne(statement, arguments: [model, Data(key)]) else {
          continue
        }
        guard data.count == width * 4 else {
          throw ExperimentFailure.damaged(
            path: self.path,
            what: "an embedding has \(data.count) bytes where the model's have \(width * 4)")
        }
        found[key] = ExperimentStore.unpack(data).map { Float(bitPattern: UInt32(bitPattern: $0)) }
      }
      return found
    }
  }

  /// Keeps rows, all or none of them; what is there already stays.
  public func save(
    _ rows: [(key: Key, row: [Float])], model: String
  ) throws(ExperimentFailure) {
    try file.write { database in
      try database.execute(
        sql: "INSERT OR IGNORE INTO models (hash) VALUES (?)", arguments: [model])
      let statement = try database.makeStatement(
        sql: """
          INSERT OR IGNORE INTO embeddings
          VALUES ((SELECT id FROM models WHERE hash = ?), ?, ?)
          """)
      for (key, row) in rows {
        let bits = row.map { Int32(bitPattern: $0.bitPattern) }
        try statement.execute(arguments: [model, Data(key), ExperimentStore.pack(bits)])
      }
    }
  }
}
