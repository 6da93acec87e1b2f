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
