import XlingCore
import XlingTensor
import XlingTowers

/// The layers of one tower whose states can be kept: those below everything that is trained, where something
/// above them is trained or read token by token. Vectors of wholly frozen towers are kept in their place
/// (``FrozenFeatures``).
public struct Trunk: Sendable, Equatable {
  /// Layers of the trunk.
  public let depth: Int
  /// Of the tower.
  public let layers: Int
  /// Numbers of a row.
  public let width: Int
}

extension DualEncoder {
  /// nil where the tower is trained from the bottom, or wholly frozen and pooled. Of a finished run that is
  /// not trained further: what it was in training.
  public func trunk(of side: ParameterRole.Side) -> Trunk? {
    if let settledTrunks { return settledTrunks[side] ?? nil }
    switch side {
    case .text:
      guard textIsTrained || textHead.readsTokens else { return nil }
      return text.trunkDepth.map {
        Trunk(depth: $0, layers: text.encoder.layers.count, width: text.width)
      }
    case .image:
      guard imageIsTrained else { return nil }
      return image.trunkDepth.map {
        Trunk(depth: $0, layers: image.encoder.layers.count, width: image.width)
      }
    }
  }

  /// Nothing is trained any further; the trunks stay those of the training, and what it trained is remembered.
  public func settle() {
    settledTrunks = [.text: trunk(of: .text), .image: trunk(of: .image)]
    settledTowers = [.text: !textIsTrained, .image: !imageIsTrained]
    for (_, parameter) in parameters { parameter.isTrainable = false }
  }

  /// Whether the run trains, or trained, nothing of a tower: its vectors are those of other runs.
  public func isLocked(_ side: ParameterRole.Side) -> Bool {
    settledTowers?[side] ?? (side == .text ? !textIsTrained : !imageIsTrained)
  }

  /// All that decides the states at a depth.
  public func trunkParameters(of side: ParameterRole.Side, depth: Int) -> [Parameter] {
    side == .text ? text.trunkParameters(depth) : image.trunkParameters(depth)
  }

  /// Rows of a caption's states.
  func stateRows(of ids: [Int32]) -> Int {
    trunk(of: .text).map { text.stateRows(of: ids, at: $0.depth, reading: textRows) } ?? ids.count
  }

  /// Rows of a picture's states.
  var pictureStateRows: Int { trunk(of: .image).map { image.stateRows(at: $0.depth) } ?? 0 }

  /// The states of captions that enter the lowest trained layer, caption after caption.
  func trunkStates(_ sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    guard let trunk = trunk(of: .text) else { preconditionFailure("the text tower has no trunk") }
    passes.texts += sequences.count
    return text.states(TokenBatch(sequences), at: trunk.depth, reading: textRows, in: workspace)
  }

  /// Of pictures.
  func trunkStates(_ batch: PictureBatch, in workspace: Workspace) -> Matrix {
    guard let trunk = trunk(of: .image) else { preconditionFailure("the image tower has no trunk") }
    passes.pictures += batch.count
    return image.states(batch, at: trunk.depth, in: workspace)
  }

  /// The text tower's way forward, from tokens or from kept states.
  func forward(
    _ input: TextInput.Tokens, dropout: TowerDropout? = nil, in workspace: Workspace,
    training: Bool
  ) -> TextTower.Activations {
    let batch = TokenBatch(input.sequences)
    guard let states = input.states, let trunk = trunk(of: .text) else {
      passes.texts += input.sequences.count
      return text.forward(
        batch, reading: textRows, dropout: dropout, in: workspace, training: training)
    }
    return text.forward(
      batch, states: states, at: trunk.depth, reading: textRows, in: workspace, training: training)
  }

  /// The image tower's.
  func forward(
    _ input: ImageInput.Pixels, dropout: TowerDropout? = nil, in workspace: Workspace,
    training: Bool
  ) -> ImageTower.Activations {
    switch input {
    case .batch(let batch):
      passes.pictures += batch.count
      return image.forward(
        batch, reading: .pooled, dropout: dropout, in: workspace, training: training)
    case .states(let count, let states):
      guard let trunk = trunk(of: .image) else {
        preconditionFailure("states are those of a trunk")
      }
      return image.forward(
        pictures: count, states: states, at: trunk.depth, in: workspace, training: training)
    }
  }
}
