import Foundation
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// `xling pretrain image`: supervised recognition on training scenes and training emoji.
public struct ImagePretraining {
  public let options: PretrainingOptions
  public let folder: String
  let tower: ImageTower
  let concepts: [Concept]
  let sceneCount: Int
  let catalogue: ConceptCatalogue
  private let objective: RecognitionObjective
  private let loop: PretrainingLoop

  public static let defaultConfiguration = ViTConfiguration(
    imageSize: 128, patchSize: 16, hiddenSize: 192, layers: 6, heads: 3, intermediateSize: 768)

  public static let defaultOptions = PretrainingOptions(
    steps: 5_500, decaySteps: 1_200, warmupSteps: 300, rate: 1e-3)

  /// Loads CLDR and the font and, if `folder` holds a checkpoint, continues it.
  public init(options: PretrainingOptions, folder: String) throws {
    self.options = options
    self.folder = folder
    catalogue = try ConceptCatalogue(cldr: CLDR())
    let font = try EmojiFont()
    let scenes = Set(catalogue.scenes.map(\.id))
    let others = catalogue.concepts.filter {
      $0.split == .train && !scenes.contains($0.id)
        && font.glyphIdentifier(for: $0.sequence) != nil
    }
    concepts = catalogue.scenes + others
    sceneCount = catalogue.scenes.count
    let sprites = try DatasetBuilder.sprites(of: concepts, font: font)
    tower = ImageTower(Self.defaultConfiguration)
    tower.initialize(seed: options.seed)
    let stream = SceneStream(
      seed: options.seed, sprites: sprites, sceneCount: sceneCount,
      preprocessing: ImagePreprocessing(size: Self.defaultConfiguration.imageSize),
      patchSize: Self.defaultConfiguration.patchSize)
    objective = RecognitionObjective(
      tower: tower, stream: stream, plan: .init(), options: options, concepts: concepts)
    loop = PretrainingLoop(options: options, objective: objective, folder: folder)
    try loop.resume()
  }

  public func run() throws { try loop.run() }

  public var steps: Int { loop.step }
  public var seconds: Double { loop.seconds }

  /// Mean average precision over the scene concepts on pictures of a split.
  public func quality(on dataset: Dataset, split: Split) throws -> RecognitionQuality {
    try RecognitionQuality.measure(
      tower: tower, head: objective.head, concepts: concepts, dataset: dataset, split: split)
  }

  /// The tower as a Hugging Face folder, weights in bf16. From then on the tower in memory is the
  /// rounded one, so that its quality is that of what ships.
  public func save(to output: String) throws {
    try tower.save(to: output, storage: .bfloat16)
    tower.parameters.copyValues(from: try ImageTower.load(output).parameters)
    try AtomicFile.write(
      Self.preprocessorConfiguration, to: output + "/preprocessor_config.json")
  }

  /// What `transformers` reads next to a ViT; the same numbers as ``ImagePreprocessing``.
  private static let preprocessorConfiguration = """
    {
      "do_normalize": true,
      "do_rescale": true,
      "do_resize": true,
      "image_mean": [0.5, 0.5, 0.5],
      "image_processor_type": "ViTImageProcessor",
      "image_std": [0.5, 0.5, 0.5],
      "resample": 3,
      "rescale_factor": 0.00392156862745098,
      "size": {"height": 128, "width": 128}
    }

    """
}
