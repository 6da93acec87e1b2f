import XlingAlignment
import XlingCore

/// Every cell of a study, in the order in which they are done: all conditions at the first seed, then all at the
/// second, so that a study that is not finished is balanced. The same on every machine.
public struct StudyPlan: Sendable {
  public let design: StudyDesign
  public let inputs: StudyInputs
  public let cells: [StudyCell]
  /// Tries of learning rates; each comes before the cells that need it.
  public let tries: [StudyCell]
  /// Text towers that are made first.
  public let towers: [StudyCell]
  /// Runs that classifiers are made of, one a seed.
  public let aligned: [StudyCell]

  private let contents: any CellContents

  /// Throws ``StudyFailure/emptyGrid(path:)``, ``StudyFailure/sameCondition(path:first:second:)``,
  /// `AdapterFailure`, and what `inputs` throw.
  public init(_ design: StudyDesign, _ inputs: StudyInputs, path: String) throws {
    self.design = design
    self.inputs = inputs
    let contents: any CellContents =
      design.classifiers.map { ClassifierContents(design, $0, inputs) }
      ?? RunContents(design, inputs)
    self.contents = contents
    let grid = Self.grid(design)
    guard !grid.isEmpty else { throw StudyFailure.emptyGrid(path: path) }
    let conditions = try grid.map { try contents.condition($0) }
    try Self.differ(conditions, design, path: path)
    towers = (design.towers ?? []).map { tower in
      let hash = contents.tower(tower.name)
      return StudyCell(
        hash: hash, kind: .tower, factors: [StudyFactor.textTower: tower.name], seed: tower.seed,
        rate: nil, group: hash, tries: [])
    }
    let content = try contents.aligned
    aligned =
      content.map { content in
        design.seeds.map { seed in
          StudyCell(
            hash: content.hash("seed=\(seed)"), kind: .aligned, factors: [:], seed: seed,
            rate: nil, group: content.hash(""), tries: [])
        }
      } ?? []
    (cells, tries) = Self.cells(design, conditions, aligned)
  }

  /// All work in its order.
  public var all: [StudyCell] { towers + aligned + tries + cells }

  /// The study's tower of a cell of that kind.
  public func tower(_ cell: StudyCell) -> StudyTower? {
    design.towers?.first { $0.name == cell.factors[StudyFactor.textTower] }
  }

  /// How many cells a study has.
  public static func count(_ design: StudyDesign) -> Int { grid(design).count * design.seeds.count }

  /// Combinations of the axes that no [[skip]] leaves out; the last axis runs fastest.
  static func grid(_ design: StudyDesign) -> [[String: String]] {
    var grid: [[String: String]] = [[:]]
    for axis in design.axes {
      grid = grid.flatMap { factors in
        axis.values.map { value in
          var more = factors
          more[axis.name] = value
          return more
        }
      }
    }
    guard !design.skips.isEmpty else { return grid }
    return grid.filter { factors in
      !design.skips.contains { skip in
        skip.when.allSatisfy { $0.value.contains(factors[$0.key] ?? "") }
      }
    }
  }

  /// Cells that are set against each other must not be one and the same: their difference would be nothing, and
  /// look like a result.
  private static func differ(
    _ conditions: [CellCondition], _ design: StudyDesign, path: String
  ) throws {
    guard let comparison = design.comparison else { return }
    let axes = [comparison.axis] + (comparison.explored.map { [$0.axis] } ?? [])
    var first: [String: [String: String]] = [:]
    for condition in conditions {
      guard let earlier = first[condition.group] else {
        first[condition.group] = condition.factors
        continue
      }
      guard axes.contains(where: { earlier[$0] != condition.factors[$0] }) else { continue }
      throw StudyFailure.sameCondition(
        path: path, first: design.label(earlier), second: design.label(condition.factors))
    }
  }

