import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Captions that are embedded, brought as far as what is kept of frozen layers allows.
struct KeptTexts {
  private let model: DualEncoder
  private let pooled: FrozenFeatures?
  private let trunk: TrunkStates?

  init(_ model: DualEncoder, _ frozen: FrozenFeatureStores?) {
    self.model = model
    // A head that reads tokens needs more than one vector of a caption.
    let isPooled = !model.textIsTrained && !model.textHead.readsTokens
    pooled =
      isPooled
      ? frozen?.text.map { FrozenFeatures(width: model.text.outputWidth, store: $0) } : nil
    trunk = TrunkStates(model, .text, frozen?.textTrunk)
  }

  /// `ids` gives those of each place.
  func input(
    _ places: [Int], in workspace: Workspace, ids: (Int) -> [Int32]
  ) throws -> TextInput {
    func tokens(_ keys: [FrozenFeatures.Key]) throws -> TextInput.Tokens {
      let sequences = keys.map { ids($0.image) }
      let states = try trunk?.gather(keys, in: workspace) {
        model.stateRows(of: ids($0.image))
      } content: {
        Digest.key(ids: ids($0.image))
      } compute: { missing in
        model.trunkStates(missing.map { ids($0.image) }, in: workspace)
      }
      return TextInput.Tokens(sequences: sequences, states: states)
    }
    let keys = places.map(FrozenFeatures.Key.init)
    guard let pooled else { return .tokens(try tokens(keys)) }
    return .pooled(
      try pooled.gather(keys, in: workspace) {
        Digest.key(ids: ids($0.image))
      } compute: {
        model.poolTexts(try tokens($0), in: workspace)
      })
  }
}

/// Pictures that are embedded.
struct KeptPictures {
  private let model: DualEncoder
  private let pooled: FrozenFeatures?
  private let trunk: TrunkStates?
  private let key: (Int) throws -> [UInt8]

  init(_ model: DualEncoder, _ frozen: DualEncoder.FrozenPictures?) {
    self.model = model
    pooled =
      model.imageIsTrained
      ? nil
      : frozen?.stores.image.map { FrozenFeatures(width: model.image.outputWidth, store: $0) }
    trunk = TrunkStates(model, .image, frozen?.stores.imageTrunk)
    key = frozen?.key ?? { _ in preconditionFailure("nothing is kept") }
  }

  /// Whether pictures may not have to be read.
  var keeps: Bool { pooled != nil || trunk != nil }

  /// `load` gives the pixels of places.
  func input(
    _ places: [Int], in workspace: Workspace, load: ([Int]) throws -> PictureBatch
  ) throws -> ImageInput {
    func pixels(_ keys: [FrozenFeatures.Key]) throws -> ImageInput.Pixels {
      guard let trunk else { return .batch(try load(keys.map(\.image))) }
      let states = try trunk.gather(keys, in: workspace) { _ in
        model.pictureStateRows
      } content: {
        try key($0.image)
      } compute: {
        model.trunkStates(try load($0.map(\.image)), in: workspace)
      }
      return .states(count: keys.count, states)
    }
    let keys = places.map(FrozenFeatures.Key.init)
    guard let pooled else { return .pixels(try pixels(keys)) }
    return .pooled(
      try pooled.gather(keys, in: workspace) {
        try key($0.image)
      } compute: {
        model.poolImages(try pixels($0), in: workspace)
      })
  }
}

extension DualEncoder {
  /// The frozen text tower's vectors before the projection, [captions, its output width]. A row has the same
  /// bits in any batch.
  func poolTexts(_ tokens: TextInput.Tokens, in workspace: Workspace) -> Matrix {
    frozenRows(isTrained: false) {
      text.output(forward(tokens, in: workspace, training: false), in: workspace).vectors
    }
  }

  /// The frozen image tower's pooled output before the projection, [pictures, its output width]. A row has
  /// the same bits in any batch.
  func poolImages(_ pixels: ImageInput.Pixels, in workspace: Workspace) -> Matrix {
    frozenRows(isTrained: false) {
      image.pool(forward(pixels, in: workspace, training: false), in: workspace).vectors
    }
  }
}
