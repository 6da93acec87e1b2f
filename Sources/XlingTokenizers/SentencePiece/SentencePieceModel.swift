import Foundation

/// What a SentencePiece `.model` file holds, as far as it decides how text is cut
/// (`sentencepiece_model.proto` of the reference names the fields).
public struct SentencePieceModel: Sendable, Equatable {
  public enum Algorithm: Int, Sendable, BitwiseCopyable {
    case unigram = 1
    case bpe = 2
  }

  /// A piece's type, in the file's numbers.
  public enum Kind: UInt8, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  var pieces = PieceList()
  /// Log probabilities (Unigram) or minus the rank of the merge (BPE).
  var scores: [Float] = []
  var kinds: [Kind] = []

  public var algorithm = Algorithm.unigram
  public var byteFallback = false
  /// The dummy space goes behind the text, not ahead of it.
  public var whitespaceIsSuffix = false
  /// Ids of the framing tokens; nil when the model has none.
  public var startId: Int?
  public var endId: Int?
  public var paddingId: Int?

  public var normalizerName = ""
  /// The normalization rules, compiled; empty means none.
  public var charsmap: [UInt8] = []
  public var addsDummyPrefix = true
  public var removesExtraWhitespace = true
  public var escapesWhitespace = true

  /// How the model was trained, for the file's readers; nothing here changes an encoding.
  var training: SentencePieceTrainingFields?

  public init() {}

  public var count: Int { pieces.count }

  public mutating func append(_ piece: [UInt8], score: Float, kind: Kind = .normal) {
    pieces.append(piece)
    scores.append(score)
    kinds.append(kind)
  }

  public func piece(_ id: Int) -> [UInt8] { Array(pieces[id]) }

  public func score(_ id: Int) -> Float { scores[id] }

  public func kind(_ id: Int) -> Kind { kinds[id] }

  /// ▁, U+2581, which stands for a space.
  static let space: [UInt8] = [0xE2, 0x96, 0x81]
}

/// Fields of `trainer_spec` that only tell how a model came about.
struct SentencePieceTrainingFields: Sendable, Equatable {
  var characterCoverage: Float = 0.9995
  var maximumPieceLength = 16
  var shrinkingFactor: Float = 0.75
  var subIterations = 2
}
