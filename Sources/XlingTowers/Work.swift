import XlingTensor

/// Multiplications and additions of products for one input of a tower: [a, b] times [b, c] counts 2abc. Dense
/// layers, attention's products and what methods insert count; norms, activations, softmax and a folder's own
/// head behind the pooling do not. What is computed twice to save memory counts once.
public struct Work: Sendable, Equatable {
  public var forward = 0.0
  /// Gradients of what is trained, and of what enters a layer down to the lowest that needs it.
  public var backward = 0.0

  public init(forward: Double = 0, backward: Double = 0) {
    (self.forward, self.backward) = (forward, backward)
  }

  public var total: Double { forward + backward }

  public static func + (one: Work, other: Work) -> Work {
    Work(forward: one.forward + other.forward, backward: one.backward + other.backward)
  }

  public static func += (one: inout Work, other: Work) { one = one + other }
}

extension Linear {
  /// Of `rows` rows; back, where `goesBack`, the weight's gradient if it is trained, and the input's if
  /// `toInput`.
  public func work(rows: Double, goesBack: Bool, toInput: Bool) -> Work {
    func product(_ parameter: Parameter) -> Double { 2 * rows * Double(parameter.count) }
    let whole = product(weight)
    var work = Work(forward: whole)
    if goesBack { work.backward = (weight.isTrainable ? whole : 0) + (toInput ? whole : 0) }
    guard let lowRank else { return work }
    let (down, up) = (product(lowRank.down), product(lowRank.up))
    work.forward += down + up
    // B's gradient needs x Aᵀ once more, which is not counted again.
    if goesBack { work.backward += 2 * up + down + (toInput ? down : 0) }
    return work
  }
}

extension EncoderLayer {
  /// Of a sequence of `rows` rows, of which `read` leave the layer. `goesBack`: the way back comes to this
  /// layer; `toInput`: and goes on below it. The conditions are those of ``backward(_:_:dy:dx:in:)``.
  func work(rows: Double, read: Double, goesBack: Bool, toInput: Bool) -> Work {
    let isPost = arrangement == .postNorm
    let inAttention = attention.isTrainable || adapters[.attention] != nil
    let throughFeedForward =
      !isPost || toInput || inAttention || attentionNorm?.isTrainable == true
    let toAttention =
      toInput || inAttention
      || (!isPost && (attentionNorm?.isTrainable == true || attentionScale?.isTrainable == true))
    var work = feedForward.work(rows: read, goesBack: goesBack, toInput: throughFeedForward)
    // The way back of a pre-norm layer's attention always goes to its norm.
    work += attention.work(
      rows: rows, read: read, goesBack: goesBack && toAttention, toInput: toInput || !isPost)
    for (site, adapter) in adapters {
      let row = site == .attention && !isPost ? rows : read
      let forward = row * adapter.workOfRow
      // Gradients of its weights and of its input, always.
      work += Work(forward: forward, backward: goesBack ? 2 * forward : 0)
    }
    return work
  }
}

extension FeedForwardBlock {
  fileprivate func work(rows: Double, goesBack: Bool, toInput: Bool) -> Work {
    let inner = innerIsTrainable || toInput
    var work = output.work(rows: rows, goesBack: goesBack, toInput: inner)
    for dense in [intermediate, factor].compactMap({ $0 }) {
      work += dense.work(rows: rows, goesBack: goesBack && inner, toInput: toInput)
    }
    return work
  }
}

extension SelfAttentionBlock {
  fileprivate func work(rows: Double, read: Double, goesBack: Bool, toInput: Bool) -> Work {
    let projections = [query, key, value]
    let inner = projections.contains(where: \.isTrainable) || toInput
    let asking = readsAlone ? read : rows
    var work = output.work(rows: read, goesBack: goesBack, toInput: inner)
    work += query.work(rows: asking, goesBack: goesBack && inner, toInput: toInput)
    for dense in [key, value] {
      work += dense.work(rows: rows, goesBack: goesBack && inner, toInput: toInput)
    }
    // Scores, and weights times values, of all queries; back the gradients of weights, values, queries and keys.
    let product = 2 * asking * rows * Double(width)
    work += Work(forward: 2 * product, backward: goesBack && inner ? 4 * product : 0)
    return work
  }
}

extension Encoder {
  /// Of a sequence of `rows` rows without the prompt's, of which `read` leave the last layer (nil: all).
  func work(rows: Double, read: Double?, embeddingsTrained: Bool) -> Work {
    let rows = rows + Double(prompt?.shape[0] ?? 0)
    let lowest = embeddingsTrained ? 0 : lowestTrained ?? layers.count
    let toEmbeddings = embeddingsTrained || prompt?.isTrainable == true
    return layers.indices.reduce(Work()) { sum, index in
      sum
        + layers[index].work(
          rows: rows, read: index == layers.count - 1 ? read ?? rows : rows,
          goesBack: index >= lowest, toInput: index > lowest || toEmbeddings)
    }
  }
}

extension TextTower {
  /// Of a text of `tokens` tokens, start and end among them, of which `outputs` are read.
  public func work(tokens: Int, reading outputs: OutputRows) -> Work {
    let text = [Int32](repeating: 0, count: tokens)
    let read = stateRows(of: text, at: encoder.layers.count, reading: outputs)
    return encoder.work(
      rows: Double(tokens), read: read < tokens ? Double(read) : nil,
      embeddingsTrained: embeddingsTrained)
  }
}

extension ImageTower {
  /// Of one picture.
  public var work: Work {
    let patches = Double(configuration.patches)
    return patchProjection.work(rows: patches, goesBack: embeddingsTrained, toInput: false)
      + encoder.work(
        rows: patches + Double(prefix.count), read: pooling == .cls ? 1 : nil,
        embeddingsTrained: embeddingsTrained)
  }
}
