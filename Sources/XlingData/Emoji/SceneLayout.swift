import Foundation
import XlingCore

/// Where the objects of a scene stand: at random, wholly inside, overlapping only a little.
public enum SceneLayout {
  /// Pixels and radians; `size` is the width that the emoji's 136 pixels take.
  public struct Spot: Sendable, Equatable {
    public var centerX: Double
    public var centerY: Double
    public var size: Double
    public var rotation: Double

    public init(centerX: Double, centerY: Double, size: Double, rotation: Double) {
      self.centerX = centerX
      self.centerY = centerY
      self.size = size
      self.rotation = rotation
    }
  }

  /// 20 degrees.
  public static let largestRotation = Double.pi / 9
  /// Centres keep at least this part of the sum of both radii (half the sizes) apart.
  public static let separation = 0.85

  /// Sizes in pixels on a canvas of 128.
  static func sizes(count: Int) -> ClosedRange<Double> {
    switch count {
    case ...1: 56...72
    case 2: 48...70
    case 3: 42...62
    default: 40...54
    }
  }

  /// `count` spots on a square canvas of `canvas` pixels a side. Rejection sampling with bounded
  /// tries; after each round that does not fit, all sizes shrink by a twelfth; after the last, the
  /// spots stand on a grid.
  public static func draw(count: Int, canvas: Int, stream: inout RandomStream) -> [Spot] {
    guard count > 0 else { return [] }
    let range = sizes(count: count)
    let scale = Double(canvas) / 128
    let turns = (0..<count).map { _ in stream.uniform(-largestRotation, largestRotation) }
    var lengths = (0..<count).map { _ in
      scale * stream.uniform(range.lowerBound, range.upperBound)
    }
    for _ in 0..<8 {
      if let spots = attempt(lengths, turns, Double(canvas), &stream) { return spots }
      lengths = lengths.map { $0 * 11 / 12 }
    }
    return grid(turns, Double(canvas))
  }

  private static func attempt(
    _ lengths: [Double], _ turns: [Double], _ canvas: Double, _ stream: inout RandomStream
  ) -> [Spot]? {
    var spots: [Spot] = []
    for (size, rotation) in zip(lengths, turns) {
      var placed = false
      for _ in 0..<30 where !placed {
        let reach = extent(size: size, rotation: rotation)
        let spot = Spot(
          centerX: stream.uniform(reach.x, max(reach.x, canvas - reach.x)),
          centerY: stream.uniform(reach.y, max(reach.y, canvas - reach.y)),
          size: size, rotation: rotation)
        guard spots.allSatisfy({ apart($0, spot) }) else { continue }
        spots.append(spot)
        placed = true
      }
      if !placed { return nil }
    }
    return spots
  }

  static func apart(_ one: Spot, _ other: Spot) -> Bool {
    let dx = one.centerX - other.centerX
    let dy = one.centerY - other.centerY
    let least = separation * (one.size + other.size) / 2
    return dx * dx + dy * dy >= least * least
  }

  /// Half the width and half the height of the turned bitmap's bounding box (136 x 128 upright).
  static func extent(size: Double, rotation: Double) -> (x: Double, y: Double) {
    let (half, halfHeight) = (size / 2, size / 2 * 128 / 136)
    let (c, s) = (abs(cos(rotation)), abs(sin(rotation)))
    return (half * c + halfHeight * s, half * s + halfHeight * c)
  }

  private static func grid(_ turns: [Double], _ canvas: Double) -> [Spot] {
    let side = Int(Double(turns.count).squareRoot().rounded(.up))
    let cell = canvas / Double(side)
    return turns.enumerated().map { index, rotation in
      let reach = extent(size: 1, rotation: rotation)
      return Spot(
        centerX: (Double(index % side) + 0.5) * cell,
        centerY: (Double(index / side) + 0.5) * cell,
        size: cell / (2 * max(reach.x, reach.y)), rotation: rotation)
    }
  }
}
