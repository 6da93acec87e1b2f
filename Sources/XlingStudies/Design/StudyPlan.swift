import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore

/// What a study's cells refer to, by content.
public struct StudyInputs: Sendable {
  /// Of the training data, and of what is measured on.
  public let data: String
  public let measuredData: String
  /// The languages measured, the data's codes in their order; and those by which a rate is chosen.
  public let languages: [String]
  public let choiceLanguages: [String]
  /// What decides the text towers that the study makes, by name.
  public let madeTowers: [String: String]
  /// SHA-256 of translations, by the data's code of their language.
  public let translations: [String: String]
  /// Of a text tower's folder, an image tower's (nil: shipped), and the tokenizer.
  public let towers: @Sendable (_ text: String?, _ image: String?) throws -> String
  /// The steps of a training under the study's budget; nil where steps are said.
  public let steps: (@Sendable (CellTraining) throws -> Int)?

  public init(
    data: String, measuredData: String, languages: [String], choiceLanguages: [String],
    translations: [String: String] = [:], madeTowers: [String: String] = [:],
    towers: @escaping @Sendable (_ text: String?, _ image: String?) throws -> String,
    steps: (@Sendable (CellTraining) throws -> Int)? = nil
  ) {
    self.steps = steps
    (self.data, self.measuredData, self.languages) = (data, measuredData, languages)
    (self.choiceLanguages, self.towers) = (choiceLanguages, towers)
    (self.translations, self.madeTowers) = (translations, madeTowers)
  }
}

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

  private let contents: Contents

  /// Throws ``StudyFailure/emptyGrid(path:)``, `AdapterFailure`, and what `inputs` throw.
  public init(_ design: StudyDesign, _ inputs: StudyInputs, path: String) throws {
    self.design = design
    self.inputs = inputs
    let contents = Contents(design, inputs)
    self.contents = contents
    let grid = Self.grid(design)
    guard !grid.isEmpty else { throw StudyFailure.emptyGrid(path: path) }
    let conditions = try grid.map { try contents.condition($0) }
    towers = (design.towers ?? []).map { tower in
      let hash = contents.tower(tower.name)
      return StudyCell(
        hash: hash, kind: .tower, factors: [StudyFactor.textTower: tower.name], seed: tower.seed,
        rate: nil, group: hash, tries: [])
    }
    (cells, tries) = Self.cells(design, conditions)
  }

  /// All work in its order.
  public var all: [StudyCell] { towers + tries + cells }

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

  private static func cells(
    _ design: StudyDesign, _ conditions: [Contents.Condition]
  ) -> (cells: [StudyCell], tries: [StudyCell]) {
    var tries: [StudyCell] = []
    var needed: [[String]] = conditions.map { _ in [] }
    for (place, condition) in conditions.enumerated() {
      for seed in design.seeds.prefix(design.rates?.seeds ?? 0) {
        for rate in design.rates?.tries ?? [] {
          let hash = Contents.hash(condition.tried, "seed=\(seed)\nrate=\(rate)")
          needed[place].append(hash)
          tries.append(
            StudyCell(
              hash: hash, kind: .attempt, factors: condition.factors, seed: seed, rate: rate,
              group: condition.group, tries: [], tower: condition.tower))
        }
      }
    }
    let cells = design.seeds.flatMap { seed in
      conditions.enumerated().map { place, condition in
        StudyCell(
          hash: Contents.hash(condition.measured, "seed=\(seed)"), kind: .cell,
          factors: condition.factors, seed: seed, rate: nil, group: condition.group,
          tries: needed[place], tower: condition.tower)
      }
    }
    return (cells, tries)
  }

  /// What a cell trains, at the rate that was chosen where one was. Throws as ``init(_:_:path:)``.
  public func training(_ cell: StudyCell, rate: String?) throws -> CellTraining {
    var training = try contents.training(cell.factors)
    training.settings.seed = cell.seed
    if let rate = rate ?? cell.rate { try training.settings.set("rate", rate) }
    return training
  }

  /// Names the run that a cell trains: a try and a cell of the same training are one run.
  public func run(_ cell: StudyCell, rate: String?) throws -> String {
    let content = try contents.condition(cell.factors).trained
    let chosen = rate ?? cell.rate
    return Contents.hash(content, "seed=\(cell.seed)\nrate=\(chosen ?? "")")
  }

  /// The cells of one shard, of 1...count. Tries stay with the cells that need them.
  public func shard(_ index: Int, of count: Int) -> [StudyCell] {
    let own = (tries + cells).filter { $0.shard(of: count) == index - 1 }
    // Each store makes the towers that it needs.
    let needed = Set(own.compactMap(\.tower))
    return towers.filter { needed.contains($0.hash) } + own
  }

  /// The one cell whose hash begins so, with the tries it needs. Throws ``StudyFailure``.
  public func cell(_ given: String) throws(StudyFailure) -> [StudyCell] {
    let found = cells.filter { $0.hash.hasPrefix(given) }
    guard let cell = found.first else {
      throw .unknownCell(given: given, study: design.name, cells: cells.count)
    }
    guard found.count == 1 else {
      throw .severalCells(given: given, cells: found.map(\.short))
    }
    return towers.filter { $0.hash == cell.tower }
      + tries.filter { cell.tries.contains($0.hash) } + [cell]
  }
}

