import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTowers

/// How a recipe is trained, as far as somebody says it: a card's [training] table, `xling.toml`, `--set`
/// or a flag. What nobody says has the default that ``configuration(of:pairs:)`` gives it.
///
/// A new option is a property and a row of ``options``: all sources and the documentation come from there.
public struct TrainingSettings: Sendable, Equatable {
  public var steps: Int?
  public var epochs: Int?
  public var batchSize: Int?
  public var chunk: Int?
  public var recomputes: Bool?
  public var precision: Precision.Choice?
  public var rate: Double?
  public var warmupSteps: Int?
  public var finalRateShare: Double?
  public var schedule: RateSchedule?
  public var imageRate: ImageRate?
  public var optimizer: OptimizerName?
  public var beta1: Double?
  public var beta2: Double?
  public var epsilon: Double?
  public var weightDecay: Double?
  public var clip: Double?
  public var temperature: Double?
  public var embeddingWidth: Int?
  public var seed: UInt64?
  public var language: String?
  public var pairs: Int?
  public var pairsSeed: UInt64?
  /// A ``FewShotCounts``.
  public var mix: String?
  public var mixShare: Double?
  public var mixSeed: FewShotSeed?
  public var augment: AugmentationChoice?
  public var cacheViews: Int?
  public var dropout: DropoutPolicy?
  public var textNoise: Double?
  public var imageNoise: Double?
  public var headDropout: Double?
  public var captionOrder: CaptionOrder?
  public var pictures: PictureStatistics?
  public var captions: CaptionPreprocessing?
  public var maximumWords: Int?
  public var maximumTokens: Int?
  public var endToken: Bool?
  public var tokenTypes: Bool?
  /// A ``TextPooling``, or ``familyPooling``.
  public var pooling: String?
  public var prompt: String?
  public var promptName: String?
  public var textHead: TextOutput.Head?
  public var imagePooling: ImagePooling?
  public var imageSize: Int?
  public var resizeShorter: Int?
  public var heads: Int?
  public var checkpointEvery: Int?
  public var validateEvery: Int?
  public var validationPairs: Int?
  public var patience: Int?

  public init() {}

  /// The pooling of a tower's family, and nothing else that its folder declares of texts: how papers that
  /// fix their own reading are reproduced.
  public static let familyPooling = "family"

  public static let usualSeed: UInt64 = 1
  public static let usualLanguage = CaptionReading().language

