import Foundation
import GRDB
import XlingCore
import XlingExperiments

/// What a merge did.
public struct StudyMerge: Codable, Sendable, Equatable {
  public private(set) var schema = "xling.study-merge/1"
  public var output: String
  public var stores: [String]
  public var cells = 0
  public var done = 0
  /// Finished in several of the stores, and the same there to the bit.
  public var shared = 0

  public init(output: String, stores: [String]) { (self.output, self.stores) = (output, stores) }
}

extension StudyStore {
  /// Joins stores of one study in a new file. The same cell in two of them must agree to the bit. Throws
  /// ``StudyFailure/disagreement(cell:first:second:places:)``, ``StudyFailure/otherStudy(path:stored:given:)``,
  /// `FileFailure/exists`.
  public static func merge(
    _ paths: [String], into output: String, allowsNetwork: Bool = false
  ) throws -> StudyMerge {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw FileFailure.exists(path: output)
    }
    var merge = StudyMerge(output: output, stores: paths)
    var design: StudyDesign?
    var found: [String: (cell: StudyTables.Cell, measured: CellMeasurements, from: String)] = [:]
    var order: [String] = []
    var costs: [LanguageCost] = []
    for path in paths {
      let store = try StudyStore(looking: path)
      guard let stored = try store.design() else { throw StudyFailure.nothingDone(path: path) }
      if let design,
        let difference = stored.differences(from: design).first ?? nameDifference(stored, design)
      {
        throw StudyFailure.otherStudy(
          path: path, stored: "\(stored.name) (\(difference))", given: design.name)
      }
      design = stored
      if costs.isEmpty { costs = try store.costs() }
      let measured = try store.measurements()
      for cell in try store.cells() {
        let own = measured[cell.hash] ?? .init()
        guard let known = found[cell.hash] else {
          order.append(cell.hash)
          found[cell.hash] = (cell, own, path)
          continue
        }
        let isBetter =
          !Self.hasResult(known.cell) && (Self.hasResult(cell) || known.cell.state == .planned)
        if isBetter { found[cell.hash] = (cell, own, path) }
        guard Self.hasResult(cell), Self.hasResult(known.cell) else { continue }
        try check(cell, own, path, against: known)
        if known.measured.centroids.isEmpty { found[cell.hash]?.measured.centroids = own.centroids }
        merge.shared += 1
      }
    }
    guard let design else { throw StudyFailure.nothingDone(path: output) }
    try write(
      order.compactMap { found[$0] }.map { ($0.cell, $0.measured) }, design, costs, output,
      allowsNetwork)
    merge.cells = order.count
    merge.done = found.values.count { hasResult($0.cell) }
    return merge
  }

  private static func nameDifference(_ one: StudyDesign, _ other: StudyDesign) -> String? {
    one.name == other.name ? nil : "another name"
  }

  private static func hasResult(_ cell: StudyTables.Cell) -> Bool {
    cell.state == .done || cell.state == .diverged
  }

  private static func check(
    _ cell: StudyTables.Cell, _ measured: CellMeasurements, _ path: String,
    against known: (cell: StudyTables.Cell, measured: CellMeasurements, from: String)
  ) throws(StudyFailure) {
    var places: [String] = []
    let (one, other) = (known.cell.result, cell.result)
    if known.cell.state != cell.state { places.append("the state") }
    if one?.rate != other?.rate { places.append("the learning rate") }
    if one?.steps != other?.steps { places.append("the steps") }
    if one?.checkpoint != other?.checkpoint { places.append("the weights") }
    if one?.value != other?.value { places.append("the value on val") }
    places += differences(measured.scores, known.measured.scores, "")
    places += differences(measured.translated, known.measured.translated, ", translations")
    places += differences(measured.accuracies, known.measured.accuracies)
    // Cells that earlier versions measured have none.
    let (own, theirs) = (measured.centroids, known.measured.centroids)
    if own != theirs, !own.isEmpty, !theirs.isEmpty { places.append("the centroids") }
    guard places.isEmpty else {
      throw .disagreement(
        cell: String(cell.hash.prefix(StudyCell.shortLength)), first: known.from, second: path,
        places: places)
    }
  }

  /// `of`: what they are of, behind the language.
  private static func differences(
    _ scores: [CellScore], _ others: [CellScore], _ of: String
  ) -> [String] {
    let theirs = Dictionary(others.map { ([$0.language, $0.direction, $0.metric], $0) }) { $1 }
    return scores.filter { theirs[[$0.language, $0.direction, $0.metric]] != $0 }
      .map { "\($0.metric) of \($0.language)\(of), \($0.direction)" }
      + (scores.count == others.count ? [] : ["the number of scores\(of)"])
  }

  private static func differences(_ scores: [ClassScore], _ others: [ClassScore]) -> [String] {
    let theirs = Dictionary(others.map { ([$0.test.name, $0.metric], $0) }) { $1 }
    return scores.filter { theirs[[$0.test.name, $0.metric]] != $0 }
      .map { "\($0.metric) on \($0.test.name)" }
      + (scores.count == others.count ? [] : ["the number of accuracies"])
  }

  private static func write(
    _ cells: [(cell: StudyTables.Cell, measured: CellMeasurements)], _ design: StudyDesign,
    _ costs: [LanguageCost], _ output: String, _ allowsNetwork: Bool
  ) throws {
    let store = try StudyStore(path: output, allowsNetwork: allowsNetwork)
    if !costs.isEmpty { try store.keep(costs) }
    // In the order of a plan: tries, then seed by seed as the axes run.
    let axes = design.axes
    func places(_ cell: StudyTables.Cell) -> [Int] {
      [
        [StudyCell.Kind.tower, .aligned, .attempt, .cell].firstIndex(of: cell.kind) ?? 0,
        design.seeds.firstIndex(of: cell.seed) ?? 0,
      ]
        + axes.map { axis in axis.values.firstIndex(of: cell.factors[axis.name] ?? "") ?? 0 }
    }
    let sorted = cells.map { ($0, places($0.cell)) }
      .sorted {
        $0.1 == $1.1 ? $0.0.cell.hash < $1.0.cell.hash : $0.1.lexicographicallyPrecedes($1.1)
      }
      .map(\.0)
    _ = try store.take(
      design,
      sorted.map { entry in
        StudyCell(
          hash: entry.cell.hash, kind: entry.cell.kind, factors: entry.cell.factors,
          seed: entry.cell.seed, rate: entry.cell.rate, group: entry.cell.group, tries: [])
      })
    try store.file.write { database in
      for (cell, measured) in sorted where cell.state != .planned && cell.state != .claimed {
        try write(cell.hash, cell.state, cell.result, measured, cell.error, database)
        try database.execute(
          sql: "UPDATE cells SET attempts = ? WHERE hash = ?",
          arguments: [cell.attempts, cell.hash])
      }
    }
  }
}
