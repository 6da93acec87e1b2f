import XlingTensor

/// Bytes of a step's activations for some inputs of a tower, about: what is kept for the way back, and the most
/// that passes at a time. The conditions are those of the layers' ways forward and back; statistics of norms and
/// the towers' heads are left out.
public struct StepMemory: Sendable, Equatable {
  public var kept = 0.0
  public var passing = 0.0

  public init(kept: Double = 0, passing: Double = 0) {
    (self.kept, self.passing) = (kept, passing)
  }

}

/// Of one layer, in floats.
private struct LayerMemory {
  var kept: Double
  var forward: Double
  var back: Double
}

extension EncoderLayer {
  /// Of a sequence of `rows` rows, of which `read` leave the layer, which its output is not counted among.
  fileprivate func memory(rows: Double, read: Double) -> LayerMemory {
    let width = Double(attentionNorm?.gamma.count ?? feedForwardNorm.gamma.count)
    let isPre = arrangement == .preNorm
    func row(_ isKept: Bool, _ width: Double) -> Double { isKept ? width : 0 }
    func adapter(_ site: AdapterSite) -> Double {
      // What enters it, in a pre-norm layer something kept anyway, and what is between: down and up are products
      // of the width and the inner width.
      adapters[site].map { (isPre ? 0 : width) + $0.workOfRow / (4 * width) } ?? 0
    }
    let heads = attention.floats
    let inner = feedForward.floats
    // What enters the attention norm, or the adapter before it, comes from below.
    var all = 2 * heads + (isPre ? adapter(.attention) : 0)
    all += row(isPre && attention.needsInput && attentionNorm != nil, width)
    let asking = attention.readsAlone ? read : rows
    var some = row(attention.output.needsInput, heads) + adapter(.feedForward) + width
    some += row(feedForward.needsInput, width) + (isPre ? 0 : adapter(.attention) + width)
    some += row(attentionScale?.isTrainable == true, 2 * width)
    some += inner * (feedForward.factor == nil ? 1 : 3)
    some += row(feedForward.output.needsInput, inner)
    let gates: Double = feedForward.factor == nil ? 1 : 2
    let adapted = row(!adapters.isEmpty, width)
    // What enters the dense layers, where it is not kept, and adapters' outputs. A pre-norm layer's halves follow
    // one another in the same room.
    let first =
      rows
      * (row(isPre && !attention.needsInput, width) + row(!attention.output.needsInput, heads)
        + (isPre ? adapted : 0))
    let second =
      read
      * (row(!feedForward.needsInput, width) + row(!feedForward.output.needsInput, inner)
        + (isPre ? adapted : 2 * width))
    // Gradients of queries, keys, values and of the context; of what is between the dense layers; and some of the
    // width, of which an adapter before a norm has three.
    let backSecond = read * gates * inner
    let backFirst = (2 * rows + 2 * asking) * heads
    let back =
      isPre
      ? max(
        read * 2 * width + max(backSecond, read * 3 * adapted),
        read * width + rows * width + max(backFirst, rows * 3 * adapted))
      : read * 2 * (width + adapted) + max(backSecond, backFirst)
    return LayerMemory(
      kept: rows * all + asking * heads + read * some,
      forward: isPre ? max(first, second) : first + second,
      back: back)
  }
}

extension SelfAttentionBlock {
  fileprivate var floats: Double { Double(width) }
}

extension FeedForwardBlock {
  fileprivate var floats: Double { Double(intermediate.outputs) }
}

extension Encoder {
  /// Of a sequence of `rows` rows without the prompt's, of which `read` leave the last layer (nil: all).
  func memory(rows: Double, read: Double?, embeddingsTrained: Bool) -> StepMemory {
    let rows = rows + Double(prompt?.shape[0] ?? 0)
    let lowest = embeddingsTrained ? 0 : lowestTrained ?? layers.count
    var kept = 0.0
    // The most of any layer, on the way forward and back.
    var (again, forward, back) = (0.0, 0.0, 0.0)
    for (index, layer) in layers.enumerated() {
      let last = index == layers.count - 1 ? read ?? rows : rows
      kept += last * Double(width)
      let own = layer.memory(rows: rows, read: last)
      let isKept = index >= lowest && !recomputesActivations
      if isKept { kept += own.kept } else { again = max(again, own.kept) }
      forward = max(forward, own.forward)
      if index >= lowest { back = max(back, own.back) }
    }
    // Gradients of what enters and leaves a layer.
    if lowest < layers.count { kept += 2 * rows * Double(width) }
    return StepMemory(kept: 4 * kept, passing: 4 * (again + max(forward, back)))
  }
}

extension TextTower {
  /// Of a text of `tokens` tokens, start and end among them, of which `outputs` are read.
  public func memory(tokens: Int, reading outputs: OutputRows) -> StepMemory {
    let text = [Int32](repeating: 0, count: tokens)
    let read = stateRows(of: text, at: encoder.layers.count, reading: outputs)
    var memory = encoder.memory(
      rows: Double(tokens), read: read < tokens ? Double(read) : nil,
      embeddingsTrained: embeddingsTrained)
    // Embedded, and normalized.
    memory.kept += 8 * Double(tokens * width)
    return memory
  }
}

extension ImageTower {
  /// Of one picture.
  public var memory: StepMemory {
    let patches = Double(configuration.patches)
    let rows = patches + Double(prefix.count)
    var memory = encoder.memory(
      rows: rows, read: pooling == .cls ? 1 : nil, embeddingsTrained: embeddingsTrained)
    // Pixels as they lie and by patch; patches projected, and with their places.
    let pixels = Double(configuration.channels * configuration.imageSize * configuration.imageSize)
    memory.kept += 4 * (2 * pixels + (patches + rows) * Double(width))
    return memory
  }
}
