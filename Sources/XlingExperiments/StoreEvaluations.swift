import Foundation
import GRDB
import XlingRetrieval

extension ExperimentStore {
  /// A stored evaluation with what only the store knows of it.
  struct StoredEvaluation {
    let identifier: Int64
    let evaluation: Evaluation
    /// Nil in rows of earlier versions.
    let checksum: Data?
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

  /// Everything measured on one run, by language and direction, of any protocol. Throws
  /// ``ExperimentFailure/damaged(path:what:)`` for what is not as it was stored.
  public func evaluations(of run: String) throws(ExperimentFailure) -> [Evaluation] {
    try read { database in
      try self.evaluations("evaluations.run = ?", [try self.require(run, database)], run, database)
        .map(\.evaluation)
    }
  }

  /// What is stored of one run under one protocol.
  public func evaluations(
    of run: String, under measured: EvaluationProtocol
  ) throws(ExperimentFailure) -> [Evaluation] {
    try read { database in
      try self.evaluations(
        "evaluations.run = ? AND evaluations.protocol = ?",
        [try self.require(run, database), measured.hash], run, database
      ).map(\.evaluation)
    }
  }

  func evaluations(
    _ condition: String, _ arguments: StatementArguments, _ run: String, _ database: Database
  ) throws -> [StoredEvaluation] {
    // Left joins: a part that is missing is damage, not a result fewer.
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT evaluations.id, evaluations.run, evaluations.protocol, evaluations.dataset,
          evaluations.language, evaluations.direction, evaluations.n, evaluations.gallery,
          evaluations.ties, evaluations.queries_hash, evaluations.started, evaluations.checksum,
          protocols.json, ranks.above, ranks.tied_wrong, ranks.tied_gold, ranks.gold_count,
          ranks.picture, ranks.gold_above, ranks.gold_tied
        FROM evaluations LEFT JOIN protocols ON protocols.hash = evaluations.protocol
          LEFT JOIN ranks ON ranks.evaluation = evaluations.id
        WHERE \(condition)
        ORDER BY evaluations.language, evaluations.direction, evaluations.id
        """, arguments: arguments)
    return try rows.map { try self.evaluation($0, run: run, database) }
  }

  private func evaluation(
    _ row: Row, run: String, _ database: Database
  ) throws -> StoredEvaluation {
    let stored = StoredRow(row: row, table: "evaluations", path: path)
    let identifier = Int64(try stored.count("id", in: Int.min...Int.max))
    let language = try stored.text("language")
    guard let direction = Direction(rawValue: try stored.text("direction")) else {
      throw ExperimentFailure.damaged(path: path, what: "an evaluation has an unknown direction")
    }
    func damaged(_ what: String) -> ExperimentFailure {
      .damaged(path: path, what: "run '\(run)', \(language), \(direction.name): \(what)")
    }
    let metrics = try metricRows(identifier, database)
    let checksum = try stored.optionalBlob("checksum")
    let (ranking, pictures) = try ranking(row, direction)
    let behind = Set(pictures).count
    let estimates = try metrics.map { try estimate($0, pictures: behind) }
    let measured = try decode(EvaluationProtocol.self, try stored.text("json"))
    guard measured.hash == (try stored.text("protocol")) else {
      throw damaged("its protocol is not as it was stored")
    }
    if let checksum, checksum != Self.checksum(row, metrics) {
      throw damaged("ranks or metrics are not as they were stored (checksum)")
    }
    return StoredEvaluation(
      identifier: identifier,
      evaluation: Evaluation(
        run: run, measured: measured, language: language, direction: direction,
        queriesHash: try stored.text("queries_hash"),
        started: Date(timeIntervalSince1970: try stored.seconds("started")), ranking: ranking,
        pictures: pictures, metrics: Dictionary(estimates) { $1 }),
      checksum: checksum)
  }

  func metricRows(_ identifier: Int64, _ database: Database) throws -> [Row] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT name, value, low, high, n, method FROM metrics WHERE evaluation = ? ORDER BY name
        """, arguments: [identifier])
  }

