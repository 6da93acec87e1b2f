import CImageCodecs
import Foundation
import XlingCore

/// Errors of pictures, of how they are prepared, and of the emoji font.
public enum ImageFailure: Failure, Equatable {
  case empty(path: String)
  case notAPicture(path: String, begins: String)
  case unsupported(path: String, kind: PictureKind)
  /// Another kind of file under a picture's name.
  case foreign(path: String, found: ForeignFile)
  case truncated(path: String, kind: PictureKind, reason: String)
  case corrupt(path: String, kind: PictureKind, reason: String)
  case tooLarge(path: String, width: UInt64, height: UInt64, limit: Int)
  case outOfMemory(path: String)
  case cannotEncode(kind: PictureKind, reason: String)
  /// A `preprocessor_config.json` that asks for what is not done here, or contradicts itself.
  case badPreprocessor(path: String, key: String, expected: String, found: String)
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
      "\(path) is empty (0 bytes); expected a \(PictureKind.readable) picture. Fetch it again."
    case .notAPicture(let path, let begins):
      "\(path) is not a picture: expected \(PictureKind.readable), found a file that begins "
        + "\(begins). Fetch it again."
    case .unsupported(let path, let kind):
      "\(path) is a \(kind.rawValue) picture; only \(PictureKind.readable) are read. Convert it."
    case .foreign(let path, let found):
      "\(path): expected a \(PictureKind.readable) picture, found \(found.words). \(found.advice)"
    case .truncated(let path, let kind, let reason):
      "\(path) is a truncated \(kind.rawValue) picture: \(reason). Fetch it again."
    case .corrupt(let path, let kind, let reason):
      "\(path) is a damaged \(kind.rawValue) picture: \(reason). Fetch it again."
    case .tooLarge(let path, let width, let height, let limit):
      "\(path) says it has \(width) x \(height) pixels; more than \(limit) are refused "
        + "as a decompression bomb. Make the picture smaller."
    case .outOfMemory(let path): "there is not enough memory to decode \(path)."
    case .cannotEncode(let kind, let reason): "cannot encode a \(kind.rawValue) picture: \(reason)"
    case .badPreprocessor(let path, let key, let expected, let found):
      "\(path): \"\(key)\": expected \(expected), found \(found). Mend that entry."
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
      self = .truncated(path: name, kind: kind, reason: Self.text(image.message))
    case XLING_IMAGE_NO_MEMORY: self = .outOfMemory(path: name)
    default: self = .corrupt(path: name, kind: kind, reason: Self.text(image.message))
    }
  }

  /// A C array of characters that ends with a zero.
  static func text<Characters>(_ message: Characters) -> String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
