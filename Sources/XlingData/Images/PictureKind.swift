import Foundation
import XlingCore

/// What a file is, by its first bytes.
public enum PictureKind: String, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"
  case webp = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"

  /// The kinds that are read, as a sentence names them.
  static let readable = "JPEG, PNG or WebP"

  /// Throws ``ImageFailure/empty(path:)``, ``ImageFailure/notAPicture(path:begins:)``,
  /// ``ImageFailure/foreign(path:found:)`` or ``ImageFailure/unsupported(path:kind:)``.
  static func recognize(_ data: Data, name: String) throws(ImageFailure) -> PictureKind {
    guard !data.isEmpty else { throw .empty(path: name) }
    let head = [UInt8](data.prefix(16))
    guard let kind = of(head) else {
      if let found = ForeignFile(head: data.prefix(ForeignFile.headCount)) {
        throw .foreign(path: name, found: found)
      }
      throw .notAPicture(path: name, begins: spelled(head))
    }
    switch kind {
    case .jpeg, .png, .webp: return kind
    case .gif, .bmp, .tiff: throw .unsupported(path: name, kind: kind)
    }
  }

  static func of(_ head: [UInt8]) -> PictureKind? {
    if head.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
    if head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return .png }
    if head.starts(with: "RIFF".utf8), head.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
    if head.starts(with: "GIF8".utf8) { return .gif }
    if head.starts(with: "BM".utf8) { return .bmp }
    if head.starts(with: "II*\0".utf8) || head.starts(with: "MM\0*".utf8) { return .tiff }
    return nil
  }

  /// Printable ASCII as it is, everything else as hexadecimal.
  private static func spelled(_ head: [UInt8]) -> String {
    if head.allSatisfy({ (0x20..<0x7f).contains($0) }) {
      return "'" + String(decoding: head, as: UTF8.self) + "'"
    }
    return head.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      .joined(separator: " ")
  }
}