  static func checksum(_ row: Row, _ metrics: [Row]) -> Data {
    let columns = [
      "run", "protocol", "dataset", "language", "direction", "n", "gallery", "ties",
      "queries_hash", "started", "above", "tied_wrong", "tied_gold", "gold_count", "picture",
      "gold_above", "gold_tied",
    ]
    let figures = ["name", "value", "low", "high", "n", "method"]
    return Checksum.of(
      columns.map { row[$0] } + metrics.flatMap { metric in figures.map { metric[$0] } })
  }

  /// Versions before schema 5 stored an interval whatever was behind it: of too few pictures it is not
  /// told.
  private func estimate(_ row: Row, pictures: Int) throws -> (String, Estimate) {
    let stored = StoredRow(row: row, table: "metrics", path: path)
    let estimate = Estimate(
      value: try stored.number("value"), low: try stored.optionalNumber("low"),
      high: try stored.optionalNumber("high"), n: try stored.count("n"),
      method: try stored.text("method"))
    return (
      try stored.text("name"),
      pictures < Clusters.fewest ? estimate.withoutInterval : estimate
    )
  }

  /// Ranks that an evaluation can have: no query without a correct item, and none behind the gallery's
  /// end.
  private func ranking(_ row: Row, _ direction: Direction) throws -> (Ranking, [Int32]) {
    let evaluation = StoredRow(row: row, table: "evaluations", path: path)
    let ranks = StoredRow(row: row, table: "ranks", path: path)
    let count = try evaluation.count("n", in: 0...Int(Int32.max))
    let gallery = try evaluation.count("gallery", in: 1...Int(Int32.max))
    let above = try ranks.integers("above", count: count)
    let wrong = try ranks.integers("tied_wrong", count: count)
    let gold = try ranks.integers("tied_gold", count: count)
    let goldCount = try ranks.integers("gold_count", count: count)
    let pictures = try ranks.integers("picture", count: count)
    var golds = 0
    for query in 0..<count {
      let places = Int(above[query]) + Int(wrong[query]) + Int(goldCount[query])
      let areCounts = above[query] >= 0 && wrong[query] >= 0 && places <= gallery
      let isFound = gold[query] >= 1 && gold[query] <= goldCount[query]
      let picture = Int(pictures[query])
      let isThere = picture >= -1 && (direction == .imageToText || picture < gallery)
      guard areCounts, isFound, isThere else {
        throw ExperimentFailure.damaged(
          path: path, what: "the stored ranks of query \(query) are impossible")
      }
      golds += Int(goldCount[query])
    }
    let range = 0...Int32(gallery)
    var all: GoldRanks?
    if !ranks.value("gold_above").isNull || !ranks.value("gold_tied").isNull {
      guard golds <= Int(Int32.max) else {
        throw ExperimentFailure.damaged(path: path, what: "stored gold counts are impossible")
      }
      all = try GoldRanks(
        goldCount: goldCount, wrongAbove: try ranks.integers("gold_above", count: golds),
        tiedWrong: try ranks.integers("gold_tied", count: golds))
      guard (all?.wrongAbove ?? []).allSatisfy(range.contains),
        (all?.tiedWrong ?? []).allSatisfy(range.contains)
      else {
        throw ExperimentFailure.damaged(path: path, what: "stored ranks are impossible")
      }
    }
    return (
      try Ranking(
        above: above, tiedWrong: wrong, tiedGold: gold, goldCount: goldCount, golds: all,
        gallerySize: gallery), pictures
    )
  }

  static func pack(_ values: [Int32]) -> Data {
    values.map(\.littleEndian).withUnsafeBytes { Data($0) }
  }

  static func unpack(_ data: Data) -> [Int32] {
    data.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Int32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))
      }
    }
  }
}
