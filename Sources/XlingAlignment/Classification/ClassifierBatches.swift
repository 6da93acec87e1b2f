import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Draws a step's pictures, brought as far as a frozen tower allows: one that nothing changes is run once
/// for each.
struct ClassifierBatches {
  private let model: DualEncoder
  private let source: any LabelledSource
  private let loader: PixelLoader
  private var sampler: BatchSampler
  private let features: FrozenFeatures?
  private let input: PictureInput

  init(
    _ model: DualEncoder, _ source: any LabelledSource, _ configuration: AlignmentConfiguration,
    frozen: (any FrozenFeatureStore)?
  ) {
    (self.model, self.source) = (model, source)
    input = configuration.pictureInput(side: model.image.configuration.imageSize)
    loader = PixelLoader(
      preprocessing: input.preprocessing, augmentation: configuration.augmentation?.images,
      seed: configuration.seed)
    sampler = BatchSampler(
      seed: configuration.seed, count: source.count, batchSize: configuration.batchSize)
    let isFixed = !model.imageIsTrained && configuration.augmentation == nil
    // What was wrong with a picture is told by reading it, so where damage passes nothing is kept.
    let store = input.reading.truncated == .strict ? frozen : nil
    features = isFixed ? FrozenFeatures(width: model.image.outputWidth, store: store) : nil
  }

  /// Whether the tower computes a picture once and no more.
  var keepsInputs: Bool { features != nil }

  /// The batch of update number `step`, counted from 0.
  mutating func draw(
    step: Int, in workspace: Workspace
  ) throws -> (images: ImageInput, labels: [Int32]) {
    let images = sampler.images(step: step)
    let labels = images.map(source.label)
    func pictures(_ images: [Int], step: Int?) throws -> PictureBatch {
      try PictureBatch(images.count, of: loader.elementCount, in: workspace) {
        try loader.load(images, step: step, into: $0, picture: source.picture)
      }
    }
    guard let features else {
      let batch = try pictures(images, step: step)
      source.announce(sampler.images(step: step + 1))
      return (.pictures(batch), labels)
    }
    let pooled = try features.gather(images.map(FrozenFeatures.Key.init), in: workspace) {
      Digest.key(
        pictureHash: try source.pictureHash($0.image), preprocessing: input.description)
    } compute: {
      model.poolImages(.batch(try pictures($0.map(\.image), step: nil)), in: workspace)
    }
    return (.pooled(pooled), labels)
  }
}
