import GRDB
import XlingCore

extension ExperimentStore {
  /// Reads everything that is stored and lists what is wrong with it, each as it would be told by the
  /// command that needs it; empty where all is whole. Rows of earlier versions, which have no checksum, are
  /// told as one line that begins with `note:`. Throws ``ExperimentFailure`` where the file cannot be read
  /// at all.
  public func check() throws(ExperimentFailure) -> [String] {
    var problems = try file.problems()
    problems += try read { database in
      var found: [String] = []
      let names = try DatabaseValue.fetchAll(database, sql: "SELECT name FROM runs ORDER BY id")
      for value in names {
        guard case .string(let name) = value.storage else {
          found.append("a run's name is no text")
          continue
        }
        found += self.problems(name, database)
      }
      return found
    }
    problems += try read { database in
      var lacking: [String] = []
      for (table, what) in [("runs", "runs"), ("evaluations", "results")] {
        let count = try Int.fetchOne(
          database, sql: "SELECT count(*) FROM \(table) WHERE checksum IS NULL")
        if let count, count > 0 { lacking.append("\(count) \(what)") }
      }
      guard !lacking.isEmpty else { return [] }
      return [
        "note: \(lacking.joined(separator: " and ")) of earlier versions have no checksum; "
          + "evaluating them again adds it"
      ]
    }
    return problems
  }

  private func problems(_ name: String, _ database: Database) -> [String] {
    func problem(_ body: () throws -> Void) -> [String] {
      do {
        try body()
        return []
      } catch {
        if case .damaged(_, let what) = ExperimentFailure.from(error, path: path) { return [what] }
        return ["\(ExperimentFailure.from(error, path: path))"]
      }
    }
    let identifiers =
      (try? Int64.fetchAll(
        database,
        sql: "SELECT evaluations.id FROM evaluations JOIN runs ON runs.id = run WHERE name = ?",
        arguments: [name])) ?? []
    return problem {
      let rows = try Row.fetchAll(
        database, sql: "SELECT \(Self.runColumns) FROM runs WHERE name = ?", arguments: [name])
      for row in rows { _ = try run(row) }
    }
      + identifiers.flatMap { identifier in
        problem { _ = try evaluations("evaluations.id = ?", [identifier], name, database) }
      }
  }
}

extension EmbeddingCache {
  /// Reads every embedding and lists what is wrong, as ``ExperimentStore/check()`` does.
  public func check() throws(ExperimentFailure) -> [String] {
    var problems = try file.problems()
    problems += try file.read { database in
      var (damaged, lacking) = (0, 0)
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT models.hash AS hash, input, row, checksum FROM embeddings
          LEFT JOIN models ON models.id = model
          """)
      while let row = try rows.next() {
        guard case .string(let model) = (row["hash"] as DatabaseValue).storage,
          case .blob(let input) = (row["input"] as DatabaseValue).storage,
          case .blob(let values) = (row["row"] as DatabaseValue).storage
        else {
          damaged += 1
          continue
        }
        switch (row["checksum"] as DatabaseValue).storage {
        case .null: lacking += 1
        case .blob(let checksum):
          let expected = Checksum.of(model: model, input: [UInt8](input), row: values)
          if checksum != expected { damaged += 1 }
        default: damaged += 1
        }
      }
      return (damaged > 0 ? ["\(damaged) embeddings are not as they were stored (checksum)"] : [])
        + (lacking > 0 ? ["note: \(lacking) embeddings of earlier versions have no checksum"] : [])
    }
    return problems
  }
}
