import Foundation
import XlingCore

/// What a study makes before its cells, a text tower or a run that classifiers start from: a row of `made.csv`.
public struct StudyPreparation: Codable, Sendable, Equatable {
  public let hash: String
  public let kind: StudyCell.Kind
  public let seed: UInt64
  public let state: CellState
  public let steps: Int
  public let seconds: Double
  /// Where it was found: the store's file.
  public let store: String

  /// nil of a cell, of a try, and of what nobody has made yet.
  init?(_ cell: StudyTables.Cell) {
    guard cell.kind == .tower || cell.kind == .aligned, let result = cell.result else { return nil }
    (hash, kind, seed, state) = (cell.hash, cell.kind, cell.seed, cell.state)
    (steps, seconds, store) = (result.steps, result.seconds, cell.store)
  }

  private static let columns = ["cell", "kind", "seed", "status", "steps", "seconds", "store"]

  private static func path(_ folder: String) -> String { folder + "/made.csv" }

  /// Only where there is something. Throws `FileFailure`.
  static func write(_ all: [StudyPreparation], to folder: String) throws {
    guard !all.isEmpty else { return }
    let rows = all.map { one in
      [
        one.hash, one.kind.rawValue, "\(one.seed)", one.state.rawValue, "\(one.steps)",
        "\(one.seconds)", one.store,
      ]
    }
    try AtomicFile.write(CSVTable(columns, rows).text, to: path(folder))
  }

  /// Throws ``StudyFailure/badTable(path:line:expected:found:)``, `FileFailure`.
  static func read(_ folder: String) throws -> [StudyPreparation] {
    guard FileManager.default.fileExists(atPath: path(folder)) else { return [] }
    let table = try CSVTable(reading: path(folder), expected: columns)
    return try table.rows.enumerated().map { index, row in
      guard let one = StudyPreparation(row, of: table) else {
        throw StudyFailure.badTable(
          path: path(folder), line: index + 2, expected: columns.joined(separator: ","),
          found: row.joined(separator: ","))
      }
      return one
    }
  }

  private init?(_ row: [String], of table: CSVTable) {
    guard let kind = StudyCell.Kind(rawValue: table.value("kind", row)),
      let seed = UInt64(table.value("seed", row)),
      let state = CellState(rawValue: table.value("status", row)),
      let steps = Int(table.value("steps", row)),
      let seconds = Double(table.value("seconds", row))
    else { return nil }
    (self.kind, self.seed, self.state) = (kind, seed, state)
    (self.steps, self.seconds) = (steps, seconds)
    (hash, store) = (table.value("cell", row), table.value("store", row))
  }
}
