import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Draws a step's batch and brings it as far as the frozen parts allow.
struct TrainingBatches {
  private let pairs: PairInputs
  private var sampler: BatchSampler
  private let mixed: MixedRows?
  private let order: CaptionOrder
  private let views: Int?
  private let steps: Int

  /// Without `cachesFrozenFeatures` frozen towers run for every batch.
  init(
    _ model: DualEncoder, _ source: any PairSource, _ configuration: AlignmentConfiguration,
    cachesFrozenFeatures: Bool, stores: FrozenFeatureStores?
  ) {
    (views, steps) = (configuration.cachedViews, configuration.steps)
    let loader = PixelLoader(
      preprocessing: configuration.preprocessing(for: model.image),
      augmentation: configuration.augmentation?.images, seed: configuration.seed, views: views)
    sampler = BatchSampler(
      seed: configuration.seed, count: source.count, batchSize: configuration.batchSize)
    mixed = MixedRows(configuration, source, batchSize: sampler.batchSize)
    order = configuration.captionOrder ?? .drawn
    pairs = PairInputs(
      model, source, configuration, loader: loader,
      textVaries: !cachesFrozenFeatures || model.drops(.text, configuration.dropout),
      imageVaries: !cachesFrozenFeatures || configuration.augmentsAnew
        || model.drops(.image, configuration.dropout),
      stores: stores)
  }

  /// Whether what frozen layers compute of a picture is computed once and no more.
  var keepsInputs: Bool { pairs.imageIsFixed }

  /// Pairs of every batch.
  var batchSize: Int { sampler.batchSize }

  /// The rows of the batch of update number `step`, counted from 0; the same whenever they are
  /// asked for. Throws what reading pictures throws.
  mutating func draw(
    step: Int, rows: Range<Int>, in workspace: Workspace
  ) throws -> DualEncoder.PairInputs {
    let images = Array(places(step: step)[rows])
    let captions = zip(rows, images).map { row, image in
      FrozenFeatures.Key(image: image, caption: caption(step, row, image))
    }
    let batch = (
      try pairs.texts(captions, in: workspace),
      try pictures(images, step, firstRow: rows.lowerBound, workspace)
    )
    // Read while the model is at work; what is kept of frozen layers is not read again.
    if rows.upperBound == batchSize, step + 1 < steps {
      try pairs.announce(places(step: step + 1).map { key(step + 1, $0) })
    }
    return batch
  }

  /// Places of a step's pairs.
  private mutating func places(step: Int) -> [Int] {
    let images = sampler.images(step: step)
    return mixed?.mixed(into: images, step: step) ?? images
  }

  private func caption(_ step: Int, _ row: Int, _ image: Int) -> Int {
    let captions = pairs.source.captionCount(image)
    return switch order {
    case .drawn: sampler.caption(step: step, row: row, of: captions)
    case .inTurn: sampler.captionInTurn(step: step, image: image, of: captions)
    }
  }

  /// A picture in the view of the step's epoch.
  private func key(_ step: Int, _ image: Int) -> FrozenFeatures.Key {
    FrozenFeatures.Key(
      image: image, caption: views.map { sampler.view(step: step, image: image, of: $0) } ?? 0)
  }

  private func pictures(
    _ images: [Int], _ step: Int, firstRow: Int, _ workspace: Workspace
  ) throws -> ImageInput {
    if pairs.imageIsFixed || views != nil {
      return try pairs.pictures(images.map { key(step, $0) }, in: workspace)
    }
    let (loader, source) = (pairs.loader, pairs.source)
    return .pictures(
      try PictureBatch(images.count, of: loader.elementCount, in: workspace) {
        try loader.load(images, step: step, firstRow: firstRow, into: $0, picture: source.picture)
      })
  }
}
