import Foundation
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// `xling pretrain image`: supervised recognition.
public struct ImagePretraining {
  /// What is recognized.
  public enum Source {
    /// Emoji and scenes composed on the fly; the val pictures of `scenes` tell how good the tower is.
    case emoji(scenes: Dataset)
    /// The words of English captions on the training pictures of a dataset; its val pictures tell.
    case captions(Dataset)
  }

  public let options: PretrainingOptions
  public let folder: String
  /// What the tower was trained on, in words.
  public let data: String
  public let licence: String
  let tower: ImageTower
  private let validation: Dataset
  /// What a picture shows, as places among the labels.
  private let labels: (Dataset.Item) -> [Int]
  private let objective: RecognitionObjective
  private let loop: PretrainingLoop

  public static let defaultConfiguration = ViTConfiguration(
    imageSize: 128, patchSize: 16, hiddenSize: 192, layers: 6, heads: 3, intermediateSize: 768)

  public static let defaultOptions = PretrainingOptions(
    steps: 5_500, decaySteps: 1_200, warmupSteps: 300, rate: 1e-3)

  /// Loads the data and, if `folder` holds a checkpoint, continues it. A new run starts from the tower in
  /// `initial` or, without one, from random weights; the recognition head, which no tower folder holds,
  /// is random in both cases. Throws ``PretrainingFailure`` and what reading data and towers throws.
  public init(
    options: PretrainingOptions, folder: String, source: Source, initial: String? = nil
  ) throws {
    self.options = options
    self.folder = folder
    if let initial {
      tower = try ImageTower.load(initial)
    } else {
      tower = ImageTower(Self.defaultConfiguration)
      tower.initialize(seed: options.seed)
    }
    let preprocessing = ImagePreprocessing(size: tower.configuration.imageSize)
    let stream: any RecognitionStream
    switch source {
    case .emoji(let scenes):
      let emoji = try SceneStream(
        options: options, preprocessing: preprocessing, patchSize: tower.configuration.patchSize)
      var index: [String: Int] = [:]
      for (position, concept) in emoji.concepts.enumerated() { index[concept.id] = position }
      labels = { $0.concepts.compactMap { index[$0] } }
      (stream, validation) = (emoji, scenes)
      data = "Noto Color Emoji glyphs of the training concepts, composed on the fly"
      licence = "trained on Noto Color Emoji (SIL OFL 1.1)"
    case .captions(let dataset):
      let words = try CaptionWordStream(
        seed: options.seed, dataset: dataset, preprocessing: preprocessing)
      labels = { words.words.labels(of: $0.captions["en"] ?? []) }
      (stream, validation) = (words, dataset)
      data =
        "training pictures of \(dataset.name) with \(words.labels.count) words of their English "
        + "captions; \(words.wordless) pictures have none of these words"
      licence = "that of \(dataset.name)"
    }
    objective = RecognitionObjective(
      tower: tower, stream: stream, options: options,
      initial: try initial.map { Digest.of(try AtomicFile.read($0 + "/model.safetensors")) })
    loop = PretrainingLoop(options: options, objective: objective, folder: folder)
    try loop.resume()
  }

  public func run() throws { try loop.run() }

  public var steps: Int { loop.step }
  public var seconds: Double { loop.seconds }

  /// Mean average precision over what the source's val pictures show.
  public func quality() throws -> RecognitionQuality {
    try RecognitionQuality.measure(
      tower: tower, head: objective.head, dataset: validation, split: .val, labels: labels)
  }

  /// The tower as a Hugging Face folder, weights in bf16. From then on the tower in memory is the
  /// rounded one, so that its quality is that of what ships.
  public func save(to output: String) throws {
    try tower.save(to: output, storage: .bfloat16)
    tower.parameters.copyValues(from: try ImageTower.load(output).parameters)
    try AtomicFile.write(
      preprocessorConfiguration, to: output + "/preprocessor_config.json")
  }

  /// What `transformers` reads next to a ViT; the same numbers as ``ImagePreprocessing``.
  private var preprocessorConfiguration: String {
    let side = tower.configuration.imageSize
    return """
      {
        "do_normalize": true,
        "do_rescale": true,
        "do_resize": true,
        "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "ViTImageProcessor",
        "image_std": [0.5, 0.5, 0.5],
        "resample": 3,
        "rescale_factor": 0.00392156862745098,
        "size": {"height": \(side), "width": \(side)}
      }

      """
  }
}

extension SceneStream {
  /// All scene concepts, and every other training emoji that the font draws.
  init(options: PretrainingOptions, preprocessing: ImagePreprocessing, patchSize: Int) throws {
    let catalogue = try ConceptCatalogue(cldr: CLDR())
    let font = try EmojiFont()
    let scenes = Set(catalogue.scenes.map(\.id))
    let others = catalogue.concepts.filter {
      $0.split == .train && !scenes.contains($0.id)
        && font.glyphIdentifier(for: $0.sequence) != nil
    }
    let concepts = catalogue.scenes + others
    self.init(
      seed: options.seed, plan: Plan(steps: options.steps), concepts: concepts,
      sprites: try DatasetBuilder.sprites(of: concepts, font: font),
      sceneCount: catalogue.scenes.count, preprocessing: preprocessing, patchSize: patchSize)
  }
}
