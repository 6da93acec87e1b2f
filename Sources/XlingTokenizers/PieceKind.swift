/// What a piece of a vocabulary is.
public enum PieceKind: Sendable, Equatable {
  case text
  /// One byte of a character that has no piece.
  case byte
  /// Frames, fills, hides or stands for unknown text, or waits to be used: no part of a language.
  case special
}

extension PieceKind {
  /// By a piece's text and the special tokens: what a vocabulary without types can tell. `[unused12]` and
  /// `<unused12>` are names that BERT and its heirs give to free places.
  static func of(
    _ piece: [UInt8], _ id: Int32, special: SpecialTokens, hasBytes: Bool
  ) -> PieceKind {
    if id == special.unknown || special.all.contains(id) { return .special }
    if hasBytes, isByte(piece) { return .byte }
    return isUnused(piece) ? .special : .text
  }

  /// `<0x00>` to `<0xFF>`.
  private static func isByte(_ piece: [UInt8]) -> Bool {
    piece.count == 6 && piece.starts(with: Array("<0x".utf8)) && piece[5] == UInt8(ascii: ">")
      && piece[3...4].allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x46).contains($0)
      }
  }

  private static func isUnused(_ piece: [UInt8]) -> Bool {
    guard piece.count > 8, let first = piece.first, let last = piece.last,
      first == UInt8(ascii: "[") && last == UInt8(ascii: "]")
        || first == UInt8(ascii: "<") && last == UInt8(ascii: ">"),
      piece.dropFirst().starts(with: Array("unused".utf8))
    else { return false }
    return piece[7..<(piece.count - 1)].allSatisfy { (0x30...0x39).contains($0) }
  }
}
