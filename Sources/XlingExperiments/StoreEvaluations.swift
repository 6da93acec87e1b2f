import Foundation
import GRDB
import XlingRetrieval

extension ExperimentStore {
  /// Stores one evaluation with its ranks and metrics; a repeated one replaces the former.
  /// Throws ``ExperimentFailure/runNotFound(name:nearest:path:)``.
  public func save(_ evaluation: Evaluation) throws(ExperimentFailure) { try save([evaluation]) }

  /// All of them in one transaction.
  public func save(_ evaluations: [Evaluation]) throws(ExperimentFailure) {
    try write { database in
      for evaluation in evaluations { try self.insert(evaluation, database) }
    }
  }

  /// Evaluations of the named runs, in the order of the names, then by language and direction.
  ///
  /// Throws ``ExperimentFailure/mixedProtocols(field:first:second:)`` when they were not measured
  /// alike, and ``ExperimentFailure/evaluationNotFound(run:what:)`` for a run without any.
  public func table(
    of runs: [String], dataset: String, subset: String = "all"
  ) throws(ExperimentFailure) -> [Evaluation] {
    var all: [Evaluation] = []
    for run in runs {
      let found = try evaluations(of: run).filter {
        $0.measured.dataset == dataset && $0.measured.subset == subset
      }
      if found.isEmpty {
        throw .evaluationNotFound(run: run, what: "dataset '\(dataset)', subset '\(subset)'")
      }
      all += found
    }
    try EvaluationProtocol.requireOne(all.map(\.measured))
    return all
  }

  /// Everything measured on one run, by language and direction, of any protocol.
  public func evaluations(of run: String) throws(ExperimentFailure) -> [Evaluation] {
    try read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT evaluations.*, protocols.json, ranks.above, ranks.tied_wrong, ranks.tied_gold,
            ranks.gold_count, ranks.picture, ranks.gold_above, ranks.gold_tied
          FROM evaluations JOIN protocols ON protocols.hash = evaluations.protocol
            JOIN ranks ON ranks.evaluation = evaluations.id
          WHERE evaluations.run = ?
          ORDER BY evaluations.language, evaluations.direction, evaluations.id
          """, arguments: [try self.require(run, database)])
      return try rows.map { try self.evaluation($0, run: run, database) }
    }
  }

  private func insert(_ evaluation: Evaluation, _ database: Database) throws {
    let run = try require(evaluation.run, database)
    let hash = evaluation.measured.hash
    try database.execute(
      sql: "INSERT OR IGNORE INTO protocols VALUES (?, ?)",
      arguments: [hash, try Self.json(evaluation.measured)])
    try database.execute(
      sql: """
        DELETE FROM evaluations WHERE run = ? AND protocol = ? AND language = ? AND direction = ?
        """, arguments: [run, hash, evaluation.language, evaluation.direction.rawValue])
    let ranking = evaluation.ranking
    try database.execute(
      sql: """
        INSERT INTO evaluations (run, protocol, dataset, language, direction, n, gallery, ties,
          queries_hash, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run, hash, evaluation.measured.dataset, evaluation.language,
        evaluation.direction.rawValue, ranking.count, ranking.gallerySize, ranking.tieCount,
        evaluation.queriesHash, evaluation.started.timeIntervalSince1970,
      ])
    let identifier = database.lastInsertedRowID
    let severalGolds = ranking.goldCount.contains { $0 > 1 } ? ranking.golds : nil
    try database.execute(
      sql: """
        INSERT INTO ranks (evaluation, above, tied_wrong, tied_gold, gold_count, picture, gold_above,
          gold_tied) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        identifier, Self.pack(ranking.above), Self.pack(ranking.tiedWrong),
        Self.pack(ranking.tiedGold), Self.pack(ranking.goldCount), Self.pack(evaluation.pictures),
        severalGolds.map { Self.pack($0.wrongAbove) }, severalGolds.map { Self.pack($0.tiedWrong) },
      ])
    for (name, estimate) in evaluation.metrics.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          identifier, name, estimate.value, estimate.low, estimate.high, estimate.n,
          estimate.method,
        ])
    }
  }

  private func evaluation(_ row: Row, run: String, _ database: Database) throws -> Evaluation {
    let identifier: Int64 = row["id"]
    guard let direction = Direction(rawValue: row["direction"]) else {
      throw ExperimentFailure.damaged(path: path, what: "an evaluation has an unknown direction")
    }
    let goldCount = Self.unpack(row["gold_count"])
    var golds: GoldRanks?
    if let above: Data = row["gold_above"], let tied: Data = row["gold_tied"] {
      golds = try GoldRanks(
        goldCount: goldCount, wrongAbove: Self.unpack(above), tiedWrong: Self.unpack(tied))
    }
    let ranking = try Ranking(
      above: Self.unpack(row["above"]), tiedWrong: Self.unpack(row["tied_wrong"]),
      tiedGold: Self.unpack(row["tied_gold"]), goldCount: goldCount, golds: golds,
      gallerySize: row["gallery"])
    guard ranking.count == row["n"] else {
      throw ExperimentFailure.damaged(path: path, what: "an evaluation has lost ranks")
    }
    let metrics = try Row.fetchAll(
      database, sql: "SELECT * FROM metrics WHERE evaluation = ?", arguments: [identifier]
    ).map { row -> (String, Estimate) in
      let estimate = Estimate(
        value: row["value"], low: row["low"], high: row["high"], n: row["n"],
        method: row["method"])
      return (row["name"], estimate)
    }
    return Evaluation(
      run: run, measured: try decode(EvaluationProtocol.self, row["json"]),
      language: row["language"], direction: direction, queriesHash: row["queries_hash"],
      started: Date(timeIntervalSince1970: row["started"]), ranking: ranking,
      pictures: Self.unpack(row["picture"]),
      metrics: Dictionary(uniqueKeysWithValues: metrics))
  }

  static func pack(_ values: [Int32]) -> Data {
    var data = Data(capacity: values.count * 4)
    for value in values {
      withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
    }
    return data
  }

  static func unpack(_ data: Data) -> [Int32] {
    let bytes = [UInt8](data)
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Int32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))
      }
    }
  }
}
