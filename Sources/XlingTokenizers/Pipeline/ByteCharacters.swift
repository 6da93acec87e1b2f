/// The characters that byte-level vocabularies write bytes by (Radford et al. 2019): those of Latin-1
/// that can be seen, and U+0100 and on for the others.
enum ByteCharacters {
  /// Ġ.
  static let space: UInt32 = 0x120

  /// By byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  private static let bytes: [UInt32: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

  /// How a byte is written.
  static func text(_ byte: UInt8) -> [UInt8] {
    var text: [UInt8] = []
    UTF8Scalar.append(scalars[Int(byte)], to: &text)
    return text
  }

  /// The bytes that a piece stands for; nil where it holds another character.
  static func bytes(of piece: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in String(decoding: piece, as: UTF8.self).unicodeScalars {
      guard let byte = bytes[scalar.value] else { return nil }
      result.append(byte)
    }
    return result
  }
}

/// Readable text of pieces.
enum PieceText {
  static func bytes(_ pieces: [[UInt8]]) -> String {
    String(
      decoding: pieces.flatMap { piece in
        let suffix = Array("</w>".utf8)
        let isEnd = piece.count > suffix.count && piece.suffix(suffix.count).elementsEqual(suffix)
        let inner = isEnd ? piece.dropLast(suffix.count) : piece[...]
        return (ByteCharacters.bytes(of: inner) ?? Array(inner)) + (isEnd ? [0x20] : [])
      }, as: UTF8.self)
  }

  static func marked(_ pieces: [[UInt8]], hasBytes: Bool) -> String {
    let bytes = pieces.flatMap { piece -> [UInt8] in
      if hasBytes, let byte = byte(piece) { return [byte] }
      return piece
    }
    let text = String(decoding: bytes, as: UTF8.self).replacing("\u{2581}", with: " ")
    return text.hasPrefix(" ") ? String(text.dropFirst()) : text
  }

  /// The byte of a piece `<0xHH>`.
  static func byte(_ piece: [UInt8]) -> UInt8? {
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece[5] == UInt8(ascii: ">") else {
      return nil
    }
    return UInt8(String(decoding: piece[3..<5], as: UTF8.self), radix: 16)
  }

  static func words(_ pieces: [[UInt8]]) -> String {
    var bytes: [UInt8] = []
    for piece in pieces {
      if piece.count > 2, piece[0] == 0x23, piece[1] == 0x23 {
        bytes.append(contentsOf: piece.dropFirst(2))
      } else {
        if !bytes.isEmpty { bytes.append(0x20) }
        bytes.append(contentsOf: piece)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
