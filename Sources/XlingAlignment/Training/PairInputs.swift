import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// The pairs of one source, brought as far as the frozen parts of a model allow: a tower that nothing
/// changes is run once per picture and caption.
struct PairInputs {
  private let model: DualEncoder
  let source: any PairSource
  let loader: PixelLoader
  private let texts: FrozenFeatures?
  private let images: FrozenFeatures?
  /// How pictures come before the model: a part of what a store knows them by.
  private let input: PictureInput

  /// `textVaries`, `imageVaries`: a frozen tower that gives other vectors every time all the same, by dropout
  /// or augmentation.
  init(
    _ model: DualEncoder, _ source: any PairSource, _ configuration: AlignmentConfiguration,
    loader: PixelLoader, textVaries: Bool = false, imageVaries: Bool = false,
    stores: FrozenFeatureStores?
  ) {
    self.model = model
    self.source = source
    self.loader = loader
    input = configuration.pictureInput(side: model.image.configuration.imageSize)
    let textIsFixed = !model.textIsTrained && !model.textHead.readsTokens && !textVaries
    texts =
      textIsFixed ? FrozenFeatures(width: model.text.outputWidth, store: stores?.text) : nil
    let imageIsFixed = !model.imageIsTrained && !imageVaries
    // What was wrong with a picture is told by reading it, so where damage passes nothing is kept.
    let store = input.reading.truncated == .strict ? stores?.image : nil
    images = imageIsFixed ? FrozenFeatures(width: model.image.outputWidth, store: store) : nil
  }

  /// Whether each picture is read once and no more.
  var imageIsFixed: Bool { images != nil }

  func texts(_ keys: [FrozenFeatures.Key], in workspace: Workspace) throws -> TextInput {
    func ids(_ keys: [FrozenFeatures.Key]) -> [[Int32]] {
      keys.map { source.tokens($0.image, caption: $0.caption) }
    }
    guard let texts else { return .tokens(ids(keys)) }
    return .pooled(
      try texts.gather(keys, in: workspace) {
        Digest.key(ids: source.tokens($0.image, caption: $0.caption))
      } compute: {
        model.poolTexts(ids($0), in: workspace)
      })
  }

  /// As they come before the model without augmentation.
  func pictures(_ places: [Int], in workspace: Workspace) throws -> ImageInput {
    func batch(_ places: [Int]) throws -> PictureBatch {
      try PictureBatch(places.count, of: loader.elementCount, in: workspace) {
        try loader.load(places, step: nil, into: $0, picture: source.picture)
      }
    }
    guard let images else { return .pictures(try batch(places)) }
    return .pooled(
      try images.gather(
        places.map(FrozenFeatures.Key.init), in: workspace
      ) {
        try source.pictureHash($0.image).map {
          Digest.key(pictureHash: $0, preprocessing: input.description)
        }
      } compute: {
        model.poolImages(try batch($0.map(\.image)), in: workspace)
      })
  }
}
