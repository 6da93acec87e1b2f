import Foundation
import XlingCore
import XlingTensor

/// Token ids of a batch, sequence after sequence, without padding.
public struct TokenBatch {
  public let ids: [Int32]
  public let layout: SequenceLayout

  public init(_ sequences: [[Int32]]) {
    ids = sequences.flatMap { $0 }
    layout = SequenceLayout(lengths: sequences.map(\.count))
  }
}

/// BERT's encoder (Devlin et al. 2019): post-LN, learned positions, `[CLS]` read from the last
/// layer without BERT's pooler.
public final class TextTower: Tower {
  public let configuration: BERTConfiguration
  public let encoder: Encoder
  public let wordEmbeddings: Parameter
  public let positionEmbeddings: Parameter
  public let tokenTypeEmbeddings: Parameter
  public let embeddingNorm: LayerNorm

  /// Weights zero, norms one: call ``initialize(seed:deviation:)`` or load a checkpoint.
  public init(_ configuration: BERTConfiguration) {
    self.configuration = configuration
    let width = configuration.hiddenSize
    wordEmbeddings = Parameter(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, width])
    positionEmbeddings = Parameter(
      "embeddings.position_embeddings.weight", [configuration.maximumPositions, width])
    tokenTypeEmbeddings = Parameter(
      "embeddings.token_type_embeddings.weight", [configuration.tokenTypes, width])
    embeddingNorm = LayerNorm(
      "embeddings.LayerNorm", width: width, epsilon: configuration.layerNormEpsilon)
    encoder = Encoder(layers: [], width: width)
    for index in 0..<configuration.layers {
      encoder.append(makeLayer(named: "encoder.layer.\(index)"))
    }
  }

  public func makeLayer(named name: String) -> EncoderLayer {
    EncoderLayer(
      name, names: .bert(name), arrangement: .postNorm, shape: configuration.layerShape)
  }

  public var outerParameters: [Parameter] {
    [wordEmbeddings, positionEmbeddings, tokenTypeEmbeddings] + embeddingNorm.parameters
  }

  private var embeddingsTrained: Bool { outerParameters.contains(where: \.isTrainable) }

  /// What one forward pass leaves behind.
  public struct Activations {
    public let batch: TokenBatch
    public let encoder: Encoder.Activations
    let embeddings: LayerNorm.Saved
    /// The last layer's output, [rows, width].
    public var hidden: Matrix { encoder.hidden.last! }
  }

  /// Ids to hidden states. `training` keeps what the way back needs. Sequences have 1 to
  /// `maximumPositions` tokens: the tables are read without a check of each access.
  public func forward(_ batch: TokenBatch, in workspace: Workspace, training: Bool) -> Activations {
    let width = configuration.hiddenSize
    check(batch)
    let sum = workspace.take(batch.ids.count, width)
    let layout = batch.layout
    Parallel.ranges(layout.sequences, grain: 16) { sequences in
      for sequence in sequences {
        for position in 0..<layout.length(sequence) {
          let row = Int(layout.offsets[sequence]) + position
          let word = wordEmbeddings.value + Int(batch.ids[row]) * width
          let place = positionEmbeddings.value + position * width
          let out = sum.row(row)
          for column in 0..<width {
            out[column] = word[column] + tokenTypeEmbeddings.value[column] + place[column]
          }
        }
      }
    }
    let normal = workspace.take(batch.ids.count, width)
    let saved = embeddingNorm.forward(sum, into: normal, in: workspace)
    let activations = encoder.forward(
      normal, layout, in: workspace, training: training, embeddingsTrained: embeddingsTrained)
    return Activations(batch: batch, encoder: activations, embeddings: saved)
  }

  private func check(_ batch: TokenBatch) {
    let words = Int32(configuration.vocabularySize)
    precondition(
      batch.ids.allSatisfy { $0 >= 0 && $0 < words },
      "a token id lies outside the \(words) words of the tower")
    let lengths = (0..<batch.layout.sequences).map(batch.layout.length)
    precondition(
      lengths.allSatisfy { $0 >= 1 && $0 <= configuration.maximumPositions },
      "a sequence is empty or longer than the \(configuration.maximumPositions) positions")
  }

  /// The `[CLS]` vectors of the last layer, [sequences, width].
  public func pool(_ activations: Activations, in workspace: Workspace) -> Matrix {
    let layout = activations.encoder.layout
    let pooled = workspace.take(layout.sequences, width)
    for sequence in 0..<layout.sequences {
      pooled.row(sequence).update(
        from: activations.hidden.row(Int(layout.offsets[sequence])), count: width)
    }
    return pooled
  }

  /// From the gradient of the pooled vectors.
  public func backward(_ activations: Activations, dPooled: Matrix, in workspace: Workspace) {
    let layout = activations.encoder.layout
    let dHidden = workspace.zeros(activations.hidden.rows, width)
    for sequence in 0..<layout.sequences {
      dHidden.row(Int(layout.offsets[sequence])).update(
        from: dPooled.row(sequence), count: width)
    }
    backward(activations, dHidden: dHidden, in: workspace)
  }

  /// From the gradient of every hidden state, [rows, width].
  public func backward(_ activations: Activations, dHidden: Matrix, in workspace: Workspace) {
    guard
      let dNormal = encoder.backward(
        activations.encoder, dHidden: dHidden, toEmbeddings: embeddingsTrained, in: workspace)
    else { return }
    let tables = wordEmbeddings.isTrainable || positionEmbeddings.isTrainable
    let any = tables || tokenTypeEmbeddings.isTrainable
    let dSum = any ? workspace.take(dNormal.rows, width) : nil
    embeddingNorm.backward(activations.embeddings, dy: dNormal, dx: dSum)
    guard let dSum else { return }
    if let gradient = tokenTypeEmbeddings.gradient {
      Elementwise.addColumnSums(dSum, into: gradient)
    }
    scatter(dSum, activations.batch)
  }

  /// Adds each row's gradient to its word and position; rows meet, so this is one thread's work.
  private func scatter(_ dSum: Matrix, _ batch: TokenBatch) {
    for sequence in 0..<batch.layout.sequences {
      for position in 0..<batch.layout.length(sequence) {
        let row = Int(batch.layout.offsets[sequence]) + position
        let source = Matrix(dSum.row(row), rows: 1, columns: width)
        if let gradient = wordEmbeddings.gradientMatrix {
          Elementwise.add(source, to: gradient.slice(rows: word(batch, row)))
        }
        if let gradient = positionEmbeddings.gradientMatrix {
          Elementwise.add(source, to: gradient.slice(rows: position..<position + 1))
        }
      }
    }
  }

  private func word(_ batch: TokenBatch, _ row: Int) -> Range<Int> {
    Int(batch.ids[row])..<Int(batch.ids[row]) + 1
  }
}
