import Foundation
import GRDB
import XlingRetrieval

/// What became of results that were given to a store.
public struct Saved: Sendable, Equatable {
  /// Stored for the first time.
  public var new = 0
  /// Stored before, and the same: they stay under their ids, with metrics that were missing.
  public var kept = 0
  /// Stored before, and others: put in their place, as was asked for.
  public var replaced = 0

  public init(new: Int = 0, kept: Int = 0, replaced: Int = 0) {
    (self.new, self.kept, self.replaced) = (new, kept, replaced)
  }

  public static func += (sum: inout Saved, other: Saved) {
    sum.new += other.new
    sum.kept += other.kept
    sum.replaced += other.replaced
  }
}

extension ExperimentStore {
  /// Stores one evaluation with its ranks and metrics. Throws as ``save(_:replacing:)-2``.
  @discardableResult
  public func save(
    _ evaluation: Evaluation, replacing: Bool = false
  ) throws(ExperimentFailure) -> Saved { try save([evaluation], replacing: replacing) }

  /// All of them in one transaction. One that is stored already, and is the same, stays as it is.
  ///
  /// Throws ``ExperimentFailure/otherResult(run:what:difference:)`` for one that is stored and differs,
  /// unless `replacing`; ``ExperimentFailure/runNotFound(name:nearest:path:)``. Nothing is changed then.
  @discardableResult
  public func save(
    _ evaluations: [Evaluation], replacing: Bool = false
  ) throws(ExperimentFailure) -> Saved {
    try write { database in
      var saved = Saved()
      for evaluation in evaluations { saved += try self.save(evaluation, replacing, database) }
      for run in Set(evaluations.map(\.run)) { try self.signIfUnsigned(run, database) }
      return saved
    }
  }

  private func save(
    _ evaluation: Evaluation, _ replacing: Bool, _ database: Database
  ) throws -> Saved {
    let run = try require(evaluation.run, database)
    let hash = evaluation.measured.hash
    let key: StatementArguments = [run, hash, evaluation.language, evaluation.direction.rawValue]
    let condition =
      "evaluations.run = ? AND protocol = ? AND evaluations.language = ? AND direction = ?"
    let identifier = try Int64.fetchOne(
      database, sql: "SELECT id FROM evaluations WHERE \(condition)", arguments: key)
    guard let identifier else {
      try insert(evaluation, run: run, hash, database)
      return Saved(new: 1)
    }
    let stored: StoredEvaluation?
    do {
      stored = try evaluations(condition, key, evaluation.run, database).first
    } catch  where replacing {
      // What is damaged can be put right by measuring again.
      stored = nil
    }
    if let stored {
      guard let difference = stored.evaluation.difference(from: evaluation) else {
        try complete(stored, by: evaluation, database)
        return Saved(kept: 1)
      }
      guard replacing else {
        throw ExperimentFailure.otherResult(
          run: evaluation.run, what: "\(evaluation.language), \(evaluation.direction.name)",
          difference: difference)
      }
    }
    try replace(identifier, by: evaluation, database)
    return Saved(replaced: 1)
  }

