import Foundation

/// What a file really is, told by its first bytes and never by its name: what people meet in place of the
/// picture, array, table or weights that they named. Every reader looks for its own format first and asks
/// here for the words of its refusal.
public enum ForeignFile: String, Sendable, CaseIterable {
  case lfsPointer, annexPointer, html, xml, pdf, appleDouble
  case zip, gzip, bzip2, xz, zstandard, sevenZip, tar
  case heic, avif, jpegXL, jpeg2000, svg, jpeg, png, gif, webp, tiff, video
  case numpy, safetensors, hdf5, parquet, arrow, sqlite, pickle, gguf
  case utf16, utf32

  /// Text that stands for a file which was not fetched: no text that anybody means.
  public var isPointer: Bool { self == .lfsPointer || self == .annexPointer }

  /// Bytes from a file's start that are enough to tell. A tar archive is told at 257.
  public static let headCount = 512

  /// By the first bytes of a file, ``headCount`` of them where there are so many; nil for what is none of
  /// these, a text or JSON say.
  public init?(head: some Sequence<UInt8>) {
    let head = [UInt8](head.prefix(Self.headCount))
    guard
      let kind = Self.magic.first(where: { head.dropFirst($0.at).starts(with: $0.bytes) })?.kind
        ?? Self.boxed(head) ?? Self.marked(head) ?? Self.lengthPrefixed(head)
    else { return nil }
    self = kind
  }

  /// Nil also for what cannot be read: the reader says so itself.
  public init?(path: String) {
    guard let file = try? FileReader(path),
      let head = file.bytes(at: 0, count: min(file.size, Self.headCount))
    else { return nil }
    self.init(head: head)
  }

  private static let magic: [(kind: ForeignFile, at: Int, bytes: [UInt8])] = [
    (.lfsPointer, 0, Array("version https://git-lfs".utf8)),
    (.lfsPointer, 0, Array("version https://hawser".utf8)),
    (.annexPointer, 0, Array("/annex/objects/".utf8)),
    (.pdf, 0, Array("%PDF-".utf8)),
    (.appleDouble, 0, [0x00, 0x05, 0x16, 0x07]), (.appleDouble, 0, [0x00, 0x05, 0x16, 0x00]),
    (.zip, 0, [0x50, 0x4B, 0x03, 0x04]), (.zip, 0, [0x50, 0x4B, 0x05, 0x06]),
    (.gzip, 0, [0x1F, 0x8B]), (.bzip2, 0, Array("BZh".utf8)),
    (.xz, 0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
    (.zstandard, 0, [0x28, 0xB5, 0x2F, 0xFD]),
    (.sevenZip, 0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
    (.tar, 257, Array("ustar".utf8)),
    (.jpeg, 0, [0xFF, 0xD8, 0xFF]), (.png, 0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.gif, 0, Array("GIF8".utf8)), (.webp, 8, Array("WEBPVP8".utf8)),
    (.tiff, 0, [0x49, 0x49, 0x2A, 0x00]), (.tiff, 0, [0x4D, 0x4D, 0x00, 0x2A]),
    (.jpegXL, 0, [0xFF, 0x0A]),
    (.jpegXL, 0, [0, 0, 0, 12] + Array("JXL ".utf8)),
    (.jpeg2000, 0, [0, 0, 0, 12] + Array("jP  ".utf8)),
    (.jpeg2000, 0, [0xFF, 0x4F, 0xFF, 0x51]),
    (.video, 0, [0x1A, 0x45, 0xDF, 0xA3]),
    (.numpy, 0, [0x93] + Array("NUMPY".utf8)),
    (.hdf5, 0, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.parquet, 0, Array("PAR1".utf8)), (.arrow, 0, Array("ARROW1".utf8)),
    (.sqlite, 0, Array("SQLite format 3\0".utf8)), (.gguf, 0, Array("GGUF".utf8)),
    (.pickle, 0, [0x80, 0x02]), (.pickle, 0, [0x80, 0x03]), (.pickle, 0, [0x80, 0x04]),
    (.pickle, 0, [0x80, 0x05]),
    // That of UTF-32 begins with that of UTF-16.
    (.utf32, 0, [0xFF, 0xFE, 0, 0]), (.utf32, 0, [0, 0, 0xFE, 0xFF]),
    (.utf16, 0, [0xFF, 0xFE]), (.utf16, 0, [0xFE, 0xFF]),
  ]

  /// ISO base media (ISO 14496-12): a box `ftyp` with one major brand and compatible ones. AVIF and HEIC
  /// both call themselves `mif1` at times: the list then tells.
  private static func boxed(_ head: [UInt8]) -> ForeignFile? {
    guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return nil }
    let size = head[..<4].reduce(0) { $0 << 8 | Int($1) }
    let end = min(head.count, max(12, size))
    let brands = ([8] + Array(stride(from: 16, to: end - 3, by: 4))).map { at in
      String(decoding: head[at..<at + 4], as: UTF8.self)
    }
    func kind(_ brand: String) -> ForeignFile? {
      switch brand {
      case "avif", "avis": .avif
      case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs": .heic
      default: nil
      }
    }
    if let found = brands.lazy.compactMap(kind).first { return found }
    return brands.contains("mif1") || brands.contains("msf1") ? .heic : .video
  }

  /// Pages and drawings, behind a byte order mark and white space, in any case.
  private static func marked(_ head: [UInt8]) -> ForeignFile? {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = (head.starts(with: mark) ? head.dropFirst(3) : head[...])
      .drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard text.first == UInt8(ascii: "<") else { return nil }
    let lower = String(decoding: text, as: UTF8.self).lowercased()
    if lower.hasPrefix("<svg") { return .svg }
    for tag in ["<!doctype html", "<html", "<head", "<body", "<!-- "] where lower.hasPrefix(tag) {
      return .html
    }
    guard lower.hasPrefix("<?xml") || lower.hasPrefix("<!doctype") else { return nil }
    if lower.contains("<svg") { return .svg }
    return lower.contains("<html") || lower.contains("<!doctype html") ? .html : .xml
  }

  /// safetensors: eight bytes of length, and a JSON object.
  private static func lengthPrefixed(_ head: [UInt8]) -> ForeignFile? {
    guard head.count > 9, head[8] == UInt8(ascii: "{"), head[4..<8].allSatisfy({ $0 == 0 }),
      head[9] == UInt8(ascii: "\"") || head[9] == UInt8(ascii: "}")
    else { return nil }
    return .safetensors
  }
}
