import XlingAdapters
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTokenizers
import XlingTowers

/// Everything that decides a run's bits besides towers, tokenizer and data.
public struct AlignmentConfiguration: Codable, Sendable, Equatable {
  public var recipe: Recipe
  public var seed: UInt64
  public var steps: Int
  public var batchSize = 64
  /// Pairs that are in the towers at once; nil is the whole batch. Gradients are those of the
  /// batch (``DualEncoder/forwardBackward(count:chunk:in:draw:)``).
  public var chunkSize: Int?
  /// Compute the layers' activations again on the way back instead of keeping them.
  public var recomputesActivations = false
  /// Of the towers' products; nil, as in every run before there was a choice: fp32.
  public var precision: Precision?
  /// Of the learning rate; LilT's is 1e-4 with batches of 512.
  public var peakRate = 1e-3
  public var warmupSteps = 50
  /// The last learning rate, as a share of the peak.
  public var finalRateShare = 0.0
  public var schedule = RateSchedule.cosine
  public var imageRate = ImageRate.same
  public var optimizer = OptimizerSettings.adamW(AdamW.Options())
  /// nil, as in runs whose towers have no rates, leaves nothing out.
  public var dropout: DropoutPolicy?
  /// Length of the Gaussian noise on the vectors that enter the text head, in units of theirs; nil: none.
  /// Training only, as the two below.
  public var textNoise: Double?
  public var imageNoise: Double?
  /// The share of what enters the heads' last layers that is left out; nil: none.
  public var headDropout: Double?
  /// nil, as in all runs before there was a choice, draws one of a picture's captions.
  public var captionOrder: CaptionOrder?
  /// Global norm; nil does not clip.
  public var gradientClip: Double?
  public var embeddingWidth = 256
  /// LilT's text tower adds no token types: false. nil adds the first one, as BERT does.
  public var addsTokenTypes: Bool?
  /// Pieces behind the tokenizer's own, whose rows are trained whatever the recipe names; nil: none.
  public var vocabulary: VocabularyExtension?
  /// How the text tower's states become a vector; nil: as its family has it, `[CLS]` or T5's mean.
  public var textOutput: TextOutput?
  /// How the image tower's states become a vector; nil: the class token's, as every run before had it.
  public var imagePooling: ImagePooling?
  /// Attention heads of the image tower, where the run was told; nil: as its files have it.
  public var imageHeads: Int?
  public var temperature: Float = 0.07
  public var augmentation: Augmentation?
  /// So many augmented views of each picture, whose states or vectors are kept; nil: a new view at every
  /// step.
  public var cachedViews: Int?
  public var pictureStatistics = PictureStatistics.half
  /// How pictures are read and prepared; nil squeezes them into the tower's square, bicubic, EXIF
  /// ignored, normalized by ``pictureStatistics``.
  public var pictureInput: PictureInput?
  public var captions = CaptionReading()
  /// So many pictures of the split only, drawn by ``pairSeed``; nil takes all.
  public var pairLimit: Int?
  /// Smaller draws lie within larger ones of the same seed.
  public var pairSeed: UInt64 = 0
  /// Pairs of other languages in the batches; nil, as in all runs before there were any: none.
  public var mix: CaptionMix?
  /// SHA-256 of the weights that trained parameters start from, where another run's are taken.
  public var startsFrom: String?
  /// Pairs of other languages that the run started from has seen; nil: none.
  public var mixedBefore: [CaptionMix.Part]?
  /// 0 validates at the end only.
  public var validateEvery = 0
  public var validationPairs = 500
  /// Stop after so many validations without a lower loss, and take the best; nil goes on.
  public var patience: Int?
  public var checkpointEvery = 200
  /// Unused: the log of earlier versions had only every tenth step. Their stored keys have it.
  public var logEvery = 10

  /// Of the training captions.
  public var language: String {
    get { captions.language }
    set { captions.language = newValue }
  }

  /// Of a training caption, with start and end.
  public var maximumTokens: Int {
    get { captions.maximumTokens }
    set { captions.maximumTokens = newValue }
  }

  public init(recipe: Recipe, seed: UInt64, steps: Int) {
    self.recipe = recipe
    self.seed = seed
    self.steps = steps
  }

