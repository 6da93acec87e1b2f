import Foundation
import XlingCore

/// How the pictures of `emoji` are drawn otherwise than usual (centred on white, nine tenths of the width):
/// what a picture shows stays, its domain changes. Written "size-3"; "size" alone is level 2.
public struct EmojiShift: Sendable, Equatable, RawRepresentable {
  public enum Kind: String, Sendable, CaseIterable {
    /// What lies behind: 1 a plain colour, 2 the faint patterns of `scenes`, 3 noise and squares of strong
    /// contrast.
    case background
    /// 1, 2, 3: 60, 40 and 25 % of the width, anywhere in the picture.
    case size
    /// 1 grey, 2 grey squares of four pixels, 3 dark edges on white.
    case rendering
  }

  public static let levels = 1...3

  public let kind: Kind
  public let level: Int

  public init(_ kind: Kind, level: Int = 2) {
    precondition(Self.levels.contains(level))
    (self.kind, self.level) = (kind, level)
  }

  public init?(rawValue: String) {
    let parts = rawValue.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), let kind = Kind(rawValue: parts[0]) else { return nil }
    guard parts.count == 2 else {
      self.init(kind)
      return
    }
    guard let level = Int(parts[1]), Self.levels.contains(level), parts[1] == "\(level)" else {
      return nil
    }
    self.init(kind, level: level)
  }

  public var rawValue: String { "\(kind.rawValue)-\(level)" }

  /// Every kind at every level.
  public static let all = Kind.allCases.flatMap { kind in levels.map { EmojiShift(kind, level: $0) }
  }

  /// One emoji on a square of `side` pixels; `stream` is the picture's own.
  func draw(_ sprite: EmojiSprite, side: Int, stream: inout RandomStream) -> Picture {
    let canvas = Double(side)
    let size = canvas * (kind == .size ? [0.6, 0.4, 0.25][level - 1] : 0.9)
    // Wholly inside: a bitmap is as wide as 136 pixels and 128 high.
    let reach = (x: size / 2, y: size / 2 * 128 / 136)
    let centre =
      kind == .size
      ? (
        stream.uniform(reach.x, max(reach.x, canvas - reach.x)),
        stream.uniform(reach.y, max(reach.y, canvas - reach.y))
      ) : (canvas / 2, canvas / 2)
    let picture = SceneComposer.compose(
      width: side, height: side, background: background(side, &stream),
      placements: [
        Placement(sprite: sprite, centerX: centre.0, centerY: centre.1, size: size)
      ])
    return kind == .rendering ? rendered(picture) : picture
  }

  private func background(_ side: Int, _ stream: inout RandomStream) -> Background {
    let white = Background.Color(red: 255, green: 255, blue: 255)
    guard kind == .background else {
      return Background(first: white, second: white, pattern: .solid)
    }
    func color() -> Background.Color {
      Background.color(
        hue: stream.uniform(), saturation: stream.uniform(0.3, 0.9),
        value: stream.uniform(0.2, 1))
    }
    switch level {
    case 1:
      let plain = color()
      return Background(first: plain, second: plain, pattern: .solid)
    case 2: return .draw(canvas: side, stream: &stream)
    default:
      let (first, second) = (color(), color())
      let cells = 4 + stream.index(8)
      let pattern: Background.Pattern =
        stream.index(2) == 0
        ? .checker(side: Double(side) * stream.uniform(0.06, 0.2))
        : .noise(
          cells: cells,
          values: (0..<(cells + 1) * (cells + 1)).map { _ in UInt8(stream.index(256)) })
      return Background(first: first, second: second, pattern: pattern)
    }
  }

  private func rendered(_ picture: Picture) -> Picture {
    let (width, height) = (picture.width, picture.height)
    // Rec. 601 luma in 1/1000, as Pillow's "L".
    let grey = (0..<width * height).map { index in
      let at = 3 * index
      return
        (299 * Int(picture.pixels[at]) + 587 * Int(picture.pixels[at + 1])
        + 114 * Int(picture.pixels[at + 2]) + 500) / 1_000
    }
    let values: [Int] =
      switch level {
      case 1: grey
      case 2: Self.mosaic(grey, width, height, side: 4)
      default: Self.edges(grey, width, height)
      }
    return Picture(
      width: width, height: height,
      pixels: values.flatMap { value in
        let byte = UInt8(max(0, min(255, value)))
        return [byte, byte, byte]
      })
  }

  /// Means of squares.
  private static func mosaic(_ grey: [Int], _ width: Int, _ height: Int, side: Int) -> [Int] {
    var out = grey
    for top in stride(from: 0, to: height, by: side) {
      for left in stride(from: 0, to: width, by: side) {
        let rows = top..<min(top + side, height)
        let columns = left..<min(left + side, width)
        let sum = rows.reduce(0) { sum, y in
          columns.reduce(sum) { $0 + grey[y * width + $1] }
        }
        for y in rows {
          for x in columns { out[y * width + x] = sum / (rows.count * columns.count) }
        }
      }
    }
    return out
  }

  /// White less the length of Sobel's gradient.
  private static func edges(_ grey: [Int], _ width: Int, _ height: Int) -> [Int] {
    func at(_ x: Int, _ y: Int) -> Int {
      grey[max(0, min(height - 1, y)) * width + max(0, min(width - 1, x))]
    }
    return (0..<width * height).map { index in
      let (x, y) = (index % width, index / width)
      let dx =
        at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1)
        - at(x - 1, y - 1) - 2 * at(x - 1, y) - at(x - 1, y + 1)
      let dy =
        at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1)
        - at(x - 1, y - 1) - 2 * at(x, y - 1) - at(x + 1, y - 1)
      return 255 - Int(Double(dx * dx + dy * dy).squareRoot() / 2)
    }
  }
}
