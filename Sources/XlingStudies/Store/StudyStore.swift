import Foundation
import GRDB
import XlingCore
import XlingExperiments

/// A study's cells, what came of them, and who is at work on which, in one SQLite file of its own kind. Safe for
/// several processes of one machine; every process or shard elsewhere has its own, and ``merge(_:into:)`` joins
/// them.
public final class StudyStore: Sendable {
  let file: StoreFile
  public var path: String { file.path }

  /// Opens or makes it. Throws ``StudyFailure/networkStore(path:system:)`` unless `allowsNetwork`,
  /// ``StudyFailure/notAStudy(path:)``, `ExperimentFailure`, `FileFailure`.
  public init(path: String, allowsNetwork: Bool = false, waiting seconds: Double = 30) throws {
    if !allowsNetwork, let system = NetworkFileSystem.name(holding: path) {
      throw StudyFailure.networkStore(path: path, system: system)
    }
    file = try Self.opened(path, .writing, seconds)
  }

  /// Looks into one that is there, perhaps while others write it; writes nothing.
  public init(looking path: String, waiting seconds: Double = 30) throws {
    file = try Self.opened(path, .looking, seconds)
  }

  private static func opened(
    _ path: String, _ access: StoreAccess, _ seconds: Double
  ) throws -> StoreFile {
    do {
      return try StoreFile(path: path, StudySchema.tables, access, waiting: seconds)
    } catch ExperimentFailure.notAStore(let path) {
      throw StudyFailure.notAStudy(path: path)
    }
  }

  // MARK: - The design

  /// Of the study that was last run here; nil in a new store. Throws `ExperimentFailure`.
  public func design() throws -> StudyDesign? {
    try file.read { database in
      try String.fetchOne(database, sql: "SELECT value FROM study WHERE key = 'design'")
    }.map { text in
      do { return try JSONDecoder().decode(StudyDesign.self, from: Data(text.utf8)) } catch {
        throw ExperimentFailure.damaged(path: path, what: "the stored study cannot be read")
      }
    }
  }

  /// What a plan changes in a store that has another.
  public struct Change: Sendable, Equatable {
    /// In words of the file; empty where the store is new or the study the same.
    public var differences: [String] = []
    public var new = 0
    public var kept = 0
    public var keptDone = 0
    /// In the store and not in the study any more: kept there, and in no report.
    public var left = 0

    public init() {}
  }

  /// Puts a plan's cells beside what is there; nothing is deleted. Throws ``StudyFailure/otherStudy(path:stored:given:)``,
  /// `ExperimentFailure`.
  public func take(_ design: StudyDesign, _ cells: [StudyCell]) throws -> Change {
    let stored = try self.design()
    if let stored, stored.name != design.name {
      throw StudyFailure.otherStudy(path: path, stored: stored.name, given: design.name)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(design), as: UTF8.self)
    var change = Change()
    change.differences = stored.map { design.differences(from: $0) } ?? []
    return try file.write { database in
      let before = try Row.fetchAll(database, sql: "SELECT hash, state, studied FROM cells")
      let known = Dictionary(before.map { ($0["hash"] as String, $0["state"] as String) }) { $1 }
      let given = Set(cells.map(\.hash))
      if stored == design, before.count(where: { $0["studied"] }) == given.count,
        given.allSatisfy({ known[$0] != nil })
      {
        change.kept = given.count
        change.keptDone = given.count { known[$0] == CellState.done.rawValue }
        return change
      }
      try database.execute(
        sql: "INSERT OR REPLACE INTO study (key, value) VALUES ('design', ?)", arguments: [text])
      change.left = before.count { ($0["studied"] as Bool) && !given.contains($0["hash"]) }
      try database.execute(sql: "UPDATE cells SET studied = 0")
      for (place, cell) in cells.enumerated() {
        let factors = String(decoding: try encoder.encode(cell.factors), as: UTF8.self)
        try database.execute(
          sql: """
            INSERT INTO cells (hash, kind, family, place, factors, seed, rate, studied, state, attempts)
            VALUES (?, ?, ?, ?, ?, ?, ?, 1, 'planned', 0)
            ON CONFLICT (hash) DO UPDATE SET studied = 1, place = excluded.place,
              factors = excluded.factors, family = excluded.family
            """,
          arguments: [
            cell.hash, cell.kind.rawValue, cell.group, place, factors, "\(cell.seed)", cell.rate,
          ])
        switch known[cell.hash] {
        case nil: change.new += 1
        case CellState.done.rawValue?:
          (change.kept, change.keptDone) = (change.kept + 1, change.keptDone + 1)
        default: change.kept += 1
        }
      }
      return change
    }
  }

  // MARK: - Reading

  /// Every cell and try of the study, with their scores. Throws `ExperimentFailure`.
  public func tables(_ design: StudyDesign) throws -> StudyTables {
    let cells = try cells()
    let measured = try measurements()
    return StudyTables(
      design: design, cells: cells.filter { $0.kind == .cell },
      tries: cells.filter { $0.kind == .attempt }, made: cells.compactMap { StudyPreparation($0) },
      scores: measured.mapValues(\.scores).filter { !$0.value.isEmpty },
      translated: measured.mapValues(\.translated).filter { !$0.value.isEmpty },
      centroids: measured.mapValues(\.centroids).filter { !$0.value.isEmpty },
      costs: try costs(),
      accuracies: measured.mapValues(\.accuracies).filter { !$0.value.isEmpty })
  }

  /// Of languages, as far as they were measured. Throws `ExperimentFailure`.
  public func costs() throws(ExperimentFailure) -> [LanguageCost] {
    try file.read { database in
      let text = try String.fetchOne(database, sql: "SELECT value FROM study WHERE key = 'costs'")
      guard let text else { return [] }
      do { return try JSONDecoder().decode([LanguageCost].self, from: Data(text.utf8)) } catch {
        throw ExperimentFailure.damaged(
          path: self.path, what: "the languages' costs cannot be read")
      }
    }
  }

  /// Throws `ExperimentFailure`.
  public func keep(_ costs: [LanguageCost]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(costs), as: UTF8.self)
    try file.write { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO study (key, value) VALUES ('costs', ?)", arguments: [text])
    }
  }

  /// What the study has of cells and tries, in the plan's order. Throws `ExperimentFailure`.
  public func cells() throws(ExperimentFailure) -> [StudyTables.Cell] {
    let name = PathParts.name(of: path)
    return try file.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT hash, kind, family, factors, seed, rate, state, attempts, error, result, process, host,
            sign FROM cells WHERE studied = 1 ORDER BY place, hash
          """
      ).map { try self.cell($0, store: name) }
    }
  }

  func cell(_ row: Row, store: String) throws -> StudyTables.Cell {
    guard let kind = StudyCell.Kind(rawValue: row["kind"]),
      let state = CellState(rawValue: row["state"]), let seed = UInt64(row["seed"] as String),
      let factors = try? JSONDecoder().decode(
        [String: String].self, from: Data((row["factors"] as String).utf8))
    else { throw ExperimentFailure.damaged(path: path, what: "a stored cell cannot be read") }
    let result = try (row["result"] as String?).map { text in
      do { return try JSONDecoder().decode(CellResult.self, from: Data(text.utf8)) } catch {
        throw ExperimentFailure.damaged(path: path, what: "the result of a cell cannot be read")
      }
    }
    return StudyTables.Cell(
      hash: row["hash"], kind: kind, group: row["family"], factors: factors, seed: seed,
      rate: row["rate"], state: state, attempts: row["attempts"], error: row["error"],
      result: result, store: store)
  }
}