  /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws, also for
  /// numbers that no run has.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    recipe = try keys.decode(Recipe.self, forKey: .recipe)
    seed = try keys.decode(UInt64.self, forKey: .seed)
    steps = try keys.decode(.steps, in: 0...Int.largestCount)
    try keys.read(.batchSize, into: &batchSize, in: 1...Int.largestCount)
    try keys.read(.chunkSize, into: &chunkSize, in: 1...Int.largestCount)
    try keys.read(.recomputesActivations, into: &recomputesActivations)
    try keys.read(.precision, into: &precision)
    try keys.read(.peakRate, into: &peakRate)
    try keys.read(.warmupSteps, into: &warmupSteps, in: 0...Int.largestCount)
    try keys.read(.finalRateShare, into: &finalRateShare)
    try keys.read(.schedule, into: &schedule)
    try keys.read(.imageRate, into: &imageRate)
    try keys.read(.optimizer, into: &optimizer)
    try keys.read(.dropout, into: &dropout)
    try keys.read(.textNoise, into: &textNoise)
    try keys.read(.imageNoise, into: &imageNoise)
    try keys.read(.headDropout, into: &headDropout, in: 0...1)
    try keys.read(.captionOrder, into: &captionOrder)
    try keys.read(.gradientClip, into: &gradientClip)
    try keys.read(.embeddingWidth, into: &embeddingWidth, in: 1...1 << 20)
    try keys.read(.addsTokenTypes, into: &addsTokenTypes)
    try keys.read(.vocabulary, into: &vocabulary)
    try keys.read(.textOutput, into: &textOutput)
    try keys.read(.imagePooling, into: &imagePooling)
    try keys.read(.imageHeads, into: &imageHeads, in: 1...NumberRange.heads)
    try keys.read(.temperature, into: &temperature)
    try keys.read(.augmentation, into: &augmentation)
    try keys.read(.cachedViews, into: &cachedViews, in: 1...Int.largestCount)
    try keys.read(.pictureStatistics, into: &pictureStatistics)
    try keys.read(.pictureInput, into: &pictureInput)
    try keys.read(.captions, into: &captions)
    try keys.read(.pairLimit, into: &pairLimit, in: 1...Int.largestCount)
    try keys.read(.pairSeed, into: &pairSeed)
    try keys.read(.mix, into: &mix)
    try keys.read(.startsFrom, into: &startsFrom)
    try keys.read(.mixedBefore, into: &mixedBefore)
    try keys.read(.validateEvery, into: &validateEvery, in: 0...Int.largestCount)
    try keys.read(.validationPairs, into: &validationPairs, in: 0...Int.largestCount)
    try keys.read(.patience, into: &patience, in: 1...Int.largestCount)
    try keys.read(.checkpointEvery, into: &checkpointEvery, in: 1...Int.largestCount)
    try keys.read(.logEvery, into: &logEvery, in: 1...Int.largestCount)
  }

  /// Without what changes no bits of what is trained: two runs are one where these are equal.
  public var decisive: AlignmentConfiguration {
    let usual = AlignmentConfiguration(recipe: recipe, seed: seed, steps: steps)
    var decisive = self
    decisive.recipe.summary = ""
    decisive.recomputesActivations = usual.recomputesActivations
    decisive.checkpointEvery = usual.checkpointEvery
    decisive.logEvery = usual.logEvery
    return decisive
  }

  /// Whether each step shows another picture: what is computed of it cannot be kept.
  public var augmentsAnew: Bool { augmentation != nil && cachedViews == nil }

  /// Steps that show each of `pairs` pictures `epochs` times.
  public static func steps(epochs: Int, pairs: Int, batchSize: Int) -> Int {
    let perEpoch = max(1, pairs / max(1, min(batchSize, pairs)))
    let (steps, isTooMany) = epochs.multipliedReportingOverflow(by: perEpoch)
    return isTooMany ? .max : steps
  }

  /// How pictures are brought to a tower of so many pixels a side, in training and in evaluation.
  public func pictureInput(side: Int) -> PictureInput {
    pictureInput
      ?? PictureInput(ImagePreprocessing(size: side, statistics: pictureStatistics.channels))
  }

  public func preprocessing(for tower: ImageTower) -> ImagePreprocessing {
    pictureInput(side: tower.configuration.imageSize).preprocessing
  }

  /// The learning rates for so many training pairs.
  package func schedule(pairs: Int) -> RunSchedule {
    RunSchedule(
      shape: schedule, image: imageRate, peak: peakRate, warmupSteps: min(warmupSteps, steps),
      totalSteps: steps, floor: finalRateShare, stepsPerEpoch: pairs / max(1, batchSize))
  }

  /// Throws ``AlignmentFailure/configuration(reason:)``.
  func check(pairs: Int) throws(AlignmentFailure) {
    func need(_ holds: Bool, _ reason: @autoclosure () -> String) throws(AlignmentFailure) {
      if !holds { throw .configuration(reason: reason()) }
    }
    try need(steps > 0, "\(steps) steps: expected at least one")
    try need(steps <= 1 << 53, "\(steps) steps: expected at most 2^53; give fewer epochs")
    try need(batchSize > 1, "batch size \(batchSize): a contrastive batch has at least two pairs")
    try need(pairs > 1, "\(pairs) training pairs: expected at least two")
    try need(
      batchSize <= pairs,
      "batch size \(batchSize), but only \(pairs) training pairs: a batch holds each picture once. "
        + "Use --batch-size \(pairs) or less, or more data")
    try need(
      chunkSize.map { $0 > 0 } ?? true, "chunks of \(chunkSize ?? 0) pairs: expected one or more")
    try need(
      peakRate > 0 && peakRate.isFinite, "learning rate \(peakRate): expected a positive number")
    for (noise, name) in [(textNoise, "text"), (imageNoise, "image")] {
      try need(
        (noise ?? 0).isFinite && noise ?? 0 >= 0,
        "\(name) noise \(noise ?? 0): expected a number from 0 up")
    }
    if let headDropout {
      try need(
        headDropout >= 0 && headDropout < 1,
        "head dropout \(headDropout): expected at least 0 and below 1")
      try need(
        recipe.text.head != .none || recipe.image.head != .none,
        "head dropout \(headDropout), but the recipe \(recipe.name) has no head on either side")
    }
    if let cachedViews {
      try need(
        augmentation != nil,
        "\(cachedViews) cached views, but nothing is done to pictures: give --augment, or leave "
          + "--cache-views out")
    }
    try need(warmupSteps >= 0, "\(warmupSteps) warm-up steps: expected zero or more")
    try need(
      checkpointEvery > 0, "a checkpoint every \(checkpointEvery) steps: expected one or more")
    try need(logEvery > 0, "a log line every \(logEvery) steps: expected one or more")
    try need(validateEvery >= 0, "validation every \(validateEvery) steps: expected zero or more")
    if let patience {
      try need(patience > 0, "a patience of \(patience) validations: expected one or more")
      try need(validateEvery > 0, "stopping early needs validations: give --validate-every")
    }
  }
}
