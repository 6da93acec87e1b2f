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
    return String(decoding: spaced(bytes, mayBeMalformed: hasBytes, cutting: .start), as: UTF8.self)
  }

  /// The byte of a piece `<0xHH>`.
  static func byte(_ piece: [UInt8]) -> UInt8? {
    guard piece.count == 6, piece[0] == UInt8(ascii: "<"), piece[1] == UInt8(ascii: "0"),
      piece[2] == UInt8(ascii: "x"), piece[5] == UInt8(ascii: ">"), let high = digit(piece[3]),
      let low = digit(piece[4])
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ letter: UInt8) -> UInt8? {
    switch letter {
    case 0x30...0x39: letter - 0x30
    case 0x41...0x46: letter - 0x37
    case 0x61...0x66: letter - 0x57
    default: nil
    }
  }

  /// Which one space goes that normalization put there.
  enum Cut { case nothing, start, end }

  /// Bytes of pieces with a space for every ▁ (E2 96 81), whatever follows it: a mark that combines with the
  /// space is no reason to leave ▁ there. Bytes that are no UTF-8 become U+FFFD.
  static func spaced(_ bytes: [UInt8], mayBeMalformed: Bool, cutting: Cut) -> [UInt8] {
    let whole = mayBeMalformed ? Array(String(decoding: bytes, as: UTF8.self).utf8) : bytes
    var text: [UInt8] = []
    text.reserveCapacity(whole.count)
    var at = 0
    while at < whole.count {
      if whole[at] == 0xE2, at + 2 < whole.count, whole[at + 1] == 0x96, whole[at + 2] == 0x81 {
        text.append(0x20)
        at += 3
      } else {
        text.append(whole[at])
        at += 1
      }
    }
    switch cutting {
    case .nothing: break
    case .start: if text.first == 0x20 { text.removeFirst() }
    case .end: if text.last == 0x20 { text.removeLast() }
    }
    return text
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
