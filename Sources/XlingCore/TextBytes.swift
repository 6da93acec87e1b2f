import Foundation

/// Text that is in no encoding that is read, or broken in the one that it is in: where, and which it
/// probably is. Bytes are never replaced: U+FFFD in a caption is another caption.
public enum TextFailure: Failure, Equatable {
  /// `line` from 1, `offset` in bytes from 0, `byte` the first that does not fit.
  case notUTF8(path: String, line: Int, offset: Int, byte: UInt8)
  /// Bytes of two or four without a mark that says so.
  case wide(path: String, encoding: String)
  case brokenUTF16(path: String, offset: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .notUTF8(let path, let line, let offset, let byte):
      "\(path), line \(line), byte \(offset): expected UTF-8, found the byte 0x"
        + String(byte, radix: 16, uppercase: true) + Self.letter(byte)
        + ". Convert the text, with its own encoding: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW."
    case .wide(let path, let encoding):
      "\(path): expected UTF-8, found text in \(encoding). "
        + "Convert it: iconv -f \(encoding) -t UTF-8 FILE > NEW."
    case .brokenUTF16(let path, let offset):
      "\(path), byte \(offset): expected UTF-16, as its mark says, found half of a letter. Get the "
        + "file again, or convert it to UTF-8."
    }
  }

  /// What the byte is in Windows-1252, the encoding that it most often is: 0x80 to 0x9F differ from
  /// Latin-1 there, and mostly are quotes and dashes.
  private static func letter(_ byte: UInt8) -> String {
    byte >= 0xA0 ? " (\"\(Unicode.Scalar(byte))\" in Latin-1 and Windows-1252)" : ""
  }
}

/// The bytes of texts, as files hold them, on their way to being texts.
public enum TextBytes {
  public static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text of a whole file as UTF-8 without a byte order mark. UTF-16 is read where its mark says so.
  /// Throws ``TextFailure``; `ForeignFileFailure` for what is no text at all.
  public static func utf8(
    _ data: Data, path: String, expected: String = "text in UTF-8"
  ) throws -> Data {
    let head = data.prefix(ForeignFile.headCount)
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      return try decodeUTF16(data, path: path)
    }
    try checkStart(head, path: path)
    if let found = ForeignFile(head: head), found.isPointer {
      throw ForeignFileFailure(path: path, expected: expected, found: found)
    }
    if let bad = firstInvalid(data) {
      if let kind = ForeignFile(head: head) {
        throw ForeignFileFailure(path: path, expected: expected, found: kind)
      }
      throw failure(data, at: bad, path: path)
    }
    return data.starts(with: mark) ? data.dropFirst(3) : data
  }

  /// As ``utf8(_:path:expected:)``, by the first bytes alone, for readers that check the rest themselves.
  public static func told(
    _ data: Data, path: String, expected: String = "text in UTF-8"
  ) throws -> Data {
    let head = data.prefix(ForeignFile.headCount)
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      return try decodeUTF16(data, path: path)
    }
    try checkStart(head, path: path)
    if let found = ForeignFile(head: head) {
      throw ForeignFileFailure(path: path, expected: expected, found: found)
    }
    return data
  }

  /// Refuses UTF-16 and UTF-32 that no mark tells: as UTF-8 they are valid, with a zero beside each letter.
  public static func checkStart(_ head: some Collection<UInt8>, path: String) throws(TextFailure) {
    let head = [UInt8](head.prefix(64))
    if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) {
      throw .wide(path: path, encoding: "UTF-32")
    }
    guard head.count >= 4, head.contains(0) else { return }
    let pairs = head.count / 2
    let odd = (0..<pairs).count { head[2 * $0 + 1] == 0 && head[2 * $0] != 0 }
    let even = (0..<pairs).count { head[2 * $0] == 0 && head[2 * $0 + 1] != 0 }
    if odd * 10 > pairs * 7 { throw .wide(path: path, encoding: "UTF-16LE") }
    if even * 10 > pairs * 7 { throw .wide(path: path, encoding: "UTF-16BE") }
  }

  /// Whether bytes are UTF-8; throws the place of the first that is not. `line` and `offset` are those of
  /// the first byte, where `bytes` are a part of a longer text.
  public static func check(
    _ bytes: UnsafeRawBufferPointer, path: String, line: Int = 1, offset: Int = 0
  ) throws(TextFailure) {
    guard let bad = firstInvalid(bytes) else { return }
    throw .notUTF8(
      path: path, line: line + bytes[..<bad].count { $0 == 0x0A }, offset: offset + bad,
      byte: bytes[bad])
  }

  private static func failure(_ data: Data, at bad: Int, path: String) -> TextFailure {
    data.withUnsafeBytes { bytes in
      .notUTF8(
        path: path, line: bytes[..<bad].count { $0 == 0x0A } + 1, offset: bad, byte: bytes[bad])
    }
  }

  public static func firstInvalid(_ data: Data) -> Int? {
    data.withUnsafeBytes { firstInvalid($0) }
  }

  /// The first byte of the first sequence that table 3-7 of Unicode lacks; nil where all is UTF-8.
  public static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var at = 0
    let count = bytes.count
    while at < count {
      let first = bytes[at]
      if first < 0x80 {
        at += 1
        // Most text, and most of what stands between other letters, is ASCII.
        while at + 8 <= count,
          bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        { at += 8 }
        continue
      }
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      guard (0xC2...0xF4).contains(first), at + length <= count else { return at }
      let second = bytes[at + 1]
      let allowed: ClosedRange<UInt8> =
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      guard allowed.contains(second) else { return at }
      for place in at + 2..<max(at + 2, at + length) where bytes[place] & 0xC0 != 0x80 {
        return at
      }
      at += length
    }
    return nil
  }

  /// With a mark, which is left out.
  public static func decodeUTF16(_ data: Data, path: String) throws(TextFailure) -> Data {
    if data.starts(with: [0xFF, 0xFE, 0, 0]) { throw .wide(path: path, encoding: "UTF-32") }
    let isBig = data.first == 0xFE
    guard data.count % 2 == 0 else { throw .brokenUTF16(path: path, offset: data.count - 1) }
    var text = Data(capacity: data.count)
    var offset = 2
    func unit(_ at: Int) -> UInt16 {
      let (one, other) = (data[data.startIndex + at], data[data.startIndex + at + 1])
      return isBig ? UInt16(one) << 8 | UInt16(other) : UInt16(other) << 8 | UInt16(one)
    }
    while offset < data.count {
      let first = unit(offset)
      var scalar = UInt32(first)
      if UTF16.isLeadSurrogate(first) {
        guard offset + 3 < data.count, UTF16.isTrailSurrogate(unit(offset + 2)) else {
          throw .brokenUTF16(path: path, offset: offset)
        }
        scalar = 0x10000 + (scalar - 0xD800) << 10 + UInt32(unit(offset + 2)) - 0xDC00
        offset += 2
      }
      guard let scalar = Unicode.Scalar(scalar) else {
        throw .brokenUTF16(path: path, offset: offset)
      }
      text.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
      offset += 2
    }
    return text
  }
}
