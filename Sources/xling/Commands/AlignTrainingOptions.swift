import ArgumentParser
import XlingAdapters
import XlingAlignment
import XlingCore

/// How long and on what `xling align` trains.
struct AlignTrainingOptions: ParsableArguments {
  @Option(help: "Optimizer steps.")
  var steps: Int?

  @Option(help: "Times that every picture is shown, in place of --steps (default: 5).")
  var epochs: Int?

  @Option(help: "Pairs in a batch.")
  var batchSize = 64

  @Option(help: "The learning rate after the warm-up (default: the method's).")
  var rate: Double?

  @Option(help: "Steps of linear warm-up (default: a tenth of all).")
  var warmup: Int?

  @Option(help: "Seed of initialization, order and augmentation.")
  var seed: UInt64 = 1

  @Option(help: "Language of the captions, a code or a name.")
  var language = "en"

  @Option(help: "Train on the first pictures only, so many.")
  var pairs: Int?

  @Flag(
    inversion: .prefixedNo, exclusivity: .exclusive,
    help: "Crop, flip and recolour. Without it, what frozen towers compute is kept.")
  var augment = false

  @Option(help: "Tokens of a caption, start and end included.")
  var maxTokens = 25

  @Option(help: "Steps between checkpoints.")
  var checkpointEvery = 200

  @Option(help: "Steps between validations; 0 validates at the end only.")
  var validateEvery = 0

  @Option(help: "Decoupled weight decay of all that is not one-dimensional.")
  var weightDecay: Float = 0.02

  @Option(help: "Clip the gradient's global norm; 0 does not.")
  var clip = 1.0

  func validate() throws {
    if steps != nil, epochs != nil {
      throw ValidationError("--steps and --epochs exclude each other; give one of them")
    }
    for (option, value) in [("--steps", steps), ("--epochs", epochs), ("--pairs", pairs)] {
      if let value, value < 1 {
        throw ValidationError("\(option) must be at least 1, found \(value)")
      }
    }
    if clip < 0 { throw ValidationError("--clip must not be negative, found \(clip)") }
    if weightDecay < 0 {
      throw ValidationError("--weight-decay must not be negative, found \(weightDecay)")
    }
  }

  /// `pairs` tells how many pictures a configuration trains on, which makes steps of epochs.
  func configuration(
    _ recipe: Recipe, language: String, pairs count: (AlignmentConfiguration) -> Int
  ) throws -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: recipe, seed: seed, steps: 1)
    configuration.language = language
    configuration.pairLimit = pairs
    configuration.batchSize = batchSize
    configuration.steps =
      steps
      ?? AlignmentConfiguration.steps(
        epochs: epochs ?? 5, pairs: count(configuration), batchSize: batchSize)
    configuration.peakRate = rate ?? Self.rate(of: recipe.name) ?? configuration.peakRate
    configuration.warmupSteps = warmup ?? max(1, configuration.steps / 10)
    configuration.augmentation = augment ? Augmentation() : nil
    configuration.maximumTokens = maxTokens
    configuration.checkpointEvery = checkpointEvery
    configuration.validateEvery = validateEvery
    configuration.optimizer.weightDecay = weightDecay
    configuration.gradientClip = clip > 0 ? clip : nil
    return configuration
  }

  /// The quickstart's rates; methods that it leaves out take that of the most alike.
  private static func rate(of method: String) -> Double? {
    let alike = ["bitfit": "layernorm", "lit": "full"]
    return QuickstartPlan.rates[alike[method] ?? method]
  }
}
