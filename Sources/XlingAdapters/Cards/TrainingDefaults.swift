/// The [training] table of a card: how a method is trained where the command line says nothing.
/// Presets of published recipes fill it whole; the other cards give little more than a rate. Keys
/// that are left out keep the program's defaults.
public struct TrainingDefaults: Sendable, Equatable, Decodable {
  public var epochs: Int?
  public var batchSize: Int?
  /// The learning rate after the warm-up.
  public var rate: Double?
  public var warmupSteps: Int?
  /// The last rate, as a share of the first.
  public var finalRateShare: Double?
  /// A name of `RateSchedule`.
  public var schedule: String?
  /// A name of `ImageRate`: LiT's schedules of the image tower.
  public var imageRate: String?
  /// "adamw" or "adafactor".
  public var optimizer: String?
  public var beta1: Double?
  public var beta2: Double?
  public var epsilon: Double?
  public var weightDecay: Double?
  /// Global norm of the gradients; 0 does not clip.
  public var clip: Double?
  public var temperature: Double?
  public var embeddingWidth: Int?
  /// A name of `AugmentationChoice`.
  public var augment: String?
  /// A name of `DropoutPolicy`.
  public var dropout: String?
  /// A name of `PictureStatistics`.
  public var pictures: String?
  /// A name of `CaptionPreprocessing`.
  public var captions: String?
  public var maximumWords: Int?
  public var maximumTokens: Int?
  /// Whether captions end in the tokenizer's end token.
  public var endToken: Bool?
  /// Whether the text tower adds its first token type to every token.
  public var tokenTypes: Bool?

  public init() {}

  static let keys = [
    "epochs", "batch_size", "rate", "warmup_steps", "final_rate_share", "schedule", "image_rate",
    "optimizer", "beta1", "beta2", "epsilon", "weight_decay", "clip", "temperature",
    "embedding_width", "augment", "dropout", "pictures", "captions", "maximum_words",
    "maximum_tokens", "end_token", "token_types",
  ]

  public init(from decoder: any Decoder) throws {
    let keys = try StrictKeys(decoder, named: "training", known: Self.keys)
    epochs = try keys.value("epochs")
    batchSize = try keys.value("batch_size")
    rate = try keys.value("rate")
    warmupSteps = try keys.value("warmup_steps")
    finalRateShare = try keys.value("final_rate_share")
    schedule = try keys.value("schedule")
    imageRate = try keys.value("image_rate")
    optimizer = try keys.value("optimizer")
    beta1 = try keys.value("beta1")
    beta2 = try keys.value("beta2")
    epsilon = try keys.value("epsilon")
    weightDecay = try keys.value("weight_decay")
    clip = try keys.value("clip")
    temperature = try keys.value("temperature")
    embeddingWidth = try keys.value("embedding_width")
    augment = try keys.value("augment")
    dropout = try keys.value("dropout")
    pictures = try keys.value("pictures")
    captions = try keys.value("captions")
    maximumWords = try keys.value("maximum_words")
    maximumTokens = try keys.value("maximum_tokens")
    endToken = try keys.value("end_token")
    tokenTypes = try keys.value("token_types")
  }
}
