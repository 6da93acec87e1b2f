import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Captions, brought as far as what is kept of frozen layers allows.
struct KeptTexts {
  typealias Key = FrozenFeatures.Key

  private let model: DualEncoder
  private let pooled: FrozenFeatures?
  private let trunk: TrunkStates?
  private let below: StatesBelow?

  /// `inMemory`: vectors of a frozen tower stay as long as this does, without a store, too. `varies`: the tower
  /// gives other vectors every time, by dropout.
  init(
    _ model: DualEncoder, _ stores: FrozenFeatureStores?, inMemory: Bool = false,
    varies: Bool = false
  ) {
    self.model = model
    // A head that reads tokens needs more than one vector of a caption.
    let isPooled = !varies && !model.textIsTrained && !model.textHead.readsTokens
    pooled =
      isPooled && (inMemory || stores?.text != nil)
      ? FrozenFeatures(width: model.text.outputWidth, store: stores?.text) : nil
    trunk = varies ? nil : TrunkStates(model, .text, stores?.textTrunk)
    below = trunk == nil ? stores?.textBelow : nil
  }

  /// `ids` gives those of each key.
  func input(
    _ keys: [Key], in workspace: Workspace, ids: (Key) -> [Int32]
  ) throws -> TextInput {
    func content(_ key: Key) -> [UInt8] { Digest.key(ids: ids(key)) }
    func tokens(_ keys: [Key]) throws -> TextInput.Tokens {
      let states = try trunk?.gather(keys, in: workspace) {
        model.stateRows(of: ids($0))
      } content: {
        content($0)
      } compute: {
        model.trunkStates($0.map(ids), in: workspace)
      }
      return TextInput.Tokens(sequences: keys.map(ids), states: states)
    }
    guard let pooled else { return .tokens(try tokens(keys)) }
    return .pooled(
      try pooled.gather(keys, in: workspace) {
        content($0)
      } compute: { missing in
        guard let below else { return model.poolTexts(try tokens(missing), in: workspace) }
        return try below.vectors(missing, outputs: model.text.outputWidth, in: workspace) {
          ids($0).count
        } content: {
          content($0)
        } pool: {
          model.poolTexts($0.map(ids), states: $1, at: below.depth, in: workspace)
        } compute: {
          model.poolTexts(try tokens($0), in: workspace)
        }
      })
  }
}

/// Pictures, likewise.
struct KeptPictures {
  typealias Key = FrozenFeatures.Key

  private let model: DualEncoder
  private let pooled: FrozenFeatures?
  private let trunk: TrunkStates?
  private let below: StatesBelow?
  private let content: (Key) throws -> [UInt8]?

  /// As of captions; `content`: what a store knows a picture by.
  init(
    _ model: DualEncoder, _ stores: FrozenFeatureStores?, inMemory: Bool = false,
    varies: Bool = false, content: @escaping (Key) throws -> [UInt8]?
  ) {
    self.model = model
    self.content = content
    let isPooled = !varies && !model.imageIsTrained
    pooled =
      isPooled && (inMemory || stores?.image != nil)
      ? FrozenFeatures(width: model.image.outputWidth, store: stores?.image) : nil
    trunk = varies ? nil : TrunkStates(model, .image, stores?.imageTrunk)
    below = trunk == nil ? stores?.imageBelow : nil
  }

  /// Whether pictures may not have to be read.
  var keeps: Bool { pooled != nil || trunk != nil }

  /// `load` gives the pixels of keys.
  func input(
    _ keys: [Key], in workspace: Workspace, load: ([Key]) throws -> PictureBatch
  ) throws -> ImageInput {
    func pixels(_ keys: [Key]) throws -> ImageInput.Pixels {
      guard let trunk else { return .batch(try load(keys)) }
      let states = try trunk.gather(keys, in: workspace) { _ in
        model.pictureStateRows
      } content: {
        try content($0)
      } compute: {
        model.trunkStates(try load($0), in: workspace)
      }
      return .states(count: keys.count, states)
    }
    guard let pooled else { return .pixels(try pixels(keys)) }
    return .pooled(
      try pooled.gather(keys, in: workspace) {
        try content($0)
      } compute: { missing in
        guard let below else { return model.poolImages(try pixels(missing), in: workspace) }
        return try below.vectors(missing, outputs: model.image.outputWidth, in: workspace) { _ in
          model.image.rowsOfPicture
        } content: {
          try content($0)
        } pool: {
          model.poolImages($0.count, states: $1, at: below.depth, in: workspace)
        } compute: {
          model.poolImages(try pixels($0), in: workspace)
        }
      })
  }

  /// Keys that will be asked for next: returns those whose pictures will have to be read for it. Throws what
  /// ``input(_:in:load:)`` would of the stores.
  func announce(_ keys: [Key]) throws -> [Key] {
    if let pooled {
      let missing = try pooled.announce(keys, content: content)
      return below?.announce(missing, content: content) ?? missing
    }
    return trunk?.announce(keys, content: content) ?? keys
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

  /// The same from the states of all rows at a depth.
  func poolTexts(
    _ sequences: [[Int32]], states: Matrix, at depth: Int, in workspace: Workspace
  ) -> Matrix {
    frozenRows(isTrained: false) {
      let activations = text.forward(
        TokenBatch(sequences), states: states, at: depth, reading: textRows, in: workspace,
        training: false)
      return text.output(activations, in: workspace).vectors
    }
  }

  /// The frozen image tower's pooled output before the projection, [pictures, its output width]. A row has
  /// the same bits in any batch.
  func poolImages(_ pixels: ImageInput.Pixels, in workspace: Workspace) -> Matrix {
    frozenRows(isTrained: false) {
      image.pool(forward(pixels, in: workspace, training: false), in: workspace).vectors
    }
  }

  /// The same from the states of all rows at a depth.
  func poolImages(_ count: Int, states: Matrix, at depth: Int, in workspace: Workspace) -> Matrix {
    frozenRows(isTrained: false) {
      let activations = image.forward(
        pictures: count, states: states, at: depth, in: workspace, training: false)
      return image.pool(activations, in: workspace).vectors
    }
  }
}
