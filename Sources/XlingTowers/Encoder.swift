import XlingTensor

/// A stack of layers over rows of sequences: what text and image towers have in common.
public final class Encoder {
  public private(set) var layers: [EncoderLayer]
  public let width: Int

  public init(layers: [EncoderLayer], width: Int) {
    self.layers = layers
    self.width = width
  }

  public func append(_ layer: EncoderLayer) { layers.append(layer) }

  /// What one forward pass leaves behind.
  public struct Activations {
    public let layout: SequenceLayout
    /// What enters each layer and, last, what leaves the stack: layers + 1 matrices [rows, width].
    public let hidden: [Matrix]
    /// From the first layer whose way back is needed on.
    let saved: [EncoderLayer.Saved]
    let firstSaved: Int
  }

  /// The lowest layer with a trained parameter; nil when all are frozen.
  var lowestTrained: Int? { layers.firstIndex(where: \.isTrainable) }

  /// `x` [rows, width] is what the embeddings give. Layers below everything trained keep nothing.
  func forward(
    _ x: Matrix, _ layout: SequenceLayout, in workspace: Workspace, training: Bool,
    embeddingsTrained: Bool
  ) -> Activations {
    let first = embeddingsTrained ? 0 : (lowestTrained ?? layers.count)
    let firstSaved = training ? first : layers.count
    var hidden = [x]
    var saved: [EncoderLayer.Saved] = []
    for (index, layer) in layers.enumerated() {
      let y = workspace.take(x.rows, width)
      if let kept = layer.forward(
        hidden[index], layout, into: y, in: workspace, saving: index >= firstSaved)
      {
        saved.append(kept)
      }
      hidden.append(y)
    }
    return Activations(layout: layout, hidden: hidden, saved: saved, firstSaved: firstSaved)
  }

  /// From the gradient of the last hidden state down to the lowest trained layer. Returns the
  /// gradient of the embeddings' output when `toEmbeddings`.
  func backward(
    _ activations: Activations, dHidden: Matrix, toEmbeddings: Bool, in workspace: Workspace
  ) -> Matrix? {
    var gradient = dHidden
    for index in stride(from: layers.count - 1, through: activations.firstSaved, by: -1) {
      let needed = index > activations.firstSaved || toEmbeddings
      let dx = needed ? workspace.take(dHidden.rows, width) : nil
      layers[index].backward(
        activations.saved[index - activations.firstSaved], activations.layout, dy: gradient,
        dx: dx, in: workspace)
      guard let dx else { return nil }
      gradient = dx
    }
    return toEmbeddings ? gradient : nil
  }
}
