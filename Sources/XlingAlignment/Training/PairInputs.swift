import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// The pairs of one source, brought as far as the frozen parts of a model allow: a tower that nothing
/// changes is run once per picture and caption, and of one that is trained from a layer on, the layers below
/// that where their states are kept.
struct PairInputs {
  let source: any PairSource
  let loader: PixelLoader
  private let texts: KeptTexts
  private let images: KeptPictures

  /// `textVaries`, `imageVaries`: a frozen tower or trunk that gives other vectors every time all the same, by dropout
  /// or augmentation.
  init(
    _ model: DualEncoder, _ source: any PairSource, _ configuration: AlignmentConfiguration,
    loader: PixelLoader, textVaries: Bool = false, imageVaries: Bool = false,
    stores: FrozenFeatureStores?
  ) {
    self.source = source
    self.loader = loader
    let input = configuration.pictureInput(side: model.image.configuration.imageSize)
    texts = KeptTexts(model, stores, inMemory: true, varies: textVaries)
    // What was wrong with a picture is told by reading it, so where damage passes nothing is kept.
    let isStrict = input.reading.truncated == .strict
    images = KeptPictures(
      model, isStrict ? stores : nil, inMemory: true, varies: imageVaries
    ) { key in
      // A view is drawn by the picture's place, which its content then has to name.
      try source.pictureHash(key.image).map {
        Digest.key(
          pictureHash: $0,
          preprocessing: input.description + loader.viewDescription(of: key.image, key.caption))
      }
    }
  }

  /// Whether each view of a picture is brought before the model once and no more.
  var imageIsFixed: Bool { images.keeps }

  func texts(_ keys: [FrozenFeatures.Key], in workspace: Workspace) throws -> TextInput {
    try texts.input(keys, in: workspace) { source.tokens($0.image, caption: $0.caption) }
  }

  /// As they come before the model without augmentation, or in the views that keys name.
  func pictures(_ keys: [FrozenFeatures.Key], in workspace: Workspace) throws -> ImageInput {
    try images.input(keys, in: workspace) { keys in
      try PictureBatch(keys.count, of: loader.elementCount, in: workspace) {
        try loader.load(
          keys.map(\.image), views: keys.map(\.caption), into: $0, picture: source.picture)
      }
    }
  }

  /// Pictures that will be asked for next, as ``pictures(_:in:)`` has them: files are read ahead of those
  /// of which nothing is kept. Throws what stores throw.
  func announce(_ keys: [FrozenFeatures.Key]) throws {
    source.announce(try images.announce(keys).map(\.image))
  }
}
