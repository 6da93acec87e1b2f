import Foundation
import XlingCore

/// Compares the tables of pieces to ids of the files of one folder: a tokenizer.json is the truth, and
/// what lies beside it must give the same pieces the same ids. Segmentations are not compared.
struct PieceComparison {
  let json: String
  /// tokenizer.json's.
  private let tokenizer: any Tokenizer

  init(_ json: String, _ tokenizer: any Tokenizer) {
    self.json = json
    self.tokenizer = tokenizer
  }

  /// A `vocab.txt`, whose ids are its lines. Throws ``FileFailure`` or ``TokenizerFailure``.
  func check(vocabulary file: String) throws {
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(file), configuration: BertConfiguration(), file: file)
    for (id, piece) in vocabulary.pieces.enumerated() { try check(piece, Int32(id), file) }
  }

  /// A `vocab.json`.
  func check(object file: String) throws {
    guard case .object(let members) = try JSONReader.document(file) else {
      throw TokenizerFailure.badConfiguration(
        file: file, key: "(whole file)", expected: "an object from pieces to ids",
        found: "something else")
    }
    for member in members {
      try check(member.key, Int32(truncatingIfNeeded: member.value.integer ?? -1), file)
    }
  }

  /// A `.model`, whose numbers are raised by the family's shift; without a family by that of its
  /// first piece. Returns the shift.
  @discardableResult
  func check(model: SentencePieceModel, _ file: String, _ family: TokenizerFamily) throws -> Int32 {
    var shift: Int32? =
      switch family {
      case .xlmRoberta: 1
      case .camembert: 4
      case .t5, .siglip, .siglip2, .sentencePiece: 0
      default: nil
      }
    for number in 0..<model.count where model.kinds[number] == .normal {
      let piece = model.pieces[number]
      if shift == nil { shift = id(of: piece).map { $0 - Int32(number) } }
      try check(piece, Int32(number) + (shift ?? 0), file)
    }
    return shift ?? 0
  }

  private func check(
    _ piece: some Collection<UInt8>, _ id: Int32, _ file: String
  ) throws(TokenizerFailure) {
    if (0..<tokenizer.vocabularySize).contains(Int(id)), tokenizer.piece(id).elementsEqual(piece) {
      return
    }
    throw .contradiction(
      first: json, second: file,
      found: "the piece \"\(String(decoding: piece.prefix(60), as: UTF8.self))\" as "
        + "\(self.id(of: piece).map { "\($0)" } ?? "none") and as \(id)")
  }

  /// Of the last such piece, asked for once or twice a file.
  private func id(of piece: some Collection<UInt8>) -> Int32? {
    (0..<Int32(tokenizer.vocabularySize)).last { tokenizer.piece($0).elementsEqual(piece) }
  }
}
