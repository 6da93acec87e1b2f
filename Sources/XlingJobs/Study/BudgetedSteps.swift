import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingRuns
import XlingStudies
import XlingTensor

/// How many steps a budget of operations or seconds is for a cell, by the formulas of ``TrainingOperations``: known
/// when the study is planned, so that a cell stays what its content says.
final class BudgetedSteps: @unchecked Sendable {
  private let budget: StudyDesign.Budget
  private let dataset: Dataset
  /// As jobs are told it.
  private let data: String
  /// The study's file, for messages.
  private let path: String
  // A plan asks from one thread at a time, a worker after it.
  private let lock = NSLock()
  private var known: [String: Int] = [:]
  private var towers: [String: TowerPair] = [:]

  init(_ budget: StudyDesign.Budget, on dataset: Dataset, data: String, path: String) {
    (self.budget, self.dataset, self.data, self.path) = (budget, dataset, data, path)
  }

  /// Throws what reading the towers throws, and ``StudyFailure/badFile(path:line:expected:found:)`` where not one
  /// step fits.
  func steps(_ training: CellTraining) throws -> Int {
    let key = try training.key(without: Self.beside)
    lock.lock()
    defer { lock.unlock() }
    if let steps = known[key] { return steps }
    let (operations, precision) = try operations(training)
    let speed = budget.speed?[precision.rawValue] ?? 1
    let steps =
      budget.unit == .flops
      ? operations.steps(within: budget.amount)
      : TrainingDuration.steps(operations, within: budget.amount, operationsPerSecond: speed)
    guard steps > 0 else {
      let one =
        budget.unit == .flops
        ? operations.total(steps: 1)
        : TrainingDuration.seconds(operations, steps: 1, operationsPerSecond: speed)
      throw StudyFailure.badFile(
        path: path, line: 0,
        expected:
          "budget.\(budget.unit.rawValue) of \(String(format: "%.3g", 1.005 * one)) or more, which "
          + "one step of \(training.recipe.name) takes", found: "\(budget.amount)")
    }
    known[key] = steps
    return steps
  }

  /// Conditions that differ in these alone take as much a step.
  private static let beside: Set = ["seed", "steps", "epochs", "rate", "checkpoint_every"]

  private func operations(
    _ training: CellTraining
  ) throws -> (TrainingOperations, Precision) {
    var options = AlignJob.Options(training.recipe, training.settings, data: data)
    // Any number: it is what is asked for.
    (options.settings.steps, options.settings.epochs) = (1, nil)
    let pair = try towers(training)
    let identity = try AlignJob(options, towers: pair).identity(on: dataset)
    let configuration = identity.configuration
    let model = try DualEncoder(
      text: identity.text, image: identity.image, configuration: configuration)
    let pairs = try DatasetPairs(
      dataset, split: .train, tokenizer: pair.tokenizer, configuration: configuration)
    let (captions, tokens) = Self.count(pairs)
    return (
      TrainingOperations(
        model, configuration, tokens: Int((Double(tokens) / Double(captions)).rounded()),
        pairs: pairs.count, captions: captions), model.precision
    )
  }

  private static func count(_ pairs: DatasetPairs) -> (captions: Int, tokens: Int) {
    var (captions, tokens) = (0, 0)
    for image in 0..<pairs.count {
      for caption in 0..<pairs.captionCount(image) {
        captions += 1
        tokens += pairs.tokens(image, caption: caption).count
      }
    }
    return (max(1, captions), max(1, tokens))
  }

  private func towers(_ training: CellTraining) throws -> TowerPair {
    let key = "\(training.textTower ?? "")\n\(training.imageTower ?? "")"
    if let pair = towers[key] { return pair }
    let pair = try TowerPair(text: training.textTower, image: training.imageTower)
    towers[key] = pair
    return pair
  }
}
