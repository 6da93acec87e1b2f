/// An emoji ready to be drawn at any smaller size: the bitmap and its halvings.
///
/// Halving by 2 x 2 boxes filters once what inverse mapping would otherwise alias (mip maps,
/// Williams 1983). Colour is premultiplied by alpha, so that transparent pixels lend no colour
/// to their neighbours.
public final class EmojiSprite: Sendable {
  /// One level, framed by one transparent pixel so that sampling needs no bounds beyond a clamp.
  struct Level: Sendable {
    /// Inside the frame, in pixels.
    let width: Int
    let height: Int
    /// (height + 2) x (width + 2), R | G << 8 | B << 16 | A << 24, premultiplied.
    let pixels: [UInt32]

    var stride: Int { width + 2 }
  }

  public let width: Int
  public let height: Int
  /// The bitmap, its half, its quarter.
  let levels: [Level]

  public init(_ glyph: RGBAPicture) {
    width = glyph.width
    height = glyph.height
    var levels = [Self.premultiplied(glyph)]
    while levels.count < 3, let last = levels.last, last.width > 1, last.height > 1 {
      levels.append(Self.halved(last))
    }
    self.levels = levels
  }

  private static func premultiplied(_ glyph: RGBAPicture) -> Level {
    let stride = glyph.width + 2
    var pixels = [UInt32](repeating: 0, count: stride * (glyph.height + 2))
    for y in 0..<glyph.height {
      for x in 0..<glyph.width {
        let from = (y * glyph.width + x) * 4
        let alpha = UInt32(glyph.pixels[from + 3])
        var packed = alpha << 24
        for channel in 0..<3 {
          let value = (UInt32(glyph.pixels[from + channel]) * alpha + 127) / 255
          packed |= value << UInt32(8 * channel)
        }
        pixels[(y + 1) * stride + x + 1] = packed
      }
    }
    return Level(width: glyph.width, height: glyph.height, pixels: pixels)
  }

  private static func halved(_ level: Level) -> Level {
    let (width, height) = (level.width / 2, level.height / 2)
    var pixels = [UInt32](repeating: 0, count: (width + 2) * (height + 2))
    for y in 0..<height {
      for x in 0..<width {
        let from = (2 * y + 1) * level.stride + 2 * x + 1
        let four = [from, from + 1, from + level.stride, from + level.stride + 1]
        var packed: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
          let sum = four.reduce(UInt32(2)) { $0 + (level.pixels[$1] >> shift & 255) }
          packed |= (sum / 4) << shift
        }
        pixels[(y + 1) * (width + 2) + x + 1] = packed
      }
    }
    return Level(width: width, height: height, pixels: pixels)
  }
}
