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

/// A text encoder: BERT's (Devlin et al. 2019) and its kin RoBERTa, XLM-R, MiniLM and DistilBERT (post-LN,
/// learned positions), the encoder of T5 and mT5 (relative positions), the text towers of CLIP and SigLIP,
/// ModernBERT and EuroBERT (rotary positions). ``BERTConfiguration`` says what each has.
///
/// What its folder declares stands in ``pooling`` and ``head``; whoever needs it otherwise sets them.
public final class TextTower: Tower {
  public let configuration: BERTConfiguration
  public let encoder: Encoder
  public let wordEmbeddings: Parameter
  /// Rows of words that a vocabulary was extended by; nil: none.
  public private(set) var addedWords: AddedWords?
  /// One row of zeros, and no parameter of the tower, where the family has no table of positions.
  public let positionEmbeddings: Parameter
  /// One row of zeros, and no parameter of the tower, where the family has no token types.
  public let tokenTypeEmbeddings: Parameter
  /// Behind the sum of the tables; nil in families without.
  public let embeddingNorm: LayerNorm?
  /// Behind the last layer; nil in families without.
  public let finalNorm: LayerNorm?
  /// One table for all layers (Raffel et al. 2020); nil in all families but T5.
  public let relativePositions: RelativePositions?
  /// By their bases, shared by layers; empty in families without rotary positions.
  private let rotations: [Double: RotaryPositions]
  /// LilT's text tower adds no token-type embeddings, not even the first type's.
  public var addsTokenTypes = true
  /// How hidden states become one vector.
  public var pooling: TextPooling
  /// Tokens at the beginning of each text that ``pooling`` leaves out: a prompt's.
  public var promptTokens = 0
  /// What follows the pooling; nil: nothing.
  public var head: TextHead?

  /// Weights zero, norms one: call ``initialize(seed:deviation:)`` or load a checkpoint.
  public init(_ configuration: BERTConfiguration) {
    self.configuration = configuration
    let width = configuration.hiddenSize
    let embedding = ParameterRole(.embedding)
    wordEmbeddings = Parameter(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, width], role: embedding)
    positionEmbeddings = Parameter(
      "embeddings.position_embeddings.weight",
      [configuration.hasPositions ? configuration.maximumPositions : 1, width], role: embedding)
    tokenTypeEmbeddings = Parameter(
      "embeddings.token_type_embeddings.weight", [max(configuration.tokenTypes, 1), width],
      role: embedding)
    embeddingNorm = configuration.embeddingNorm("embeddings.LayerNorm")
    finalNorm = configuration.finalNorm("layernorm")
    // The table lies in the first layer of a checkpoint.
    relativePositions = configuration.t5.map {
      RelativePositions(
        "encoder.layer.0.attention.relative_attention_bias", buckets: $0.buckets,
        heads: configuration.heads)
    }
    pooling = configuration.pooling
    head = configuration.head
    encoder = Encoder(layers: [], width: width)
    rotations = configuration.rotations
    for index in 0..<configuration.layers {
      let layer = makeLayer(
        named: "encoder.layer.\(index)", like: configuration.rotary?.layers[index],
        hasAttentionNorm: index > 0 || configuration.family != .modernBERT)
      encoder.append(layer.placed(at: index))
    }
  }

  /// A layer that sees the whole text, where the family has such.
  public func makeLayer(named name: String) -> EncoderLayer {
    let layers = configuration.rotary?.layers
    return makeLayer(
      named: name, like: layers?.first { $0.window == nil } ?? layers?.last, hasAttentionNorm: true)
  }

  private func makeLayer(
    named name: String, like rotary: BERTConfiguration.Rotary.Layer?, hasAttentionNorm: Bool
  ) -> EncoderLayer {
    let layer = EncoderLayer(
      name, names: .bert(name), arrangement: configuration.arrangement,
      shape: configuration.layerShape, hasAttentionNorm: hasAttentionNorm)
    layer.attention.relativePositions = relativePositions
    layer.attention.rotary = rotary.flatMap { rotations[$0.theta] }
    layer.attention.span =
      rotary?.window.map { .window(each: $0) } ?? (configuration.isCausal ? .causal : .all)
    return layer
  }

  /// What has to be reached on the way back through all layers.
  var lowParameters: [Parameter] {
    [wordEmbeddings] + (configuration.hasPositions ? [positionEmbeddings] : [])
      + (configuration.tokenTypes > 0 ? [tokenTypeEmbeddings] : [])
      + (embeddingNorm?.parameters ?? []) + (relativePositions.map { [$0.table] } ?? [])
  }

  public var outerParameters: [Parameter] {
    lowParameters + (finalNorm?.parameters ?? [])
      + (head?.isOfCheckpoint == true ? head?.parameters ?? [] : [])
  }

  public var addedParameters: [Parameter] {
    (addedWords.map { [$0.rows] } ?? [])
      + (head?.isOfCheckpoint == false ? head?.parameters ?? [] : [])
  }

  /// Words with the ids from `first` on, behind the tokenizer's own; the row of each starts as the mean of
  /// those of its parts, ids below `first`.
  public func addWords(_ parts: [[Int32]], from first: Int) {
    let added = AddedWords(parts, from: first, like: wordEmbeddings)
    added.reset(to: wordEmbeddings)
    addedWords = added
  }

  /// After the table was filled anew.
  func resetAddedWords() { addedWords?.reset(to: wordEmbeddings) }

  /// Whether learned vectors may stand behind a text: they have no place among relative positions, and
  /// behind a causal mask nobody sees them.
  public var takesPrompts: Bool { configuration.hasPositions && !configuration.isCausal }

  var embeddingsTrained: Bool {
    lowParameters.contains(where: \.isTrainable) || addedWords?.rows.isTrainable == true
  }

  /// Numbers of a text's vector: what ``pooling`` and ``head`` make of hidden states.
  public var outputWidth: Int { head?.outputs ?? width * pooling.modes.count }

  /// What one forward pass leaves behind.
  public struct Activations {
    public let batch: TokenBatch
    /// Row of the position table for each token.
    let positions: [Int32]
    public let encoder: Encoder.Activations
    let dropout: RowDropout?
    /// nil without a norm behind the embeddings.
    let embeddings: LayerNorm.Saved?
    /// The last hidden state behind the final norm and what that keeps; nil in families without one.
    let normalized: Normalized?
    /// Whether only the rows that are pooled left the last layer, one a sequence.
    let isPooled: Bool
    /// The last hidden state, [rows, width], of those rows that were to be read.
    public var hidden: Matrix { normalized?.hidden ?? encoder.hidden.last! }
  }

  struct Normalized {
    /// [rows, width]
    let hidden: Matrix
    let norm: LayerNorm.Saved
  }
}
