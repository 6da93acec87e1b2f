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
    let first = plan.cells.filter { $0.seed == plan.cells.first?.seed }
    let step = max(1, (first.count + Self.looked - 1) / Self.looked)
    let looked = stride(from: 0, to: first.count, by: step).map { first[$0] }
    var (seconds, trained) = (0.0, 0)
    for cell in looked {
      let training = setup.shape(
        of: try plan.training(cell, rate: setup.design.rates?.tries.first))
      var options = AlignJob.Options(training.recipe, training.settings, data: setup.data)
      (options.textTower, options.imageTower) = (training.textTower, training.imageTower)
      let identity = try AlignJob(options).identity(on: setup.dataset)
      let configuration = identity.configuration
      let model = try DualEncoder(
        text: identity.text, image: identity.image, configuration: configuration)
      let pairs = setup.dataset.coverage(configuration.language, .train).n
      let limited = min(pairs, configuration.pairLimit ?? pairs)
      seconds += TrainingDuration.seconds(
        TrainingOperations(
          model, configuration, tokens: TrainingDuration.typicalTokens, pairs: limited,
          captions: limited),
        steps: configuration.steps,
        operationsPerSecond: TrainingDuration.operationsPerSecond(model.precision))
      trained += model.trainedParameters.reduce(0) { $0 + $1.parameter.count }
    }
    // Of each condition one try at each seed tried is the run of a cell.
    let shared = plan.tries.count / max(1, setup.design.rates?.tries.count ?? 1)
    runs = plan.cells.count + plan.tries.count - shared
    let each = Double(runs) / Double(max(1, looked.count))
    self.seconds = seconds * each
    // Weights as float32; a checkpoint holds them again, with two moments of the optimizer.
    cleanBytes = Int(Double(4 * trained) * each)
    bytes = 4 * cleanBytes
    conditions = looked.count
  }
}
