import GRDB

extension ExperimentStore {
  /// The protocols of a run's results in one direction, with the languages measured under each, most first, then
  /// by hash. Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func protocols(
    of run: String, direction: Direction
  ) throws(ExperimentFailure) -> [(measured: EvaluationProtocol, languages: Int)] {
    try read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT protocols.json AS json, count(*) AS languages FROM evaluations
            JOIN protocols ON protocols.hash = evaluations.protocol
          WHERE evaluations.run = ? AND evaluations.direction = ?
          GROUP BY protocols.hash ORDER BY languages DESC, protocols.hash
          """, arguments: [try self.require(run, database), direction.rawValue])
      return try rows.map { row in
        let stored = StoredRow(row: row, table: "protocols", path: self.path)
        return (
          try self.decode(EvaluationProtocol.self, try stored.text("json")),
          try stored.count("languages")
        )
      }
    }
  }
}
