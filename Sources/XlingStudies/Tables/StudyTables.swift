import Foundation
import XlingCore
import XlingRetrieval

/// A study as its tables have it; reports read nothing else. `study.json` is the design, `cells.csv` one row a
/// cell, `tries.csv` one a try of a learning rate, `scores.csv` one a metric of a cell, `pictures.csv` the same by
/// picture, `translated.csv` both of translations, `centroids.csv` one a language of a cell, `coverage.csv` one a
/// language, `made.csv` one for all that was made before cells. Of a study of classifiers `accuracies.csv`, one a test
/// and metric of a cell, stands in the place of all that is measured.
public struct StudyTables: Sendable, Equatable {
  /// A cell, or a try.
  public struct Cell: Sendable, Equatable {
    public var hash: String
    public var kind: StudyCell.Kind
    public var group: String
    public var factors: [String: String]
    public var seed: UInt64
    /// Of a try.
    public var rate: String?
    public var state: CellState
    public var attempts: Int
    public var error: String?
    public var result: CellResult?
    /// Where it was found: the store's file.
    public var store: String

    public init(
      hash: String, kind: StudyCell.Kind, group: String, factors: [String: String], seed: UInt64,
      rate: String?, state: CellState, attempts: Int, error: String?, result: CellResult?,
      store: String
    ) {
      (self.hash, self.kind, self.group, self.factors) = (hash, kind, group, factors)
      (self.seed, self.rate, self.state, self.attempts) = (seed, rate, state, attempts)
      (self.error, self.result, self.store) = (error, result, store)
    }
  }

  public let design: StudyDesign
  public var cells: [Cell]
  public var tries: [Cell]
  public var made: [StudyPreparation]
  /// By cell.
  public var scores: [String: [CellScore]]
  /// Of translations in the place of captions, by cell; those without have no entry.
  public var translated: [String: [CellScore]]
  /// By cell; those that earlier versions measured have no entry.
  public var centroids: [String: [LanguageCentroid]]
  /// What tokenizers make of the languages; empty where nobody has measured it yet.
  public var costs: [LanguageCost]
  /// Of classifiers, by cell.
  public var accuracies: [String: [ClassScore]]

  public init(
    design: StudyDesign, cells: [Cell], tries: [Cell], made: [StudyPreparation] = [],
    scores: [String: [CellScore]], translated: [String: [CellScore]] = [:],
    centroids: [String: [LanguageCentroid]] = [:], costs: [LanguageCost] = [],
    accuracies: [String: [ClassScore]] = [:]
  ) {
    (self.made, self.accuracies) = (made, accuracies)
    (self.design, self.cells, self.tries, self.scores) = (design, cells, tries, scores)
    (self.translated, self.centroids, self.costs) = (translated, centroids, costs)
  }

  /// Whether tables lie in a folder.
  public static func areIn(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/cells.csv")
  }

  // MARK: - Writing

