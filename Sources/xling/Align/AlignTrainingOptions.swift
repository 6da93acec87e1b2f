import ArgumentParser
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingOptimization

extension AugmentationChoice: ExpressibleByArgument {}
extension CaptionPreprocessing: ExpressibleByArgument {}
extension DropoutPolicy: ExpressibleByArgument {}
extension ImageRate: ExpressibleByArgument {}
extension RateSchedule: ExpressibleByArgument {}

/// How long and on what `xling align` trains. What is not given is the preset's, else the card's,
/// else the default told here.
struct AlignTrainingOptions: ParsableArguments {
  enum OptimizerName: String, CaseIterable, ExpressibleByArgument { case adamw, adafactor }

  @Option(help: "Optimizer steps.", transform: NumberRange.whole(from: 1))
  var steps: Int?

  @Option(
    help: "Times that every picture is shown, in place of --steps (default: 5).",
    transform: NumberRange.whole(from: 1))
  var epochs: Int?

  @Option(
    help: "Pairs in a batch (default: 64).", transform: NumberRange.whole(1...NumberRange.batch))
  var batchSize: Int?

  @Option(
    help: "Pairs in memory at once; the gradient stays the batch's (default: all).",
    transform: NumberRange.whole(from: 1))
  var chunk: Int?

  @Flag(help: "Compute activations again on the way back: less memory, more time.")
  var recompute = false

  @Option(
    help: "The learning rate after the warm-up (default: the method's).",
    transform: NumberRange.positive(to: 1_000))
  var rate: Double?

  @Option(
    help: "Steps of linear warm-up (default: a tenth of all).",
    transform: NumberRange.whole(from: 0))
  var warmup: Int?

  @Option(help: "The learning rate's shape (default: cosine).")
  var schedule: RateSchedule?

  @Option(help: "The image tower's rate beside the text tower's (default: same).")
  var imageRate: ImageRate?

  @Option(help: "The optimizer (default: adamw).")
  var optimizer: OptimizerName?

  @Option(help: "Seed of initialization, order and augmentation.", transform: NumberRange.seed)
  var seed: UInt64 = 1

  @Option(help: "Language of the captions, a code or a name.")
  var language = "en"

  @Option(
    help: "Train on so many pictures only, drawn at random; fewer lie within more.",
    transform: NumberRange.whole(from: 1))
  var pairs: Int?

  @Option(help: "Seed of the draw of --pairs.", transform: NumberRange.seed)
  var pairsSeed: UInt64 = 0

  @Option(help: "What is done to pictures; with none, what frozen towers compute is kept.")
  var augment: AugmentationChoice?

  @Option(
    help:
      "Which towers leave out activations, at the rates of their config.json (default: trained).")
  var dropout: DropoutPolicy?

  @Option(help: "What is done to captions before they are tokenized (default: none).")
  var captions: CaptionPreprocessing?

  @Option(
    help: "Words of a caption that its preprocessing keeps (default: 30).",
    transform: NumberRange.whole(from: 1))
  var maxWords: Int?

  @Option(
    help: "Tokens of a caption, start and end included (default: 25).",
    transform: NumberRange.whole(from: 2))
  var maxTokens: Int?

  @Option(help: "Steps between checkpoints.", transform: NumberRange.whole(from: 1))
  var checkpointEvery = 200

  @Option(
    help: "Steps between validations; 0 validates at the end only.",
    transform: NumberRange.whole(from: 0))
  var validateEvery = 0

  @Option(
    help: "Stop after so many validations without a lower loss; the best is the result.",
    transform: NumberRange.whole(from: 1))
  var patience: Int?

  @Option(
    help: "Decoupled weight decay of all that is not one-dimensional (default: 0.02).",
    transform: NumberRange.real(0...1_000))
  var weightDecay: Double?

  @Option(
    help: "Clip the gradient's global norm; 0 does not (default: 1).",
    transform: NumberRange.real(0...1_000_000_000))
  var clip: Double?

  func validate() throws {
    if steps != nil, epochs != nil {
      throw ValidationError("--steps and --epochs exclude each other; give one of them")
    }
  }

  /// `pairs` tells how many pictures a configuration trains on, which makes steps of epochs.
  func configuration(
    _ card: MethodCard, language: String, pairs count: (AlignmentConfiguration) -> Int
  ) throws -> AlignmentConfiguration {
    var configuration = AlignmentConfiguration(recipe: card.recipe, seed: seed, steps: 1)
    configuration.gradientClip = 1
    try configuration.apply(changed(card))
    configuration.language = language
    configuration.pairLimit = pairs
    configuration.pairSeed = pairsSeed
    configuration.chunkSize = chunk
    configuration.recomputesActivations = recompute
    configuration.steps =
      steps
      ?? AlignmentConfiguration.steps(
        epochs: epochs ?? card.training.epochs ?? 5, pairs: count(configuration),
        batchSize: configuration.batchSize)
    if warmup == nil, card.training.warmupSteps == nil {
      configuration.warmupSteps = max(1, configuration.steps / 10)
    }
    configuration.checkpointEvery = checkpointEvery
    configuration.validateEvery = validateEvery
    configuration.patience = patience
    return configuration
  }

  /// The card's training with what the command line says.
  private func changed(_ card: MethodCard) -> MethodCard {
    var training = card.training
    training.batchSize = batchSize ?? training.batchSize
    training.rate = rate ?? training.rate
    training.warmupSteps = warmup ?? training.warmupSteps
    training.schedule = schedule?.rawValue ?? training.schedule
    training.imageRate = imageRate?.rawValue ?? training.imageRate
    training.optimizer = optimizer?.rawValue ?? training.optimizer
    training.weightDecay = weightDecay ?? training.weightDecay
    training.clip = clip ?? training.clip
    training.dropout = dropout?.rawValue ?? training.dropout
    training.augment = augment?.rawValue ?? training.augment
    training.captions = captions?.rawValue ?? training.captions
    training.maximumWords = maxWords ?? training.maximumWords
    training.maximumTokens = maxTokens ?? training.maximumTokens
    return MethodCard(recipe: card.recipe, training: training)
  }
}