  private static func cells(
    _ design: StudyDesign, _ conditions: [CellCondition], _ aligned: [StudyCell]
  ) -> (cells: [StudyCell], tries: [StudyCell]) {
    let runs = Dictionary(aligned.map { ($0.seed, $0.hash) }) { $1 }
    let places = Dictionary(conditions.enumerated().map { ($1.factors, $0) }) { first, _ in first }
    func start(of condition: CellCondition, _ seed: UInt64) -> String? {
      condition.start.flatMap { places[$0] }.map { conditions[$0].cell(seed) }
    }
    let starts = Set(conditions.compactMap(\.start))
    func company(_ condition: CellCondition) -> String? {
      if starts.contains(condition.factors) { return condition.group }
      return condition.start.flatMap { places[$0] }.map { conditions[$0].group }
    }
    var tries: [StudyCell] = []
    var needed: [[String]] = conditions.map { _ in [] }
    for (place, condition) in conditions.enumerated() where condition.tried != nil {
      for seed in design.seeds.prefix(design.rates?.seeds ?? 0) {
        for rate in design.rates?.tries ?? [] {
          let hash = condition.tried?.hash("seed=\(seed)\nrate=\(rate)") ?? ""
          needed[place].append(hash)
          tries.append(
            StudyCell(
              hash: hash, kind: .attempt, factors: condition.factors, seed: seed, rate: rate,
              group: condition.group, tries: [], tower: condition.tower, aligned: runs[seed],
              start: start(of: condition, seed), company: company(condition)))
        }
      }
    }
    let cells = design.seeds.flatMap { seed in
      conditions.enumerated().map { place, condition in
        StudyCell(
          hash: condition.cell(seed), kind: .cell, factors: condition.factors, seed: seed,
          rate: nil, group: condition.group, tries: needed[place], tower: condition.tower,
          aligned: runs[seed], start: start(of: condition, seed), company: company(condition))
      }
    }
    return (cells, tries)
  }

  /// Whether a cell aligns a run.
  public func aligns(_ cell: StudyCell) -> Bool {
    cell.kind == .aligned || cell.kind != .tower && design.classifiers == nil
  }

  /// What a cell aligns, at the rate that was chosen where one was. Throws as ``init(_:_:path:)``.
  public func training(_ cell: StudyCell, rate: String?) throws -> CellTraining {
    var training = try contents.training(cell.factors)
    try settle(&training.settings, cell, rate)
    return training
  }

  /// What classifier a cell is, likewise; nil where it is none.
  public func classifier(_ cell: StudyCell, rate: String?) throws -> CellClassifier? {
    guard cell.kind != .aligned, var classifier = try contents.classifier(cell.factors) else {
      return nil
    }
    try settle(&classifier.settings, cell, rate)
    return classifier
  }

  private func settle(
    _ settings: inout TrainingSettings, _ cell: StudyCell, _ rate: String?
  ) throws {
    settings.seed = cell.seed
    if let steps = steps(of: cell) {
      (settings.steps, settings.epochs) = (min(steps, settings.steps ?? steps), nil)
    }
    if let rate = rate ?? cell.rate { try settings.set("rate", rate) }
  }

  /// Of a try that is shorter than its cell; nil of all else.
  private func steps(of cell: StudyCell) -> Int? {
    cell.kind == .attempt ? design.rates?.steps : nil
  }

  /// Names the run that a cell trains: a try and a cell of the same training are one run.
  public func run(_ cell: StudyCell, rate: String?) throws -> String {
    let content =
      cell.kind == .aligned
      ? try contents.aligned : try contents.condition(cell.factors).trained
    let chosen = rate ?? cell.rate
    let steps = steps(of: cell).map { "\nsteps=\($0)" } ?? ""
    return content?.hash("seed=\(cell.seed)\nrate=\(chosen ?? "")\(steps)") ?? cell.hash
  }

  /// The cells of one shard, of 1...count, with what they need: each store makes that itself.
  public func shard(_ index: Int, of count: Int) -> [StudyCell] {
    whole((tries + cells).filter { $0.shard(of: count) == index - 1 })
  }

  /// The one cell whose hash begins so, with what it needs. Throws ``StudyFailure``.
  public func cell(_ given: String) throws(StudyFailure) -> [StudyCell] {
    let found = cells.filter { $0.hash.hasPrefix(given) }
    guard let cell = found.first else {
      throw .unknownCell(given: given, study: design.name, cells: cells.count)
    }
    guard found.count == 1 else {
      throw .severalCells(given: given, cells: found.map(\.short))
    }
    return whole([cell])
  }

  /// Some cells with whatever has to be finished before them.
  private func whole(_ some: [StudyCell]) -> [StudyCell] {
    let known = Dictionary(all.map { ($0.hash, $0) }) { first, _ in first }
    var needed = Set(some.map(\.hash))
    var open = some
    while let cell = open.popLast() {
      for hash in cell.needs where needed.insert(hash).inserted {
        if let more = known[hash] { open.append(more) }
      }
    }
    return all.filter { needed.contains($0.hash) }
  }
}