  /// Every option; the optimizer stands before its constants.
  public static let options: [TrainingOption] = [
    TrainingOption("steps", \.steps, NumberRange.whole(from: 1), "Optimizer steps."),
    TrainingOption(
      "epochs", \.epochs, NumberRange.whole(from: 1),
      "Times that every picture is shown, in place of steps (default: 5)."),
    TrainingOption(
      "batch_size", \.batchSize, NumberRange.whole(1...NumberRange.batch),
      "Pairs in a batch (default: 64)."
    ) { $0.batchSize = $1 },
    TrainingOption(
      "chunk", \.chunk, NumberRange.whole(from: 1),
      "Pairs in memory at once; the gradient stays the batch's (default: all)."
    ) { $0.chunkSize = $1 },
    TrainingOption(
      "recompute", \.recomputes,
      "Compute activations again on the way back: less memory, more time."
    ) { $0.recomputesActivations = $1 },
    TrainingOption(
      "precision", \.precision,
      "Of the towers' products: bf16 rounds what enters them, auto takes what is faster (default: fp32)."
    ) { $0.precision = $1.precision },
    TrainingOption(
      "rate", \.rate, NumberRange.positive(to: 1_000),
      "The learning rate after the warm-up (default: the method's)."
    ) { $0.peakRate = $1 },
    TrainingOption(
      "warmup_steps", \.warmupSteps, NumberRange.whole(from: 0),
      "Steps of linear warm-up (default: a tenth of all)."
    ) { $0.warmupSteps = $1 },
    TrainingOption(
      "final_rate_share", \.finalRateShare, NumberRange.real(0...1),
      "The last learning rate, as a share of the first (default: 0)."
    ) { $0.finalRateShare = $1 },
    TrainingOption("schedule", \.schedule, "The learning rate's shape (default: cosine).") {
      $0.schedule = $1
    },
    TrainingOption(
      "image_rate", \.imageRate, "The image tower's rate beside the text tower's (default: same)."
    ) { $0.imageRate = $1 },
    TrainingOption("optimizer", \.optimizer, "The optimizer (default: adamw).") {
      $0.optimizer = $1.settings
    },
    TrainingOption(
      "beta1", \.beta1, NumberRange.real(0...0.999999),
      "Decay of the first moment (default: adamw 0.9; adafactor keeps none)."
    ) { configuration, beta in
      configuration.optimizer.change(
        adamW: { $0.beta1 = beta }, adafactor: { $0.beta1 = Float(beta) })
    },
    TrainingOption(
      "beta2", \.beta2, NumberRange.real(0...0.999999),
      "Decay of adamw's second moment (default: 0.999)."
    ) { configuration, beta in configuration.optimizer.change(adamW: { $0.beta2 = beta }) },
    TrainingOption(
      "epsilon", \.epsilon, NumberRange.real(0...1),
      "Added to adamw's denominator (default: 1e-08)."
    ) { configuration, epsilon in
      configuration.optimizer.change(adamW: { $0.epsilon = Float(epsilon) })
    },
    TrainingOption(
      "weight_decay", \.weightDecay, NumberRange.real(0...1_000),
      "Decoupled weight decay of all that is not one-dimensional (default: 0.02)."
    ) { $0.optimizer.weightDecay = Float($1) },
    TrainingOption(
      "clip", \.clip, NumberRange.real(0...1_000_000_000),
      "Clip the gradient's global norm; 0 does not (default: 1)."
    ) { $0.gradientClip = $1 > 0 ? $1 : nil },
    TrainingOption(
      "temperature", \.temperature, NumberRange.positive(to: 1_000),
      "The temperature that training begins with (default: 0.07)."
    ) { $0.temperature = Float($1) },
    TrainingOption(
      "embedding_width", \.embeddingWidth, NumberRange.whole(1...65_536),
      "Width of the common space (default: 256)."
    ) { $0.embeddingWidth = $1 },
    TrainingOption(
      "seed", \.seed, NumberRange.seed,
      "Seed of initialization, order and augmentation (default: 1)."
    ) { $0.seed = $1 },
    TrainingOption(
      "language", \.language, range: "a code or a name",
      "Language of the captions, a code or a name (default: en)."
    ) { $0.language = $1 },
    TrainingOption(
      "pairs", \.pairs, NumberRange.whole(from: 1),
      "Train on so many pictures only, drawn at random; fewer lie within more."
    ) { $0.pairLimit = $1 },
    TrainingOption(
      "pairs_seed", \.pairsSeed, NumberRange.seed, "Seed of the draw of pairs (default: 0)."
    ) {
      $0.pairSeed = $1
    },
    TrainingOption(
      "mix", \.mix, FewShotCounts.parse,
      "Captions of other languages, one a picture, mixed into the batches (few-shot)."
    ) { _, _ in },
    TrainingOption(
      "mix_share", \.mixShare, NumberRange.positive(to: CaptionMix.mostShare),
      "Share of a batch that shows them (default: 0.125)."
    ) { _, _ in },
    TrainingOption(
      "mix_seed", \.mixSeed, FewShotSeed.parse,
      "Seed of their draw, or run: the run's own (default: 0)."
    ) { _, _ in },
    TrainingOption(
      "augment", \.augment,
      "What is done to pictures; with none, what frozen towers compute is kept."
    ) { $0.augmentation = $1.augmentation },
    TrainingOption(
      "cache_views", \.cacheViews, NumberRange.whole(1...1_000),
      "Augment each picture in so many ways only, so that what frozen layers compute is kept."
    ) { $0.cachedViews = $1 },
    TrainingOption(
      "dropout", \.dropout,
      "Which towers leave out activations, at the rates of their config.json (default: trained)."
    ) { $0.dropout = $1 },
    TrainingOption(
      "text_noise", \.textNoise, NumberRange.real(0...1_000),
      "Gaussian noise on what enters the text head, in units of the vectors' length (default: 0)."
    ) { $0.textNoise = $1 > 0 ? $1 : nil },
    TrainingOption(
      "image_noise", \.imageNoise, NumberRange.real(0...1_000),
      "The same on what enters the image head (default: 0)."
    ) { $0.imageNoise = $1 > 0 ? $1 : nil },
    TrainingOption(
      "head_dropout", \.headDropout, NumberRange.real(0...0.999),
      "Share of what enters the heads' last layers that is left out (default: 0)."
    ) { $0.headDropout = $1 > 0 ? $1 : nil },
    TrainingOption(
      "caption_order", \.captionOrder,
      "Which of a picture's captions a step shows: one drawn, or all in turn (default: drawn)."
    ) { $0.captionOrder = $1 == .drawn ? nil : $1 },
    TrainingOption(
      "pictures", \.pictures,
      "Normalization of the pictures, where the tower's folder does not say it (default: half)."
    ) { $0.pictureStatistics = $1 },
    TrainingOption(
      "captions", \.captions,
      "What is done to captions before they are tokenized (default: none)."
    ) { $0.captions.preprocessing = $1 },
    TrainingOption(
      "maximum_words", \.maximumWords, NumberRange.whole(from: 1),
      "Words of a caption that its preprocessing keeps (default: 30)."
    ) { $0.captions.maximumWords = $1 },
    TrainingOption(
      "maximum_tokens", \.maximumTokens, NumberRange.whole(from: 2),
      "Tokens of a caption, start and end included (default: 25)."
    ) { $0.captions.maximumTokens = $1 },
    TrainingOption(
      "end_token", \.endToken,
      "Whether captions end in the tokenizer's end token (default: true)."
    ) { $0.captions.hasEndToken = $1 },
    TrainingOption(
      "token_types", \.tokenTypes,
      "Whether the text tower adds its first token type to every token (default: true)."
    ) { if !$1 { $0.addsTokenTypes = false } },
    TrainingOption(
      "pooling", \.pooling, Self.poolingText,
      "How the text tower's states become a vector (default: as its folder declares, else its family's)."
    ),
    TrainingOption(
      "prompt", \.prompt, range: "a text",
      "The text in front of every caption (default: the folder's default prompt, if any)."
    ) { _, _ in },
    TrainingOption(
      "prompt_name", \.promptName, range: "a name",
      "The prompt of the text tower's folder that stands in front of every caption."
    ) { _, _ in },
    TrainingOption(
      "text_head", \.textHead,
      "What becomes of dense layers behind the pooling of the text tower's folder (default: method)."
    ) { _, _ in },
    TrainingOption(
      "image_pooling", \.imagePooling,
      "How the image tower's states become a vector (default: as its folder declares)."
    ) { _, _ in },
    TrainingOption(
      "image_size", \.imageSize, NumberRange.whole(1...NumberRange.pixels),
      "Side of the pictures; positions follow as the image tower's family has it (default: the tower's)."
    ),
    TrainingOption(
      "resize_shorter", \.resizeShorter, NumberRange.whole(1...NumberRange.pixels),
      "Resize the shorter side of pictures to so many pixels and cut out the middle (default: as the folder declares)."
    ),
    TrainingOption(
      "heads", \.heads, NumberRange.whole(1...NumberRange.heads),
      "Attention heads of the image tower, where its file does not tell (default: the file's, else width / 64)."
    ) { $0.imageHeads = $1 },
    TrainingOption(
      "checkpoint_every", \.checkpointEvery, NumberRange.whole(from: 1),
      "Steps between checkpoints (default: 200)."
    ) { $0.checkpointEvery = $1 },
    TrainingOption(
      "validate_every", \.validateEvery, NumberRange.whole(from: 0),
      "Steps between validations; 0 validates at the end only (default: 0)."
    ) { $0.validateEvery = $1 },
    TrainingOption(
      "validation_pairs", \.validationPairs, NumberRange.whole(from: 2),
      "Pairs of val that a validation takes at most (default: 500)."
    ) { $0.validationPairs = $1 },
    TrainingOption(
      "patience", \.patience, NumberRange.whole(from: 1),
      "Stop after so many validations without a lower loss; the best is the result."
    ) { $0.patience = $1 },
  ]
}

extension TrainingSettings {
  private static let poolingText: @Sendable (String) throws -> String = { text in
    guard text == familyPooling || TextPooling(text) != nil else {
      throw NumberFailure(text: text, expected: TextPooling.words + ", or \(familyPooling)")
    }
    return text
  }
}
