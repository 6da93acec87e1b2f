import Foundation
import XlingCore

/// What lies behind the emoji of a scene: two colours and a pattern that mixes them.
public struct Background: Sendable, Equatable {
  public struct Color: Sendable, Equatable {
    public let red: UInt8
    public let green: UInt8
    public let blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  public enum Pattern: Sendable, Equatable {
    case solid
    /// Direction in radians, from the first colour to the second.
    case gradient(direction: Double)
    /// `cells` x `cells` values over the picture, smoothly joined; row-major, cells + 1 a side.
    case noise(cells: Int, values: [UInt8])
    /// Direction across the stripes in radians; the width of one stripe in pixels.
    case stripes(direction: Double, width: Double)
    /// The side of one square in pixels.
    case checker(side: Double)
  }

  public let first: Color
  public let second: Color
  public let pattern: Pattern

  public init(first: Color, second: Color, pattern: Pattern) {
    self.first = first
    self.second = second
    self.pattern = pattern
  }

  /// A background of any kind, each kind as likely as the others. `canvas` is the side of the
  /// picture in pixels, for which stripes and squares are sized.
  public static func draw(canvas: Int = 128, stream: inout RandomStream) -> Background {
    let kind = stream.index(5)
    let hue = stream.uniform()
    let saturation = stream.uniform(0, 0.6)
    let value = stream.uniform(0.3, 1)
    let side = Double(canvas)
    // Regular patterns stay faint, so that their edges do not outdo those of the objects.
    let contrast = kind >= 3 ? stream.uniform(0.04, 0.14) : stream.uniform(0.1, 0.4)
    let turn = stream.uniform(-0.12, 0.12)
    let other = value > 0.65 ? value - contrast : value + contrast
    let pattern: Pattern
    switch kind {
    case 0: pattern = .solid
    case 1: pattern = .gradient(direction: stream.uniform(0, 2 * .pi))
    case 2:
      let cells = 3 + stream.index(6)
      let values = (0..<(cells + 1) * (cells + 1)).map { _ in UInt8(stream.index(256)) }
      pattern = .noise(cells: cells, values: values)
    case 3:
      pattern = .stripes(
        direction: stream.uniform(0, .pi), width: side * stream.uniform(0.04, 0.15))
    default: pattern = .checker(side: side * stream.uniform(0.06, 0.2))
    }
    return Background(
      first: color(hue: hue, saturation: saturation, value: value),
      second: color(hue: hue + turn, saturation: saturation, value: other), pattern: pattern)
  }

  /// Hue in turns (any real number), saturation and value in 0...1.
  static func color(hue: Double, saturation: Double, value: Double) -> Color {
    func channel(_ offset: Double) -> UInt8 {
      // Smith's hexcone (1978) as one formula a channel.
      let position = (offset + hue * 6).truncatingRemainder(dividingBy: 6)
      let k = position < 0 ? position + 6 : position
      let level = value - value * saturation * max(0, min(k, 4 - k, 1))
      return UInt8(max(0, min(255, (level * 255).rounded())))
    }
    return Color(red: channel(5), green: channel(3), blue: channel(1))
  }

  /// Fills height x width x 3 bytes.
  func render(into pixels: UnsafeMutablePointer<UInt8>, width: Int, height: Int) {
    let palette = mixtures()
    switch pattern {
    case .solid:
      fill(pixels, width, height, palette) { _, _ in 0 }
    case .gradient(let direction):
      let (dx, dy) = (cos(direction), sin(direction))
      let reach = (abs(dx) * Double(width) + abs(dy) * Double(height)) / 2
      let step = 127.5 / reach
      let (cx, cy) = (Double(width) / 2, Double(height) / 2)
      fill(pixels, width, height, palette) { x, y in
        Int(127.5 + step * ((Double(x) + 0.5 - cx) * dx + (Double(y) + 0.5 - cy) * dy))
      }
    case .noise(let cells, let values):
      renderNoise(pixels, width, height, palette, cells, values)
    case .stripes(let direction, let stripe):
      let (dx, dy) = (cos(direction) / stripe, sin(direction) / stripe)
      fill(pixels, width, height, palette) { x, y in
        Int((Double(x) * dx + Double(y) * dy).rounded(.down)) & 1 * 255
      }
    case .checker(let side):
      let scale = 1 / side
      fill(pixels, width, height, palette) { x, y in
        (Int(Double(x) * scale) + Int(Double(y) * scale)) & 1 * 255
      }
    }
  }

  /// 256 x 3 bytes: from the first colour to the second.
  private func mixtures() -> [UInt8] {
    let ends = [
      (first.red, second.red), (first.green, second.green), (first.blue, second.blue),
    ]
    var palette = [UInt8](repeating: 0, count: 768)
    for step in 0..<256 {
      for (channel, end) in ends.enumerated() {
        let mixed = (255 - step) * Int(end.0) + step * Int(end.1) + 127
        palette[3 * step + channel] = UInt8(mixed / 255)
      }
    }
    return palette
  }

  /// `mixture` gives 0 (first colour) to 255 (second); it is clamped here.
  @inline(__always)
  private func fill(
    _ pixels: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int, _ palette: [UInt8],
    _ mixture: (Int, Int) -> Int
  ) {
    palette.withUnsafeBufferPointer { palette in
      var target = pixels
      for y in 0..<height {
        for x in 0..<width {
          let step = 3 * max(0, min(255, mixture(x, y)))
          target[0] = palette[step]
          target[1] = palette[step + 1]
          target[2] = palette[step + 2]
          target += 3
        }
      }
    }
  }

  /// Value noise: lattice values joined by the smoothstep polynomial.
  private func renderNoise(
    _ pixels: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int, _ palette: [UInt8],
    _ cells: Int, _ values: [UInt8]
  ) {
    let across = Self.lattice(width, cells)
    let down = Self.lattice(height, cells)
    values.withUnsafeBufferPointer { values in
      fill(pixels, width, height, palette) { x, y in
        let (column, right) = across[x]
        let (row, low) = down[y]
        let corner = row * (cells + 1) + column
        let above = Int(values[corner]) * (256 - right) + Int(values[corner + 1]) * right
        let under = corner + cells + 1
        let below = Int(values[under]) * (256 - right) + Int(values[under + 1]) * right
        return (above * (256 - low) + below * low) >> 16
      }
    }
  }

  /// For each pixel its lattice cell and the weight, of 256, of the cell's far side.
  private static func lattice(_ count: Int, _ cells: Int) -> [(Int, Int)] {
    (0..<count).map { index in
      let position = (Double(index) + 0.5) * Double(cells) / Double(count)
      let cell = min(cells - 1, Int(position))
      let t = position - Double(cell)
      return (cell, Int(t * t * (3 - 2 * t) * 256))
    }
  }
}
