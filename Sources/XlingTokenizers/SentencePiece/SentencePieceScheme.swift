/// How a model's piece numbers become the ids of the towers that were trained with it.
public enum SentencePieceScheme: String, Sendable, CaseIterable {
  /// The piece's number in the file.
  case sentencepiece
  /// fairseq's: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, else the number plus 1; `<mask>` comes last
  /// (Conneau et al. 2020).
  case xlmRoberta = "xlm-roberta"
  /// fairseq's of CamemBERT: `<s>NOTUSED` 0, `<pad>` 1, `</s>NOTUSED` 2, `<unk>` 3, else the number
  /// plus 4, so that `<s>` is 5 and `</s>` 6; `<mask>` comes last (Martin et al. 2020).
  case camembert
  /// The piece's number, and 100 sentinels behind them, `<extra_id_99>` to `<extra_id_0>` (Raffel et
  /// al. 2020).
  case t5
}

/// A model's pieces under a scheme's ids.
struct SentencePieceIds: Sendable {
  let scheme: SentencePieceScheme
  private let pieces: PackedPieces
  let reader: Reader
  let special: SpecialTokens
  /// T5's; models that hold their sentinels themselves (mT5) get none.
  private let sentinelCount: Int

  /// `pieces` are the model's. Throws ``TokenizerFailure/badConfiguration(file:key:expected:found:)`` when the scheme does not
  /// fit the model.
  init(
    _ model: SentencePieceModel, pieces: PackedPieces, scheme: SentencePieceScheme, file: String
  ) throws(TokenizerFailure) {
    self.scheme = scheme
    self.pieces = pieces
    let firstPieces = (0..<min(3, model.count)).map {
      String(decoding: model.pieces[$0], as: UTF8.self)
    }
    let unknown = Int32(model.kinds.firstIndex(of: .unknown) ?? 0)
    reader =
      switch scheme {
      case .xlmRoberta: Reader(unknown: 3, shift: 1)
      case .camembert: Reader(unknown: 3, shift: 4)
      case .sentencepiece, .t5: Reader(unknown: unknown, shift: 0)
      }
    sentinelCount = Self.find("<extra_id_0>", model) == nil ? 100 : 0
    func id(_ piece: Int?) -> Int32? { piece.map(Int32.init) }
    switch scheme {
    case .sentencepiece:
      special = SpecialTokens(
        padding: id(model.paddingId), unknown: unknown, start: id(model.startId),
        end: id(model.endId), mask: Self.find("[MASK]", model) ?? Self.find("<mask>", model))
    case .xlmRoberta, .camembert:
      let names = ["<unk>", "<s>", "</s>"]
      guard firstPieces == names else {
        throw .badConfiguration(
          file: file, key: "scheme \(scheme.rawValue)",
          expected: "a model that begins with the pieces " + names.joined(separator: " "),
          found: firstPieces.joined(separator: " "))
      }
      special =
        scheme == .xlmRoberta
        ? SpecialTokens(padding: 1, unknown: 3, start: 0, end: 2, mask: Int32(model.count) + 1)
        : SpecialTokens(padding: 1, unknown: 3, start: 5, end: 6, mask: Int32(model.count) + 4)
    case .t5:
      special = SpecialTokens(
        padding: id(model.paddingId), unknown: unknown, end: id(model.endId))
    }
  }

  private static func find(_ text: String, _ model: SentencePieceModel) -> Int32? {
    model.pieces.firstIndex(of: Array(text.utf8)).map(Int32.init)
  }

  var count: Int {
    switch scheme {
    case .sentencepiece: pieces.count
    case .xlmRoberta: pieces.count + 2
    case .camembert: pieces.count + 5
    case .t5: pieces.count + sentinelCount
    }
  }

  struct Reader: BitwiseCopyable {
    let unknown: Int32
    /// What all other pieces' numbers are raised by.
    let shift: Int32

    /// The id of a piece that text can become.
    @inline(__always)
    func id(ofPiece piece: Int32, unknownPiece: Int32) -> Int32 {
      piece == unknownPiece ? unknown : piece + shift
    }
  }

  /// The number in the model of an id's piece; nil for what the scheme adds.
  func modelPiece(_ id: Int32) -> Int32? {
    switch scheme {
    case .sentencepiece, .t5: id < Int32(pieces.count) ? id : nil
    case .xlmRoberta, .camembert:
      id > reader.shift + 2 && id - reader.shift < Int32(pieces.count) ? id - reader.shift : nil
    }
  }

  func text(_ id: Int32) -> [UInt8] {
    let id = Int(id)
    switch scheme {
    case .sentencepiece: return pieces[id]
    case .xlmRoberta:
      let first = ["<s>", "<pad>", "</s>", "<unk>"]
      if id < first.count { return Array(first[id].utf8) }
      return id == pieces.count + 1 ? Array("<mask>".utf8) : pieces[id - 1]
    case .camembert:
      let first = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"]
      if id < first.count { return Array(first[id].utf8) }
      return id == pieces.count + 4 ? Array("<mask>".utf8) : pieces[id - 4]
    case .t5:
      if id < pieces.count { return pieces[id] }
      return Array("<extra_id_\(pieces.count + sentinelCount - 1 - id)>".utf8)
    }
  }
}
