import GRDB
import XlingCore

// What is kept, by model.
extension EmbeddingCache {
  struct Model {
    let hash: String
    let entries: Int
    let bytes: Int
  }

  func models() throws(ExperimentFailure) -> [Model] {
    try file.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT hash, count(input) AS entries, coalesce(sum(length(row) + 48), 0) AS bytes
          FROM models LEFT JOIN embeddings ON model = id GROUP BY id ORDER BY hash
          """
      ).map { row in
        let stored = StoredRow(row: row, table: "models", path: self.path)
        return Model(
          hash: try stored.text("hash"), entries: try stored.count("entries"),
          bytes: try stored.count("bytes"))
      }
    }
  }

  /// Drops rows whose checksum is not theirs; returns how many.
  func dropDamaged() throws(ExperimentFailure) -> Int {
    try file.write { database in
      var damaged: [(model: DatabaseValue, input: DatabaseValue)] = []
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT model, models.hash AS hash, input, row, checksum FROM embeddings
          LEFT JOIN models ON models.id = model WHERE checksum IS NOT NULL
          """)
      while let row = try rows.next() {
        if case .string(let model) = (row["hash"] as DatabaseValue).storage,
          case .blob(let input) = (row["input"] as DatabaseValue).storage,
          case .blob(let values) = (row["row"] as DatabaseValue).storage,
          case .blob(let checksum) = (row["checksum"] as DatabaseValue).storage,
          checksum == Checksum.of(model: model, input: [UInt8](input), row: values)
        {
          continue
        }
        damaged.append((row["model"], row["input"]))
      }
      for (model, input) in damaged {
        try database.execute(
          sql: "DELETE FROM embeddings WHERE model IS ? AND input IS ?", arguments: [model, input])
      }
      return damaged.count
    }
  }

  /// Drops all rows and gives their room back; returns how many there were.
  func clear() throws(ExperimentFailure) -> Int {
    let count = try file.write { database in
      let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM embeddings") ?? 0
      try database.execute(sql: "DELETE FROM embeddings; DELETE FROM models")
      return count
    }
    do {
      try file.database.vacuum()
      try file.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    } catch { throw .from(error, path: path) }
    return count
  }
}
