import Foundation

/// One emoji in a scene; the first placement of a list lies at the bottom.
public struct Placement: Sendable {
  public var sprite: EmojiSprite
  /// Pixels from the picture's upper left corner.
  public var centerX: Double
  public var centerY: Double
  /// Width in pixels that the sprite's width takes.
  public var size: Double
  /// Radians, clockwise as seen.
  public var rotation: Double
  /// Mirrored left to right: for augmentation only, since some emoji hold letters.
  public var flipped: Bool

  public init(
    sprite: EmojiSprite, centerX: Double, centerY: Double, size: Double, rotation: Double = 0,
    flipped: Bool = false
  ) {
    self.sprite = sprite
    self.centerX = centerX
    self.centerY = centerY
    self.size = size
    self.rotation = rotation
    self.flipped = flipped
  }

  public init(sprite: EmojiSprite, spot: SceneLayout.Spot, flipped: Bool = false) {
    self.init(
      sprite: sprite, centerX: spot.centerX, centerY: spot.centerY, size: spot.size,
      rotation: spot.rotation, flipped: flipped)
  }
}

/// Draws scenes: a pure function of what is placed where.
public enum SceneComposer {
  /// Each emoji is mapped backwards, sampled bilinearly from the halving whose scale is nearest,
  /// and blended over what lies beneath. Parts outside the picture are cut off.
  public static func compose(
    width: Int, height: Int, background: Background, placements: [Placement]
  ) -> Picture {
    var picture = Picture(width: width, height: height)
    picture.pixels.withUnsafeMutableBufferPointer { buffer in
      guard let pixels = buffer.baseAddress else { return }
      background.render(into: pixels, width: width, height: height)
      for placement in placements { draw(placement, pixels, width, height) }
    }
    return picture
  }

  private static func draw(
    _ placement: Placement, _ pixels: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int
  ) {
    let map = InverseMap(placement)
    let box = map.box(width: width, height: height)
    map.level.pixels.withUnsafeBufferPointer { source in
      for y in box.rows {
        var (u, v) = map.start(x: box.columns.lowerBound, y: y)
        var target = pixels + (y * width + box.columns.lowerBound) * 3
        for _ in box.columns {
          if u >= 0 && v >= 0 && u < map.limitU && v < map.limitV {
            blend(bilinear(source, map.level.stride, u, v), target)
          }
          u += map.stepU
          v += map.stepV
          target += 3
        }
      }
    }
  }

  /// u, v in 1/65536 pixel. Weights have 4 bits an axis, so that four 8-bit channels in 16-bit
  /// lanes of one word never overflow. Returns the lanes R, G, B, A.
  @inline(__always)
  static func bilinear(
    _ source: UnsafeBufferPointer<UInt32>, _ stride: Int, _ u: Int, _ v: Int
  ) -> UInt64 {
    let at = (v >> 16) * stride + (u >> 16)
    let right = UInt64((u >> 12) & 15)
    let low = UInt64((v >> 12) & 15)
    let above = lanes(source[at]) &* (16 - right) &+ lanes(source[at + 1]) &* right
    let under = at + stride
    let below = lanes(source[under]) &* (16 - right) &+ lanes(source[under + 1]) &* right
    let sum = above &* (16 - low) &+ below &* low &+ 0x0080_0080_0080_0080
    return (sum >> 8) & 0x00ff_00ff_00ff_00ff
  }

  @inline(__always)
  private static func lanes(_ packed: UInt32) -> UInt64 {
    let wide = UInt64(packed)
    let halves = (wide | wide << 16) & 0x0000_ffff_0000_ffff
    return (halves | halves << 8) & 0x00ff_00ff_00ff_00ff
  }

  /// Premultiplied source over an opaque target (Porter and Duff 1984).
  @inline(__always)
  private static func blend(_ color: UInt64, _ target: UnsafeMutablePointer<UInt8>) {
    let rest = UInt32(255 - (color >> 48))
    if rest == 255 { return }
    for channel in 0..<3 {
      let product = UInt32(target[channel]) * rest + 128
      let kept = (product + product >> 8) >> 8
      let value = UInt32(truncatingIfNeeded: color >> UInt64(16 * channel)) & 255
      target[channel] = UInt8(min(255, value + kept))
    }
  }
}

