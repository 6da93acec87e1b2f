import Foundation
import XlingCore

/// Unigram and BPE models that were converted from SentencePiece. They are encoded as SentencePiece
/// encodes them, with Hugging Face's offsets; where its own pipeline cuts otherwise (ties in float64,
/// whole graphemes in its charsmap), it is SentencePiece that the model was trained with.
extension TokenizerJSON {
  func sentencePiece(_ parts: SentencePieceModel) throws -> FramedTokenizer {
    var model = parts
    let space = try JSONSpaces(self)
    model.charsmap = space.charsmap
    model.removesExtraWhitespace = space.removesExtra
    model.addsDummyPrefix = space.prefix != .never
    model.escapesWhitespace = true
    var whole = try SentencePieceTokenizer(model, maximumLength: maximumLength, file: file)
    whole.spans = space.splitsWords ? .words : .huggingFace
    let inner = space.prefix == .first ? whole.withoutDummyPrefix() : nil
    let unknown = model.kinds.firstIndex(of: .unknown).map(Int32.init)
    return FramedTokenizer(
      model: whole, inner: inner, addedTokens: AddedTokens(addedTokens.map(\.token)),
      addedPieces: try addedPieces(model), special: specialTokens(unknown: unknown),
      contentHash: contentHash, maximumLength: maximumLength)
  }

  private func addedPieces(_ model: SentencePieceModel) throws(TokenizerFailure) -> [[UInt8]] {
    var added: [[UInt8]] = []
    for token in addedTokens.sorted(by: { $0.id < $1.id }) {
      let id = Int(token.id)
      let text = String(decoding: token.utf8, as: UTF8.self)
      if id < model.count {
        guard model.piece(id) == token.utf8 else {
          throw bad("added_tokens", "the piece \(id) to be \"\(text)\"", .string(model.piece(id)))
        }
      } else if id == model.count + added.count {
        added.append(token.utf8)
      } else {
        throw bad(
          "added_tokens", "the id \(model.count + added.count) for \"\(text)\"", .number(Double(id))
        )
      }
    }
    return added
  }

  /// Throws ``TokenizerFailure``.
  func unigramModel(_ model: JSONNode) throws(TokenizerFailure) -> SentencePieceModel {
    guard case .array(let entries) = model["vocab"], !entries.isEmpty else {
      throw bad("model.vocab", "a list of pieces and scores", model["vocab"])
    }
    guard let unknown = model["unk_id"]?.integer, entries.indices.contains(unknown) else {
      throw bad("model.unk_id", "the number of a piece", model["unk_id"])
    }
    var result = SentencePieceModel()
    result.algorithm = .unigram
    result.byteFallback = model["byte_fallback"] == .bool(true)
    for (id, entry) in entries.enumerated() {
      guard case .array(let pair) = entry, pair.count == 2, case .string(let piece) = pair[0],
        case .number(let score) = pair[1], abs(score) < 1e30
      else { throw bad("model.vocab[\(id)]", "a piece and its score", entry) }
      try add(piece, Float(score), id == unknown, to: &result)
    }
    try checkBytePieces(result)
    return result
  }

  func add(
    _ piece: [UInt8], _ score: Float, _ isUnknown: Bool, to model: inout SentencePieceModel
  ) throws(TokenizerFailure) {
    guard (1...PackedPieces.maximumBytes).contains(piece.count) else {
      throw bad(
        "model.vocab", "pieces of 1 to \(PackedPieces.maximumBytes) bytes", .string(piece))
    }
    let kind: SentencePieceModel.Kind =
      if isUnknown {
        .unknown
      } else if addedTokens.contains(where: { Int($0.id) == model.count }) {
        .control
      } else if model.byteFallback, Self.isBytePiece(piece) {
        .byte
      } else {
        .normal
      }
    model.append(piece, score: score, kind: kind)
  }

  /// `<0xHH>`.
  private static func isBytePiece(_ piece: [UInt8]) -> Bool {
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece[5] == UInt8(ascii: ">") else {
      return false
    }
    return UInt8(String(decoding: piece[3..<5], as: UTF8.self), radix: 16) != nil
  }

  func checkBytePieces(_ model: SentencePieceModel) throws(TokenizerFailure) {
    let found = model.kinds.count { $0 == .byte }
    if model.byteFallback && found != 256 {
      throw bad("model.vocab", "256 pieces from <0x00> to <0xFF>", .number(Double(found)))
    }
  }
}
