import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// The pairs of one source, brought as far as the frozen parts of a model allow: a tower that nothing
/// changes is run once per picture and caption, and of one that is trained from a layer on, the layers below
/// that where their states are kept.
struct PairInputs {
  private let model: DualEncoder
  let source: any PairSource
  let loader: PixelLoader
  private let texts: FrozenFeatures?
  private let images: FrozenFeatures?
  private let textTrunk: TrunkStates?
  private let imageTrunk: TrunkStates?
  /// How pictures come before the model: a part of what a store knows them by.
  private let input: PictureInput

  /// `textVaries`, `imageVaries`: a frozen tower or trunk that gives other vectors every time all the same, by dropout
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
    textTrunk = textVaries ? nil : TrunkStates(model, .text, stores?.textTrunk)
    imageTrunk =
      imageVaries || input.reading.truncated != .strict
      ? nil : TrunkStates(model, .image, stores?.imageTrunk)
  }

  /// Whether each view of a picture is brought before the model once and no more.
  var imageIsFixed: Bool { images != nil || imageTrunk != nil }

  func texts(_ keys: [FrozenFeatures.Key], in workspace: Workspace) throws -> TextInput {
    func ids(_ keys: [FrozenFeatures.Key]) -> [[Int32]] {
      keys.map { source.tokens($0.image, caption: $0.caption) }
    }
    func content(_ key: FrozenFeatures.Key) -> [UInt8] {
      Digest.key(ids: source.tokens(key.image, caption: key.caption))
    }
    if let textTrunk {
      let states = try textTrunk.gather(keys, in: workspace) {
        model.stateRows(of: source.tokens($0.image, caption: $0.caption))
      } content: {
        content($0)
      } compute: {
        model.trunkStates(ids($0), in: workspace)
      }
      return .tokens(TextInput.Tokens(sequences: ids(keys), states: states))
    }
    guard let texts else { return .tokens(ids(keys)) }
    return .pooled(
      try texts.gather(keys, in: workspace) {
        content($0)
      } compute: {
        model.poolTexts(.init(sequences: ids($0)), in: workspace)
      })
  }

  /// As they come before the model without augmentation, or in the views that keys name.
  func pictures(_ keys: [FrozenFeatures.Key], in workspace: Workspace) throws -> ImageInput {
    func batch(_ keys: [FrozenFeatures.Key]) throws -> PictureBatch {
      try PictureBatch(keys.count, of: loader.elementCount, in: workspace) {
        try loader.load(
          keys.map(\.image), views: keys.map(\.caption), into: $0, picture: source.picture)
      }
    }
    if let imageTrunk {
      let states = try imageTrunk.gather(keys, in: workspace) { _ in
        model.pictureStateRows
      } content: {
        try content(picture: $0)
      } compute: {
        model.trunkStates(try batch($0), in: workspace)
      }
      return .pixels(.states(count: keys.count, states))
    }
    guard let images else { return .pictures(try batch(keys)) }
    return .pooled(
      try images.gather(keys, in: workspace) {
        try content(picture: $0)
      } compute: {
        model.poolImages(.batch(try batch($0)), in: workspace)
      })
  }

  /// What a store knows a picture by. A view is drawn by the picture's place, which it then has to name.
  private func content(picture key: FrozenFeatures.Key) throws -> [UInt8]? {
    try source.pictureHash(key.image).map {
      Digest.key(
        pictureHash: $0,
        preprocessing: input.description + loader.viewDescription(of: key.image, key.caption))
    }
  }

  /// Pictures that will be asked for next, as ``pictures(_:in:)`` has them: files are read ahead of those
  /// whose states are kept nowhere.
  func announce(_ keys: [FrozenFeatures.Key]) {
    if let imageTrunk {
      let missing = imageTrunk.announce(keys) { try content(picture: $0) }
      source.announce(missing.map(\.image))
    } else if let images {
      source.announce(keys.filter { !images.has($0) }.map(\.image))
    } else {
      source.announce(keys.map(\.image))
    }
  }
}
