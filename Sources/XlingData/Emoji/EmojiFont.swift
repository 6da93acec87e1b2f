import CTextRendering
import Foundation
import XlingCore

/// NotoColorEmoji: Unicode sequences to colour bitmaps, 136 x 128 pixels each.
///
/// HarfBuzz shapes first, so that joined sequences, flags and presentation selectors become the
/// one glyph that stands for them. Safe to share: calls wait for one another.
public final class EmojiFont: @unchecked Sendable {
  public let path: String
  private let font: OpaquePointer
  private let lock = NSLock()

  public static let defaultPath = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"

  /// `path`, else `XLING_EMOJI_FONT`, else the Debian package's file. Throws
  /// ``ImageFailure/fontMissing(searched:)`` or ``ImageFailure/fontUnusable(path:reason:)``.
  public init(path: String? = nil) throws(ImageFailure) {
    let named = path ?? ProcessInfo.processInfo.environment["XLING_EMOJI_FONT"]
    let chosen = named ?? Self.defaultPath
    guard FileManager.default.fileExists(atPath: chosen) else {
      throw .fontMissing(searched: [chosen])
    }
    var message = [CChar](repeating: 0, count: 256)
    guard let font = xling_font_open(chosen, &message, message.count) else {
      let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .fontUnusable(path: chosen, reason: String(decoding: reason, as: UTF8.self))
    }
    self.path = chosen
    self.font = font
  }

  deinit { xling_font_close(font) }

  /// The bitmap of a sequence with straight alpha; nil when it does not resolve to exactly one
  /// glyph with a colour bitmap.
  public func glyph(for sequence: String) -> RGBAPicture? {
    lock.lock()
    defer { lock.unlock() }
    guard let id = identifier(sequence) else { return nil }
    var width: Int32 = 0
    var height: Int32 = 0
    guard xling_font_load(font, id, &width, &height) == 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(width) * Int(height) * 4)
    xling_font_copy(font, &bytes)
    Self.straighten(&bytes)
    return RGBAPicture(width: Int(width), height: Int(height), pixels: bytes)
  }

  /// The glyph that a sequence becomes, so that two spellings of one picture can be told equal;
  /// nil when it is not exactly one glyph.
  public func glyphIdentifier(for sequence: String) -> UInt32? {
    lock.lock()
    defer { lock.unlock() }
    return identifier(sequence)
  }

  private func identifier(_ sequence: String) -> UInt32? {
    var text = sequence
    var id: UInt32 = 0
    let count = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        xling_font_shape(font, $0.baseAddress, Int32($0.count), &id)
      }
    }
    return count == 1 && id != 0 ? id : nil
  }

  /// Premultiplied B G R A to straight R G B A, rounded to the nearest.
  private static func straighten(_ bytes: inout [UInt8]) {
    for start in stride(from: 0, to: bytes.count, by: 4) {
      let (blue, green, red) = (bytes[start], bytes[start + 1], bytes[start + 2])
      let alpha = Int(bytes[start + 3])
      func straight(_ value: UInt8) -> UInt8 {
        alpha == 0 ? 0 : UInt8(min(255, (Int(value) * 255 + alpha / 2) / alpha))
      }
      bytes[start] = straight(red)
      bytes[start + 1] = straight(green)
      bytes[start + 2] = straight(blue)
    }
  }
}
