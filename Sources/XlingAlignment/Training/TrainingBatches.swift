import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Draws a step's batch and brings it as far as the frozen parts allow: a tower that nothing
/// changes is run once per picture and caption.
struct TrainingBatches {
  private let model: DualEncoder
  private let source: any PairSource
  private let loader: PixelLoader
  private var sampler: BatchSampler
  private let order: CaptionOrder
  private let textFeatures: FrozenFeatures?
  private let imageFeatures: FrozenFeatures?

  init(
    _ model: DualEncoder, _ source: any PairSource, _ configuration: AlignmentConfiguration,
    cachesFrozenFeatures: Bool
  ) {
    self.model = model
    self.source = source
    loader = PixelLoader(
      preprocessing: configuration.preprocessing(for: model.image),
      augmentation: configuration.augmentation?.images, seed: configuration.seed)
    sampler = BatchSampler(
      seed: configuration.seed, count: source.count, batchSize: configuration.batchSize)
    order = configuration.captionOrder ?? .drawn
    // Under `all` a locked tower with rates gives other vectors every time.
    let textVaries = configuration.dropout == .all && !model.text.configuration.dropout.isZero
    let imageVaries = configuration.dropout == .all && !model.image.configuration.dropout.isZero
    let textIsFixed =
      cachesFrozenFeatures && !model.textIsTrained && !model.textHead.readsTokens && !textVaries
    textFeatures = textIsFixed ? FrozenFeatures(width: model.text.outputWidth) : nil
    let imageIsFixed =
      cachesFrozenFeatures && !model.imageIsTrained && configuration.augmentation == nil
      && !imageVaries
    imageFeatures = imageIsFixed ? FrozenFeatures(width: model.image.outputWidth) : nil
  }

  /// Pairs of every batch.
  var batchSize: Int { sampler.batchSize }

  /// The rows of the batch of update number `step`, counted from 0; the same whenever they are
  /// asked for. Throws what reading pictures throws.
  mutating func draw(
    step: Int, rows: Range<Int>, in workspace: Workspace
  ) throws -> DualEncoder.PairInputs {
    let images = Array(sampler.images(step: step)[rows])
    let captions = zip(rows, images).map { row, image in
      FrozenFeatures.Key(image: image, caption: caption(step, row, image))
    }
    let batch = (
      texts(captions, workspace), try pictures(images, step, firstRow: rows.lowerBound, workspace)
    )
    // Read while the model is at work; frozen features are computed once and read no more.
    if imageFeatures == nil, rows.upperBound == batchSize {
      source.announce(sampler.images(step: step + 1))
    }
    return batch
  }

  private func caption(_ step: Int, _ row: Int, _ image: Int) -> Int {
    let captions = source.captionCount(image)
    return switch order {
    case .drawn: sampler.caption(step: step, row: row, of: captions)
    case .inTurn: sampler.captionInTurn(step: step, image: image, of: captions)
    }
  }

  private func texts(_ keys: [FrozenFeatures.Key], _ workspace: Workspace) -> TextInput {
    func ids(_ keys: [FrozenFeatures.Key]) -> [[Int32]] {
      keys.map { source.tokens($0.image, caption: $0.caption) }
    }
    guard let textFeatures else { return .tokens(ids(keys)) }
    return .pooled(
      textFeatures.gather(keys, in: workspace) { model.poolTexts(ids($0), in: workspace) })
  }

  private func pictures(
    _ images: [Int], _ step: Int, firstRow: Int, _ workspace: Workspace
  ) throws -> ImageInput {
    guard let imageFeatures else {
      return .pictures(
        try PictureBatch(images.count, of: loader.elementCount, in: workspace) {
          try loader.load(images, step: step, firstRow: firstRow, into: $0, picture: source.picture)
        })
    }
    let keys = images.map { FrozenFeatures.Key(image: $0, caption: 0) }
    return .pooled(
      try imageFeatures.gather(keys, in: workspace) { missing in
        let batch = try PictureBatch(missing.count, of: loader.elementCount, in: workspace) {
          try loader.load(missing.map(\.image), step: nil, into: $0, picture: source.picture)
        }
        return model.poolImages(batch, in: workspace)
      })
  }
}
