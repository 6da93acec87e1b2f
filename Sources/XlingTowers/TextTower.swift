import Foundation
import XlingCore
import XlingTensor

/// Token ids of a batch, sequence after sequence, without padding.
public struct TokenBatch {
  public let ids: [Int32]
  public let layout: SequenceLayout
  /// Row of the token-type table for each token; nil: the first.
  public let types: [Int32]?

  public init(_ sequences: [[Int32]]) {
    ids = sequences.flatMap { $0 }
    layout = SequenceLayout(lengths: sequences.map(\.count))
    types = nil
  }

  /// Sequences padded elsewhere: tokens of `keep` 0 are attended to by none, but have their place.
  /// All lists have one number a token.
  public init(ids: [Int32], lengths: [Int], keep: [UInt8]?, types: [Int32]?) {
    precondition(types == nil || types?.count == ids.count, "a type for each token")
    self.ids = ids
    self.types = types
    layout = SequenceLayout(lengths: lengths, keep: keep)
  }
}

/// BERT's encoder (Devlin et al. 2019) and its kin RoBERTa, XLM-R, MiniLM and DistilBERT: post-LN,
/// learned positions, `[CLS]` read from the last layer without BERT's pooler. Also the encoder of T5
/// and mT5: see ``T5Parts``.
public final class TextTower: Tower {
  public let configuration: BERTConfiguration
  public let encoder: Encoder
  public let wordEmbeddings: Parameter
  /// One row of zeros, and no parameter of the tower, in T5.
  public let positionEmbeddings: Parameter
  /// One row of zeros, and no parameter of the tower, in DistilBERT and T5.
  public let tokenTypeEmbeddings: Parameter
  /// nil in T5.
  public let embeddingNorm: LayerNorm?
  /// nil in the other families.
  public let t5: T5Parts?
  /// LilT's text tower adds no token-type embeddings, not even the first type's.
  public var addsTokenTypes = true