  private func insert(
    _ evaluation: Evaluation, run: Int64, _ hash: String, _ database: Database
  ) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO protocols VALUES (?, ?)",
      arguments: [hash, try Self.json(evaluation.measured)])
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
    try insertRanks(of: evaluation, identifier, database)
    try insertMetrics(evaluation.metrics, identifier, database)
    try sign(identifier, database)
  }

  /// The row stays under its id.
  private func replace(
    _ identifier: Int64, by evaluation: Evaluation, _ database: Database
  ) throws {
    let ranking = evaluation.ranking
    try database.execute(
      sql: """
        UPDATE evaluations SET dataset = ?, n = ?, gallery = ?, ties = ?, queries_hash = ?,
          started = ? WHERE id = ?
        """,
      arguments: [
        evaluation.measured.dataset, ranking.count, ranking.gallerySize, ranking.tieCount,
        evaluation.queriesHash, evaluation.started.timeIntervalSince1970, identifier,
      ])
    for table in ["ranks", "metrics"] {
      try database.execute(
        sql: "DELETE FROM \(table) WHERE evaluation = ?", arguments: [identifier])
    }
    try database.execute(
      sql: """
        INSERT INTO protocols VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET json = excluded.json
        """,
      arguments: [evaluation.measured.hash, try Self.json(evaluation.measured)])
    try insertRanks(of: evaluation, identifier, database)
    try insertMetrics(evaluation.metrics, identifier, database)
    try sign(identifier, database)
  }

  /// Adds what the stored one lacks: metrics that were not asked for then, ranks that earlier versions
  /// did not keep, the checksum.
  private func complete(
    _ stored: StoredEvaluation, by evaluation: Evaluation, _ database: Database
  ) throws {
    let missing = evaluation.metrics.filter { stored.evaluation.metrics[$0.key] == nil }
    let lacksRanks = stored.evaluation.ranking.golds == nil && evaluation.ranking.golds != nil
    guard !missing.isEmpty || lacksRanks || stored.checksum == nil else { return }
    try insertMetrics(missing, stored.identifier, database)
    if lacksRanks, let golds = evaluation.ranking.golds {
      try database.execute(
        sql: "UPDATE ranks SET gold_above = ?, gold_tied = ? WHERE evaluation = ?",
        arguments: [
          Self.pack(golds.wrongAbove), Self.pack(golds.tiedWrong), stored.identifier,
        ])
    }
    try sign(stored.identifier, database)
  }

  private func insertRanks(
    of evaluation: Evaluation, _ identifier: Int64, _ database: Database
  ) throws {
    let ranking = evaluation.ranking
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
  }

  private func insertMetrics(
    _ metrics: [String: Estimate], _ identifier: Int64, _ database: Database
  ) throws {
    for (name, estimate) in metrics.sorted(by: { $0.key < $1.key }) {
      try database.execute(
        sql: "INSERT INTO metrics (evaluation, name, value, low, high, n, method) "
          + "VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          identifier, name, estimate.value, estimate.low, estimate.high, estimate.n,
          estimate.method,
        ])
    }
  }

  /// From the values as they are stored, which may be others than were given (-0 becomes 0).
  private func sign(_ identifier: Int64, _ database: Database) throws {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT evaluations.*, ranks.* FROM evaluations JOIN ranks ON ranks.evaluation = evaluations.id
        WHERE evaluations.id = ?
        """, arguments: [identifier])
    guard let row else { return }
    try database.execute(
      sql: "UPDATE evaluations SET checksum = ? WHERE id = ?",
      arguments: [Self.checksum(row, try metricRows(identifier, database)), identifier])
  }
}

extension Direction {
  var name: String { self == .textToImage ? "text to image" : "image to text" }
}

extension Evaluation {
  /// In what a result that was measured again is another; nil where it is the same. Metrics that only
  /// one of them has are no difference.
  func difference(from other: Evaluation) -> String? {
    if queriesHash != other.queriesHash || pictures != other.pictures {
      return "it was asked other queries"
    }
    let (mine, theirs) = (ranking, other.ranking)
    guard mine.gallerySize == theirs.gallerySize, mine.goldCount == theirs.goldCount else {
      return "its gallery or its correct items are others"
    }
    let changed = (0..<mine.count).filter {
      mine.above[$0] != theirs.above[$0] || mine.tiedWrong[$0] != theirs.tiedWrong[$0]
        || mine.tiedGold[$0] != theirs.tiedGold[$0]
    }.count
    if changed > 0 { return "\(changed) of \(mine.count) queries have other ranks" }
    if let golds = mine.golds, golds != theirs.golds {
      return "further correct items have other ranks"
    }
    for name in metrics.keys.sorted() {
      if let estimate = other.metrics[name], estimate != metrics[name] {
        return "\(name) is computed otherwise from the same ranks"
      }
    }
    return nil
  }
}