/// From picture coordinates to a sprite level's, in 1/65536 pixel.
struct InverseMap {
  let level: EmojiSprite.Level
  /// Change of (u, v) for one pixel to the right; one pixel down is (-stepV, stepU), mirrored in u.
  let stepU: Int
  let stepV: Int
  let limitU: Int
  let limitV: Int
  private let placement: Placement
  private let cosine: Double
  private let sine: Double
  private let scale: Double

  init(_ placement: Placement) {
    let sprite = placement.sprite
    let shrink = Double(sprite.width) / max(1, placement.size)
    let nearest = Int(log2(max(1, shrink)).rounded())
    let level = sprite.levels[min(sprite.levels.count - 1, nearest)]
    let scale = Double(level.width) / max(1, placement.size)
    let mirror = placement.flipped ? -1.0 : 1.0
    self.level = level
    self.scale = scale
    self.placement = placement
    cosine = cos(placement.rotation)
    sine = sin(placement.rotation)
    stepU = Int((cosine * scale * mirror * 65536).rounded())
    stepV = Int((-sine * scale * 65536).rounded())
    limitU = (level.width + 1) << 16
    limitV = (level.height + 1) << 16
  }

  /// (u, v) inside the framed level at the centre of pixel (x, y).
  func start(x: Int, y: Int) -> (u: Int, v: Int) {
    let dx = Double(x) + 0.5 - placement.centerX
    let dy = Double(y) + 0.5 - placement.centerY
    let across = (cosine * dx + sine * dy) * (placement.flipped ? -scale : scale)
    let down = (cosine * dy - sine * dx) * scale
    // The frame adds one pixel; pixel centres lie at halves.
    let u = across + Double(level.width) / 2 + 0.5
    let v = down + Double(level.height) / 2 + 0.5
    return (Int((u * 65536).rounded(.down)), Int((v * 65536).rounded(.down)))
  }

  /// The pixels that the turned bitmap can touch.
  func box(width: Int, height: Int) -> (columns: Range<Int>, rows: Range<Int>) {
    let halfWidth = placement.size / 2
    let halfHeight = halfWidth * Double(level.height) / Double(level.width)
    let reachX = abs(cosine) * halfWidth + abs(sine) * halfHeight + 1
    let reachY = abs(sine) * halfWidth + abs(cosine) * halfHeight + 1
    func span(_ center: Double, _ reach: Double, _ limit: Int) -> Range<Int> {
      let low = max(0, min(limit, Int((center - reach).rounded(.down))))
      return low..<max(low, min(limit, Int((center + reach).rounded(.up))))
    }
    return (span(placement.centerX, reachX, width), span(placement.centerY, reachY, height))
  }
}

extension SceneComposer {
  /// Which `patch` x `patch` squares of the picture one emoji visibly covers, row-major,
  /// (height / patch) x (width / patch). A square counts when at least an eighth of the points
  /// probed in it, every second pixel each way, are mostly opaque.
  public static func patchesTouched(
    by placement: Placement, width: Int, height: Int, patch: Int = 16
  ) -> [Bool] {
    let (columns, rows) = (width / patch, height / patch)
    var hits = [Int](repeating: 0, count: columns * rows)
    let map = InverseMap(placement)
    let box = map.box(width: columns * patch, height: rows * patch)
    map.level.pixels.withUnsafeBufferPointer { source in
      for y in box.rows where y & 1 == 0 {
        for x in box.columns where x & 1 == 0 {
          let (u, v) = map.start(x: x, y: y)
          guard u >= 0, v >= 0, u < map.limitU, v < map.limitV else { continue }
          let alpha = bilinear(source, map.level.stride, u, v) >> 48
          if alpha > 127 { hits[y / patch * columns + x / patch] += 1 }
        }
      }
    }
    let probes = ((patch + 1) / 2) * ((patch + 1) / 2)
    return hits.map { $0 * 8 >= probes }
  }

  /// Which squares any of the emoji covers.
  public static func patchesTouched(
    _ placements: [Placement], width: Int, height: Int, patch: Int = 16
  ) -> [Bool] {
    var touched = [Bool](repeating: false, count: (width / patch) * (height / patch))
    for placement in placements {
      let own = patchesTouched(by: placement, width: width, height: height, patch: patch)
      for (index, covers) in own.enumerated() where covers { touched[index] = true }
    }
    return touched
  }
}