  /// Weights zero, norms one: call ``initialize(seed:deviation:)`` or load a checkpoint.
  public init(_ configuration: BERTConfiguration) {
    self.configuration = configuration
    let width = configuration.hiddenSize
    let embedding = ParameterRole(.embedding)
    wordEmbeddings = Parameter(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, width], role: embedding)
    positionEmbeddings = Parameter(
      "embeddings.position_embeddings.weight",
      [configuration.t5 == nil ? configuration.maximumPositions : 1, width],
      role: embedding)
    tokenTypeEmbeddings = Parameter(
      "embeddings.token_type_embeddings.weight", [max(configuration.tokenTypes, 1), width],
      role: embedding)
    embeddingNorm =
      configuration.t5 == nil
      ? LayerNorm("embeddings.LayerNorm", width: width, epsilon: configuration.layerNormEpsilon)
      : nil
    t5 = configuration.t5.map { T5Parts($0, configuration) }
    encoder = Encoder(layers: [], width: width)
    for index in 0..<configuration.layers {
      encoder.append(makeLayer(named: "encoder.layer.\(index)").placed(at: index))
    }
  }

  public func makeLayer(named name: String) -> EncoderLayer {
    let layer = EncoderLayer(
      name, names: .bert(name), arrangement: t5 == nil ? .postNorm : .preNorm,
      shape: configuration.layerShape)
    layer.attention.relativePositions = t5?.relativePositions
    return layer
  }

  /// What has to be reached on the way back through all layers.
  private var lowParameters: [Parameter] {
    [wordEmbeddings] + (t5 == nil ? [positionEmbeddings] : [])
      + (configuration.tokenTypes > 0 ? [tokenTypeEmbeddings] : [])
      + (embeddingNorm?.parameters ?? []) + (t5.map { [$0.relativePositions.table] } ?? [])
  }

  public var outerParameters: [Parameter] { lowParameters + (t5?.finalNorm.parameters ?? []) }

  private var embeddingsTrained: Bool { lowParameters.contains(where: \.isTrainable) }

  /// What one forward pass leaves behind.
  public struct Activations {
    public let batch: TokenBatch
    /// Row of the position table for each token.
    let positions: [Int32]
    public let encoder: Encoder.Activations
    let dropout: RowDropout?
    /// nil in T5.
    let embeddings: LayerNorm.Saved?
    /// T5's last hidden state and what its norm keeps; nil in the other families.
    let normalized: T5Parts.Normalized?
    /// The last hidden state, [rows, width], of those rows that were to be read.
    public var hidden: Matrix { normalized?.hidden ?? encoder.hidden.last! }
  }

  /// Ids to hidden states. `training` keeps what the way back needs; `dropout` is for training alone.
  /// Sequences have 1 to `maximumTokens` tokens: the tables are read without a check of each access.
  public func forward(
    _ batch: TokenBatch, reading outputs: OutputRows = .all, dropout: TowerDropout? = nil,
    in workspace: Workspace, training: Bool
  ) -> Activations {
    let width = configuration.hiddenSize
    check(batch)
    let sum = workspace.take(batch.ids.count, width)
    let layout = batch.layout
    let positions = positions(of: batch)
    let noType = addsTokenTypes ? nil : workspace.zeros(1, width).pointer
    Parallel.ranges(batch.ids.count, grain: 256) { rows in
      for row in rows {
        let word = wordEmbeddings.value + Int(batch.ids[row]) * width
        let type = noType ?? tokenTypeEmbeddings.value + Int(batch.types?[row] ?? 0) * width
        let place = positionEmbeddings.value + Int(positions[row]) * width
        let out = sum.row(row)
        for column in 0..<width { out[column] = word[column] + type[column] + place[column] }
      }
    }
    let normal = embeddingNorm == nil ? sum : workspace.take(batch.ids.count, width)
    let saved = embeddingNorm?.forward(sum, into: normal, in: workspace)
    let rowDropout = dropout?.rows(of: layout)
    rowDropout?.embeddings()?.apply(to: normal)
    var read = outputs
    if case .pooled = outputs, t5 != nil { read = .all }
    let activations = encoder.forward(
      normal, layout, reading: read, dropout: dropout, in: workspace, training: training,
      embeddingsTrained: embeddingsTrained)
    let normalized = t5?.normalize(activations, in: workspace)
    if let normalized {
      rowDropout?.final(rows: activations.outputRows)?.apply(to: normalized.hidden)
    }
    return Activations(
      batch: batch, positions: positions, encoder: activations, dropout: rowDropout,
      embeddings: saved, normalized: normalized)
  }

  /// From 0 in BERT; in RoBERTa and XLM-R from the place behind the padding id on, and only tokens
  /// other than padding count (Liu et al. 2019's code). In T5 all share a row of zeros.
  private func positions(of batch: TokenBatch) -> [Int32] {
    guard t5 == nil else { return [Int32](repeating: 0, count: batch.ids.count) }
    let padding = Int32(configuration.paddingId)
    var positions = [Int32](repeating: padding, count: batch.ids.count)
    for sequence in 0..<batch.layout.sequences {
      let rows = Int(batch.layout.offsets[sequence])..<Int(batch.layout.offsets[sequence + 1])
      var count: Int32 = 0
      for row in rows {
        if configuration.family != .roberta {
          positions[row] = Int32(row - rows.lowerBound)
        } else if batch.ids[row] != padding {
          count += 1
          positions[row] = padding + count
        }
      }
    }
    return positions
  }

  private func check(_ batch: TokenBatch) {
    let words = Int32(configuration.vocabularySize)
    precondition(
      batch.ids.allSatisfy { $0 >= 0 && $0 < words },
      "a token id lies outside the \(words) words of the tower")
    let types = Int32(max(configuration.tokenTypes, 1))
    precondition(
      batch.types?.allSatisfy { $0 >= 0 && $0 < types } ?? true,
      "a token type lies outside the \(types) of the tower")
    let lengths = (0..<batch.layout.sequences).map(batch.layout.length)
    precondition(
      lengths.allSatisfy { $0 >= 1 && $0 <= configuration.maximumTokens },
      "a sequence is empty or longer than the \(configuration.maximumTokens) positions")
  }

  /// The `[CLS]` vectors of the last layer, [sequences, width]; T5's means. After a pass that read
  /// all rows or those that are pooled.
  public func pool(_ activations: Activations, in workspace: Workspace) -> Matrix {
    if let t5 { return t5.pool(activations.hidden, activations.encoder.layout, in: workspace) }
    return activations.encoder.firstRows(in: workspace)
  }

  /// From the gradient of the pooled vectors.
  public func backward(_ activations: Activations, dPooled: Matrix, in workspace: Workspace) {
    let dHidden =
      t5?.poolBackward(dPooled, activations.encoder.layout, in: workspace)
      ?? activations.encoder.spread(dFirst: dPooled, in: workspace)
    backward(activations, dHidden: dHidden, in: workspace)
  }

  /// From the gradient of every hidden state that was read, [rows, width].
  public func backward(_ activations: Activations, dHidden: Matrix, in workspace: Workspace) {
    let dLast =
      t5.flatMap { t5 in
        let dropout = activations.dropout?.final(rows: activations.encoder.outputRows)
        return t5.backward(activations.normalized, dHidden, dropout, in: workspace)
      } ?? dHidden
    guard
      let dNormal = encoder.backward(
        activations.encoder, dHidden: dLast, toEmbeddings: embeddingsTrained, in: workspace)
    else { return }
    activations.dropout?.embeddings()?.apply(to: dNormal)
    let tables = wordEmbeddings.isTrainable || positionEmbeddings.isTrainable
    let any = tables || tokenTypeEmbeddings.isTrainable
    guard let embeddingNorm, let saved = activations.embeddings else {
      if any { scatter(dNormal, activations) }
      return
    }
    let dSum = any ? workspace.take(dNormal.rows, width) : nil
    embeddingNorm.backward(saved, dy: dNormal, dx: dSum)
    guard let dSum else { return }
    if let gradient = tokenTypeEmbeddings.gradient, activations.batch.types == nil, addsTokenTypes {
      Elementwise.addColumnSums(dSum, into: gradient)
    }
    scatter(dSum, activations)
  }

  /// Adds each row's gradient to its word, position and type; rows meet, so this is one thread's
  /// work.
  package func scatter(_ dSum: Matrix, _ activations: Activations) {
    let batch = activations.batch
    for row in 0..<dSum.rows {
      let source = dSum.slice(rows: row..<row + 1)
      func add(to table: Parameter, at place: Int32) {
        guard let gradient = table.gradientMatrix else { return }
        Elementwise.add(source, to: gradient.slice(rows: Int(place)..<Int(place) + 1))
      }
      add(to: wordEmbeddings, at: batch.ids[row])
      add(to: positionEmbeddings, at: activations.positions[row])
      if let types = batch.types, addsTokenTypes { add(to: tokenTypeEmbeddings, at: types[row]) }
    }
  }
}
