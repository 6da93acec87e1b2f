import Foundation
import XlingCore

/// RandAugment (Cubuk et al. 2020) with the operations that LilT takes from ALBEF: a number of
/// random ones, each applied with probability one half, at one magnitude out of ten. Warps and
/// filters are those of their OpenCV 4.5.5, to the bit.
public struct RandAugment: Sendable, Equatable {
  public enum Operation: String, Sendable, CaseIterable {
    case identity = "Identity"
    case autoContrast = "AutoContrast"
    case equalize = "Equalize"
    case brightness = "Brightness"
    case sharpness = "Sharpness"
    case shearX = "ShearX"
    case shearY = "ShearY"
    case translateX = "TranslateX"
    case translateY = "TranslateY"
    case rotate = "Rotate"
  }

  /// What eight-bit numbers do that leave their range.
  public enum Arithmetic: String, Codable, Sendable {
    /// They end at 0 and 255.
    case clipped
    /// They wrap around, as LilT's code lets them: a sharpened edge may flip, and an automatic
    /// contrast turns every channel white whose least value is not 0, nearly always.
    case lilt
  }

  public var operations: [Operation]
  /// Operations drawn a picture, with replacement.
  public var count: Int
  /// 0...10.
  public var magnitude: Double
  public var arithmetic: Arithmetic

  /// Two of ten operations at magnitude 7.
  public init(
    operations: [Operation] = Operation.allCases, count: Int = 2, magnitude: Double = 7,
    arithmetic: Arithmetic = .clipped
  ) {
    precondition(!operations.isEmpty && count >= 0 && 0...10 ~= magnitude)
    self.operations = operations
    self.count = count
    self.magnitude = magnitude
    self.arithmetic = arithmetic
  }

  public func apply(to picture: Picture, stream: inout RandomStream) -> Picture {
    var result = picture
    let drawn = (0..<count).map { _ in operations[stream.index(operations.count)] }
    for operation in drawn where stream.uniform() <= 0.5 {
      result = result.augmented(
        operation, strength(operation, stream: &stream), arithmetic: arithmetic)
    }
    return result
  }

  /// The operation's argument at this magnitude: a factor, a slope, pixels or degrees; those of the
  /// four directions get a random sign.
  func strength(_ operation: Operation, stream: inout RandomStream) -> Double {
    let level = magnitude / 10
    switch operation {
    case .identity, .autoContrast, .equalize: return 0
    case .brightness, .sharpness: return level * 1.8 + 0.1
    case .shearX, .shearY: return signed(level * 0.3, &stream)
    case .translateX, .translateY: return signed(level * 10, &stream)
    case .rotate: return signed(level * 30, &stream)
    }
  }

  private func signed(_ value: Double, _ stream: inout RandomStream) -> Double {
    stream.uniform() > 0.5 ? -value : value
  }
}

extension Picture {
  /// One operation with its argument, which the first three do not have: the factor of brightness
  /// and sharpness, the slope of a shear, pixels of a translation, degrees of a rotation against
  /// the clock. What comes from outside the picture is the grey 128.
  public func augmented(
    _ operation: RandAugment.Operation, _ strength: Double = 0,
    arithmetic: RandAugment.Arithmetic = .clipped
  ) -> Picture {
    // Shears and translations go through single precision, a rotation does not.
    let single = Double(Float(strength))
    return switch operation {
    case .identity: self
    case .autoContrast: mapped { Self.stretching($0, arithmetic) }
    case .equalize: mapped { Self.equalizing($0) }
    case .brightness: scaled(by: Float(strength))
    case .sharpness: sharpened(Float(strength), arithmetic)
    case .shearX: warped(AffineMap(a: 1, b: single, c: 0, d: 0, e: 1, f: 0))
    case .shearY: warped(AffineMap(a: 1, b: 0, c: 0, d: single, e: 1, f: 0))
    case .translateX: warped(AffineMap(a: 1, b: 0, c: -single, d: 0, e: 1, f: 0))
    case .translateY: warped(AffineMap(a: 1, b: 0, c: 0, d: 0, e: 1, f: -single))
    case .rotate: warped(AffineMap(rotating: strength, width: width, height: height))
    }
  }

  /// Each channel through a table of 256 values made from its histogram.
  private func mapped(_ table: (_ histogram: [Int]) -> [UInt8]) -> Picture {
    var result = self
    for channel in 0..<3 {
      var histogram = [Int](repeating: 0, count: 256)
      for index in stride(from: channel, to: pixels.count, by: 3) {
        histogram[Int(pixels[index])] += 1
      }
      let values = table(histogram)
      for index in stride(from: channel, to: pixels.count, by: 3) {
        result.pixels[index] = values[Int(pixels[index])]
      }
    }
    return result
  }

  /// The least value to 0, the greatest to 255. LilT negates the least value in eight bits.
  private static func stretching(
    _ histogram: [Int], _ arithmetic: RandAugment.Arithmetic
  ) -> [UInt8] {
    let low = histogram.firstIndex { $0 > 0 } ?? 0
    let high = histogram.lastIndex { $0 > 0 } ?? 255
    guard high > low else { return (0...255).map { UInt8($0) } }
    let scale = 255 / Double(high - low)
    let offset = Double(arithmetic == .lilt ? (256 - low) % 256 : -low) * scale
    return (0...255).map { UInt8(max(0, min(255, Double($0) * scale + offset))) }
  }

  /// Every value about equally often: sums of the histogram in steps of a 255th of all pixels but
  /// the greatest value's.
  private static func equalizing(_ histogram: [Int]) -> [UInt8] {
    let all = histogram.reduce(0, +)
    let step = (all - (histogram.last { $0 > 0 } ?? 0)) / 255
    guard step > 0 else { return (0...255).map { UInt8($0) } }
    var sum = step / 2
    return histogram.map { count in
      defer { sum += count }
      return UInt8(min(255, sum / step))
    }
  }

  private func scaled(by factor: Float) -> Picture {
    let table = (0...255).map { UInt8(max(0, min(255, Float($0) * factor))) }
    var result = self
    for index in pixels.indices { result.pixels[index] = table[Int(pixels[index])] }
    return result
  }

  /// Away from the mean of the 3 x 3 neighbourhood with weight 5 in the middle, of 13. The outermost
  /// pixels stay.
  private func sharpened(_ factor: Float, _ arithmetic: RandAugment.Arithmetic) -> Picture {
    guard factor != 1, width > 2, height > 2 else { return self }
    var result = self
    let row = width * 3
    for y in 1..<height - 1 {
      for index in y * row + 3..<(y + 1) * row - 3 {
        var sum = 4 * Int(pixels[index])
        for line in [index - row, index, index + row] {
          sum += Int(pixels[line - 3]) + Int(pixels[line]) + Int(pixels[line + 3])
        }
        // Never half way between two integers: 2 sum is even, 13 odd.
        let smooth = Float((2 * sum + 13) / 26)
        let sharp = Int(smooth + factor * (Float(pixels[index]) - smooth))
        result.pixels[index] =
          arithmetic == .lilt ? UInt8(truncatingIfNeeded: sharp) : UInt8(max(0, min(255, sharp)))
      }
    }
    return result
  }
}
