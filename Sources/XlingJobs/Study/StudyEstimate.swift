import XlingAlignment
import XlingCore
import XlingStudies

/// About what a study takes on this machine, before it is begun: from the products that its trainings form, and how
/// fast one of them is here.
public struct StudyEstimate: Codable, Sendable, Equatable {
  /// Runs that are trained: cells, and tries that no cell takes over.
  public let runs: Int
  /// Of training, tries included, right to a factor of about two; measuring comes on top.
  public let seconds: Double
  /// Of the runs' folders, with their last checkpoints and without.
  public let bytes: Int
  public let cleanBytes: Int
  /// Conditions that were looked at; the others are taken to be like these.
  public let conditions: Int

  /// So many conditions are looked at, spread over the grid.
  static let looked = 12

  /// Throws what reading the towers throws.
  public init(_ setup: StudySetup) throws {
    let plan = setup.plan
    let rate = setup.design.rates?.tries.first
    let first = try plan.cells.filter {
      // What trains nothing is no run.
      try $0.seed == plan.cells.first?.seed
        && (setup.classes == nil || plan.classifier($0, rate: rate)?.method != nil)
    }
    let step = max(1, (first.count + Self.looked - 1) / Self.looked)
    let looked = stride(from: 0, to: first.count, by: step).map { first[$0] }
    let costs = try looked.map { try Self.cost($0, rate, setup) }
    let isShort = setup.design.rates?.steps != nil
    // Of tries that are shorter than cells, in the same order.
    let tried = try isShort ? looked.compactMap { try Self.cost(triedLike: $0, setup) } : costs
    let before = try plan.aligned.first.map { try Self.cost($0, nil, setup) }
    // Of each condition one try at each seed tried is the run of a cell.
    let shared = isShort ? 0 : plan.tries.count / max(1, setup.design.rates?.tries.count ?? 1)
    let cells = first.count * setup.design.seeds.count
    let tries = plan.tries.count - shared
    runs = cells + tries + plan.aligned.count
    func total(_ value: (Cost) -> Double) -> Double {
      func mean(_ costs: [Cost]) -> Double {
        costs.reduce(0) { $0 + value($1) } / Double(max(1, costs.count))
      }
      return mean(costs) * Double(cells) + mean(tried) * Double(tries)
        + Double(plan.aligned.count) * (before.map(value) ?? 0)
    }
    seconds = total(\.seconds)
    // Weights as float32; a checkpoint holds them again, with two moments of the optimizer.
    cleanBytes = Int(total { Double(4 * $0.trained) })
    bytes = 4 * cleanBytes
    conditions = looked.count
  }

  /// Of one run.
  private struct Cost {
    let seconds: Double
    /// Parameters.
    let trained: Int
  }

  /// nil of what tries no rate.
  private static func cost(triedLike cell: StudyCell, _ setup: StudySetup) throws -> Cost? {
    guard let attempt = setup.plan.tries.first(where: { cell.tries.contains($0.hash) }) else {
      return nil
    }
    return try cost(attempt, nil, setup)
  }

  private static func cost(_ cell: StudyCell, _ rate: String?, _ setup: StudySetup) throws -> Cost {
    var training = setup.shape(of: try setup.plan.training(cell, rate: rate))
    let classifier = try setup.plan.classifier(cell, rate: rate)
    if let classifier, let classes = setup.classes {
      training = try classes.shape(of: classifier, like: training)
    }
    var options = AlignJob.Options(training.recipe, training.settings, data: setup.data)
    (options.textTower, options.imageTower) = (training.textTower, training.imageTower)
    let identity = try AlignJob(options).identity(on: setup.dataset)
    let configuration = identity.configuration
    let model = try DualEncoder(
      text: identity.text, image: identity.image, configuration: configuration)
    let pairs = setup.dataset.coverage(configuration.language, .train).n
    let limited = min(pairs, configuration.pairLimit ?? pairs)
    let size = classifier.flatMap { setup.classes?.size(shots: $0.shots) }
    let operations = TrainingOperations(
      model, configuration, tokens: TrainingDuration.typicalTokens,
      pairs: size?.pictures ?? limited, captions: size?.classes ?? limited)
    return Cost(
      seconds: TrainingDuration.seconds(
        operations, steps: configuration.steps,
        operationsPerSecond: TrainingDuration.operationsPerSecond(model.precision)),
      trained: model.trainedParameters.reduce(0) { $0 + $1.parameter.count })
  }
}