  /// Throws `FileFailure`.
  public func write(to folder: String) throws {
    try AtomicFile.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(design) + Data("\n".utf8), to: folder + "/study.json")
    try AtomicFile.write(rows(cells, isTry: false).text, to: folder + "/cells.csv")
    try AtomicFile.write(rows(tries, isTry: true).text, to: folder + "/tries.csv")
    try StudyPreparation.write(made, to: folder)
    guard design.classifiers == nil else {
      try ClassScore.write(self, to: folder)
      return
    }
    try MeasuredTables.write(self, to: folder)
    try LanguageCost.write(costs, to: folder)
  }

  private static let before = ["seed", "lr", "status"]
  private static let after = [
    "steps", "seconds", "peak_mb", "trained", "store", "parameters", "aligned", "attempts", "group",
    "blas_core", "checkpoint", "run", "error",
  ]
  /// What is trained on.
  private static func pairs(_ design: StudyDesign) -> String {
    design.classifiers == nil ? "training_pairs" : "training_pictures"
  }
  /// Columns behind those of the axes and of the try.
  private static func after(_ design: StudyDesign) -> [String] {
    after.flatMap { $0 == "aligned" ? [pairs(design), $0] : [$0] }
  }
  /// A column that is there only where a cell has something in it.
  private static let fewShot = "few_shot"

  private func rows(_ cells: [Cell], isTry: Bool) -> CSVTable {
    let axes = design.axes.map(\.name)
    let tried = Dictionary(grouping: tries, by: \.group).mapValues(\.count)
    let columns =
      ["cell"] + axes + Self.before + [isTry ? "value" : "tries"] + Self.after(design)
      + (hasFewShot ? [Self.fewShot] : [])
    return CSVTable(
      columns,
      cells.map { cell in
        let value = cell.result?.value.map { "\($0)" } ?? ""
        return row(cell, axes, isTry ? value : "\(tried[cell.group] ?? 0)")
      })
  }

  private var hasFewShot: Bool { (cells + tries).contains { $0.result?.fewShot != nil } }

  /// `own` is what cells and tries do not share: how many tries, or what one came to.
  private func row(_ cell: Cell, _ axes: [String], _ own: String) -> [String] {
    let result = cell.result
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
    var row: [String] = [cell.hash]
    row += axes.map { cell.factors[$0] ?? "" }
    row += ["\(cell.seed)", result == nil ? cell.rate ?? "" : text(result?.rate)]
    row += [cell.state.rawValue, own, text(result?.steps), text(result?.seconds)]
    row += [text(result?.peakMB), text(result?.trained), cell.store, text(result?.parameters)]
    row += [text(result?.pairs), text(result?.aligned), "\(cell.attempts)", cell.group]
    row += [text(result?.blasCore), text(result?.checkpoint), text(result?.run), cell.error ?? ""]
    if hasFewShot { row.append(text(result?.fewShot)) }
    return row
  }

  // MARK: - Reading

  /// What ``write(to:)`` wrote. Throws ``StudyFailure/badTable(path:line:expected:found:)``, `JSONFailure`,
  /// `FileFailure`.
  public init(reading folder: String) throws {
    design = try JSONFile.decode(StudyDesign.self, from: folder + "/study.json")
    cells = try Self.cells(folder + "/cells.csv", .cell, design)
    tries = try Self.cells(folder + "/tries.csv", .attempt, design)
    made = try StudyPreparation.read(folder)
    guard design.classifiers == nil else {
      (scores, translated, centroids, costs) = ([:], [:], [:], [])
      accuracies = try ClassScore.read(folder)
      return
    }
    (scores, translated, centroids) = try MeasuredTables.read(folder)
    costs = try LanguageCost.read(folder)
    accuracies = [:]
  }

  private static func cells(
    _ path: String, _ kind: StudyCell.Kind, _ design: StudyDesign
  ) throws -> [Cell] {
    let axes = design.axes.map(\.name)
    let table = try CSVTable(reading: path, expected: ["cell"] + axes + before + after(design))
    return try table.rows.enumerated().map { index, row in
      func bad(_ expected: String, _ column: String) -> StudyFailure {
        .badTable(
          path: path, line: index + 2, expected: expected, found: "\"\(table.value(column, row))\"")
      }
      func number(_ column: String) throws -> Double {
        guard let value = Double(table.value(column, row)) else { throw bad("a number", column) }
        return value
      }
      guard let state = CellState(rawValue: table.value("status", row)) else {
        throw bad("a status", "status")
      }
      guard let seed = UInt64(table.value("seed", row)) else { throw bad("a seed", "seed") }
      func optional(_ column: String) -> String? {
        let text = table.value(column, row)
        return text.isEmpty ? nil : text
      }
      let result = try optional("steps").map { _ in
        CellResult(
          rate: try number("lr"), steps: Int(try number("steps")), seconds: try number("seconds"),
          peakMB: optional("peak_mb").flatMap(Double.init), trained: Int(try number("trained")),
          parameters: Int(try number("parameters")), pairs: Int(try number(pairs(design))),
          aligned: table.value("aligned", row), fewShot: optional(fewShot),
          checkpoint: table.value("checkpoint", row),
          blasCore: table.value("blas_core", row), run: table.value("run", row),
          value: kind == .attempt ? optional("value").flatMap(Double.init) : nil)
      }
      return Cell(
        hash: table.value("cell", row), kind: kind, group: table.value("group", row),
        factors: Dictionary(zip(axes, row.dropFirst())) { $1 }, seed: seed,
        rate: kind == .attempt ? optional("lr") : nil, state: state,
        attempts: Int(try number("attempts")), error: optional("error"), result: result,
        store: table.value("store", row))
    }
  }
}
