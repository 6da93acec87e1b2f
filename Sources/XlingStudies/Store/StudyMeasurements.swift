import GRDB
import XlingExperiments
import XlingRetrieval

// What was measured of cells.
extension StudyStore {
  /// By cell. Throws `ExperimentFailure`.
  func measurements() throws(ExperimentFailure) -> [String: CellMeasurements] {
    try file.read { database in
      var found: [String: CellMeasurements] = [:]
      for (table, list) in Self.scoreTables {
        let rows = try Row.fetchCursor(
          database,
          sql: """
            SELECT cell, language, direction, metric, value, n, chance, sums, counts FROM \(table)
            ORDER BY cell, place
            """)
        while let row = try rows.next() {
          found[row["cell"], default: .init()][keyPath: list].append(try self.score(row))
        }
      }
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT cell, language, captions, mean FROM centroids ORDER BY cell, place")
      while let row = try rows.next() {
        guard let mean = NumberRow.floats(row["mean"]) else {
          throw ExperimentFailure.damaged(path: self.path, what: "stored centroids cannot be read")
        }
        found[row["cell"], default: .init()].centroids.append(
          LanguageCentroid(language: row["language"], captions: row["captions"], mean: mean))
      }
      try self.read(accuracies: &found, database)
      return found
    }
  }

  private func read(
    accuracies found: inout [String: CellMeasurements], _ database: Database
  ) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT cell, test, metric, classes, hits FROM accuracies ORDER BY cell, place")
    while let row = try rows.next() {
      guard let hits = NumberRow.values(row["hits"]) else {
        throw ExperimentFailure.damaged(path: path, what: "stored accuracies cannot be read")
      }
      found[row["cell"], default: .init()].accuracies.append(
        ClassScore(
          test: ClassTest(name: row["test"]), metric: row["metric"], classes: row["classes"],
          hits: hits))
    }
  }

  private static let scoreTables:
    [(table: String, list: WritableKeyPath<CellMeasurements, [CellScore]> & Sendable)] = [
      ("scores", \.scores), ("translated", \.translated),
    ]

  private func score(_ row: Row) throws -> CellScore {
    guard let sums = NumberRow.values(row["sums"]), let counts = NumberRow.values(row["counts"])
    else {
      throw ExperimentFailure.damaged(path: path, what: "stored scores cannot be read")
    }
    return CellScore(
      language: row["language"], direction: row["direction"], metric: row["metric"],
      value: row["value"], n: row["n"], chance: row["chance"], sums: sums, counts: counts)
  }

  /// Puts them in the place of what a cell had.
  static func write(
    _ measured: CellMeasurements, of cell: String, _ database: Database
  ) throws {
    for (table, list) in scoreTables {
      try database.execute(sql: "DELETE FROM \(table) WHERE cell = ?", arguments: [cell])
      for (place, score) in measured[keyPath: list].enumerated() {
        try database.execute(
          sql: """
            INSERT INTO \(table) (cell, language, direction, metric, place, value, n, chance, sums,
              counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            cell, score.language, score.direction, score.metric, place, score.value, score.n,
            score.chance, NumberRow.text(score.sums), NumberRow.text(score.counts),
          ])
      }
    }
    try database.execute(sql: "DELETE FROM centroids WHERE cell = ?", arguments: [cell])
    for (place, centroid) in measured.centroids.enumerated() {
      try database.execute(
        sql:
          "INSERT INTO centroids (cell, language, place, captions, mean) VALUES (?, ?, ?, ?, ?)",
        arguments: [
          cell, centroid.language, place, centroid.captions, NumberRow.text(single: centroid.mean),
        ])
    }
    try database.execute(sql: "DELETE FROM accuracies WHERE cell = ?", arguments: [cell])
    for (place, score) in measured.accuracies.enumerated() {
      try database.execute(
        sql: """
          INSERT INTO accuracies (cell, test, metric, place, classes, hits)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          cell, score.test.name, score.metric, place, score.classes, NumberRow.text(score.hits),
        ])
    }
  }
}