/// Contents of cells as texts, from which their hashes come.
private final class Contents: @unchecked Sendable {
  struct Condition {
    let factors: [String: String]
    /// All but seed and rate.
    let trained: String
    let measured: String
    let tried: String
    let group: String
    /// Of the text tower that has to be made first; nil: none.
    let tower: String?
  }

  private let design: StudyDesign
  private let inputs: StudyInputs
  private let fixed: [String: String]
  // Read and filled while a plan is made, which is one thread's work, and from one worker after it.
  private let lock = NSLock()
  private var cards: [String: MethodCard] = [:]
  private var recipes: [String: String] = [:]
  private var towers: [String: String] = [:]

  init(_ design: StudyDesign, _ inputs: StudyInputs) {
    self.design = design
    self.inputs = inputs
    fixed = Dictionary(design.fixed.map { ($0.key, $0.value) }) { $1 }
  }

  static func hash(_ content: String, _ more: String) -> String { Digest.of(content + "\n" + more) }

  func training(_ factors: [String: String]) throws -> CellTraining {
    lock.lock()
    defer { lock.unlock() }
    return try made(factors)
  }

  func condition(_ factors: [String: String]) throws -> Condition {
    lock.lock()
    defer { lock.unlock() }
    let training = try made(factors)
    var lines = [
      "numerics=\(Version.numerics)", "recipe=\(try recipe(training.recipe, factors))",
      "towers=\(try towers(training))", "data=\(inputs.data)",
    ]
    let ignored = ["seed", "checkpoint_every"] + (design.rates == nil ? [] : ["rate"])
    lines += training.settings.said.filter { !ignored.contains($0.key) }
      .map { "\($0.key)=\($0.value)" }.sorted()
    let trained = lines.joined(separator: "\n")
    let measure = design.measure
    var measured =
      trained + "\nmeasured=\(inputs.measuredData) \(measure.split)"
      + " \(measure.captions.map(String.init) ?? "all")\nlanguages="
      + inputs.languages.joined(separator: " ")
      + "\nmetrics=" + measure.metrics.joined(separator: " ")
    if !inputs.translations.isEmpty {
      measured +=
        "\ntranslations="
        + inputs.translations.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: " ")
    }
    var tried = ""
    if let rates = design.rates {
      let choice = "\(rates.split) \(rates.metric) \(inputs.choiceLanguages.joined(separator: " "))"
      tried = trained + "\ntry=" + choice
      let seeds = design.seeds.prefix(rates.seeds).map(String.init).joined(separator: " ")
      measured += "\nrates=\(rates.tries.joined(separator: " ")) of \(seeds) by \(choice)"
    }
    return Condition(
      factors: factors, trained: trained, measured: measured, tried: tried,
      group: Digest.of(measured), tower: training.textTower.flatMap { madeTower($0) })
  }

  private func made(_ factors: [String: String]) throws -> CellTraining {
    var training = try StudyFactor.training(fixed.merging(factors) { $1 }) { name in
      if let card = cards[name] { return card }
      let card = try MethodCards.named(name)
      cards[name] = card
      return card
    }
    if let steps = inputs.steps {
      (training.settings.steps, training.settings.epochs) = (try steps(training), nil)
    }
    return training
  }

  /// Without its name and summary, which decide nothing.
  private func recipe(_ recipe: Recipe, _ factors: [String: String]) throws -> String {
    let key = factors.filter { !StudyFactor.isSetting($0.key) }.sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    if let known = recipes[key] { return known }
    var bare = recipe
    (bare.name, bare.summary) = ("", "")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(bare), as: UTF8.self)
    recipes[key] = text
    return text
  }

  /// Names what makes a tower.
  func tower(_ name: String) -> String { madeTower(name) ?? "" }

  private func madeTower(_ name: String) -> String? {
    inputs.madeTowers[name].map {
      Self.hash("numerics=\(Version.numerics)\ntower=\($0)", "")
    }
  }

  private func towers(_ training: CellTraining) throws -> String {
    let key = "\(training.textTower ?? "")\n\(training.imageTower ?? "")"
    if let known = towers[key] { return known }
    let made = training.textTower.flatMap { madeTower($0) }
    // What is made to the same words has the same weights.
    let content =
      try made.map { $0 + " " + (try inputs.towers(nil, training.imageTower)) }
      ?? inputs.towers(training.textTower, training.imageTower)
    towers[key] = content
    return content
  }
}
