import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore

/// A text that decides bits, from which hashes come.
struct Content: Hashable {
  let text: String

  func hash(_ more: String) -> String { Digest.of(text + "\n" + more) }
}

/// What the cells of one combination of axes are.
struct CellCondition {
  let factors: [String: String]
  /// All but seed and rate.
  let trained: Content
  let measured: Content
  /// Of tries of learning rates; nil where nothing is tried.
  let tried: Content?
  let group: String
  /// Of the text tower that has to be made first; nil: none.
  var tower: String?
  /// Factors of the cells that these start from; nil: of none.
  var start: [String: String]?

  /// The hash of the cell of a seed.
  func cell(_ seed: UInt64) -> String { measured.hash("seed=\(seed)") }
}

/// From a study's axes to the contents of its cells.
protocol CellContents: Sendable {
  func condition(_ factors: [String: String]) throws -> CellCondition
  /// What is aligned: by the cells of these factors, or by the runs that all classifiers are made of.
  func training(_ factors: [String: String]) throws -> CellTraining
  /// nil where cells are none.
  func classifier(_ factors: [String: String]) throws -> CellClassifier?
  /// Of the runs that classifiers are made of, without the seed; nil where cells are none.
  var aligned: Content? { get throws }
  /// Names what makes a tower.
  func tower(_ name: String) -> String
}

extension CellContents {
  func classifier(_ factors: [String: String]) throws -> CellClassifier? { nil }
  var aligned: Content? { get throws { nil } }
}

/// Contents of cells that are aligned runs.
final class RunContents: CellContents, @unchecked Sendable {
  private let design: StudyDesign
  private let inputs: StudyInputs
  private let fixed: [String: String]
  private let choosesRate: Bool
  // Read and filled while a plan is made, which is one thread's work, and from one worker after it.
  private let lock = NSLock()
  private var cards: [String: MethodCard] = [:]
  private var recipes: [String: String] = [:]
  private var towers: [String: String] = [:]

  init(_ design: StudyDesign, _ inputs: StudyInputs) {
    (self.design, self.inputs) = (design, inputs)
    fixed = Dictionary(design.fixed.map { ($0.key, $0.value) }) { $1 }
    choosesRate = design.rates != nil
  }

  /// Of the runs that classifiers are made of.
  init(_ design: StudyDesign, alignedBy settings: [StudyDesign.Setting], _ inputs: StudyInputs) {
    (self.design, self.inputs) = (design, inputs)
    fixed = Dictionary(settings.map { ($0.key, $0.value) }) { $1 }
    choosesRate = false
  }

  func training(_ factors: [String: String]) throws -> CellTraining {
    lock.lock()
    defer { lock.unlock() }
    return try made(factors)
  }

  func trained(_ factors: [String: String]) throws -> Content {
    lock.lock()
    defer { lock.unlock() }
    return Content(text: try trained(try made(factors), factors))
  }

  func condition(_ factors: [String: String]) throws -> CellCondition {
    lock.lock()
    defer { lock.unlock() }
    let training = try made(factors)
    let trained = try trained(training, factors)
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
    var tried: Content?
    if let rates = design.rates {
      let choice =
        "\(rates.split) \(rates.metric) \(inputs.choiceLanguages.joined(separator: " "))"
        + rates.stepsText
      tried = Content(text: trained + "\ntry=" + choice)
      measured += rates.content(choice, design.seeds)
    }
    return CellCondition(
      factors: factors, trained: Content(text: trained), measured: Content(text: measured),
      tried: tried, group: Digest.of(measured), tower: training.textTower.flatMap { madeTower($0) })
  }

  private func trained(_ training: CellTraining, _ factors: [String: String]) throws -> String {
    var lines = [
      "numerics=\(Version.numerics)", "recipe=\(try recipe(training.recipe, factors))",
      "towers=\(try towers(training))", "data=\(inputs.data)",
    ]
    lines += training.settings.content(choosesRate)
    return lines.joined(separator: "\n")
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
      Content(text: "numerics=\(Version.numerics)\ntower=\($0)").hash("")
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

extension TrainingSettings {
  /// Whatever decides bits, without the seed and, where that is chosen, the rate.
  func content(_ choosesRate: Bool) -> [String] {
    let ignored = ["seed", "checkpoint_every"] + (choosesRate ? ["rate"] : [])
    return said.filter { !ignored.contains($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
  }
}

extension StudyDesign.RateChoice {
  /// As contents have it: nothing where tries are as long as cells.
  var stepsText: String { steps.map { " steps=\($0)" } ?? "" }

  /// Line of a cell's content: by what its rate is chosen.
  func content(_ choice: String, _ seeds: [UInt64]) -> String {
    let seeds = seeds.prefix(self.seeds).map(String.init).joined(separator: " ")
    return "\nrates=\(tries.joined(separator: " ")) of \(seeds) by \(choice)"
  }
}
