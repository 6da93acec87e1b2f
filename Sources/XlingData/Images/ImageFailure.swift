import CImageCodecs
import Foundation
import XlingCore

/// What a file is, by its first bytes.
public enum PictureKind: String, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"
  case gif = "GIF"
  case webp = "WebP"
  case bmp = "BMP"
  case tiff = "TIFF"

  /// Throws ``ImageFailure/empty(path:)``, ``ImageFailure/notAPicture(path:begins:)`` or
  /// ``ImageFailure/unsupported(path:kind:)``.
  static func recognize(_ data: Data, name: String) throws(ImageFailure) -> PictureKind {
    guard !data.isEmpty else { throw .empty(path: name) }
    let head = [UInt8](data.prefix(16))
    guard let kind = of(head) else { throw .notAPicture(path: name, begins: spelled(head)) }
    guard kind == .jpeg || kind == .png else { throw .unsupported(path: name, kind: kind) }
    return kind
  }

  static func of(_ head: [UInt8]) -> PictureKind? {
    if head.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
    if head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return .png }
    if head.starts(with: "GIF8".utf8) { return .gif }
    if head.starts(with: "RIFF".utf8), head.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
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

/// Errors of pictures and of the emoji font.
public enum ImageFailure: Failure, Equatable {
  case empty(path: String)
  case notAPicture(path: String, begins: String)
  case unsupported(path: String, kind: PictureKind)
  case truncated(path: String, kind: PictureKind, reason: String)
  case corrupt(path: String, kind: PictureKind, reason: String)
  case tooLarge(path: String, width: UInt64, height: UInt64)
  case outOfMemory(path: String)
  case cannotEncode(kind: PictureKind, reason: String)
  case fontMissing(searched: [String])
  case fontUnusable(path: String, reason: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .fontMissing: .missingInput
    case .cannotEncode, .outOfMemory: .internal
    default: .badData
    }
  }

  public var description: String {
    switch self {
    case .empty(let path):
      "\(path) is empty (0 bytes); expected a JPEG or PNG picture. Fetch it again."
    case .notAPicture(let path, let begins):
      "\(path) is not a picture: expected JPEG or PNG, found a file that begins \(begins)."
    case .unsupported(let path, let kind):
      "\(path) is a \(kind.rawValue) picture; only JPEG and PNG are read. Convert it."
    case .truncated(let path, let kind, let reason):
      "\(path) is a truncated \(kind.rawValue) picture: \(reason). Fetch it again."
    case .corrupt(let path, let kind, let reason):
      "\(path) is a damaged \(kind.rawValue) picture: \(reason). Fetch it again."
    case .tooLarge(let path, let width, let height):
      "\(path) says it has \(width) x \(height) pixels; more than \(Picture.pixelLimit) are refused "
        + "as a decompression bomb. Make the picture smaller."
    case .outOfMemory(let path): "there is not enough memory to decode \(path)."
    case .cannotEncode(let kind, let reason): "cannot encode a \(kind.rawValue) picture: \(reason)"
    case .fontMissing(let searched):
      "the emoji font NotoColorEmoji.ttf is missing (looked at \(searched.joined(separator: ", "))). "
        + "Install the Debian package fonts-noto-color-emoji, or name the file in XLING_EMOJI_FONT."
    case .fontUnusable(let path, let reason):
      "\(path) cannot be used as the emoji font: \(reason). Expected NotoColorEmoji.ttf with colour "
        + "bitmaps, from the Debian package fonts-noto-color-emoji."
    }
  }

  /// nil when the codec succeeded.
  init?(_ image: xling_image, kind: PictureKind, name: String) {
    switch Int(image.code) {
    case XLING_IMAGE_OK: return nil
    case XLING_IMAGE_TRUNCATED:
      self = .truncated(path: name, kind: kind, reason: Self.message(of: image))
    case XLING_IMAGE_TOO_LARGE:
      self = .tooLarge(path: name, width: image.width, height: image.height)
    case XLING_IMAGE_NO_MEMORY: self = .outOfMemory(path: name)
    default: self = .corrupt(path: name, kind: kind, reason: Self.message(of: image))
    }
  }

  static func message(of image: xling_image) -> String {
    var message = image.message
    return withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
