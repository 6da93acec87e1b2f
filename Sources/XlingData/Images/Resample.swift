import Foundation

/// Antialiasing filters of Pillow's `Image.resize`.
public enum ResampleFilter: Sendable, Equatable {
  case bilinear
  /// Keys 1981 with a = -0.5.
  case bicubic

  /// Half the filter's width, in source pixels at scale 1.
  var support: Double { self == .bilinear ? 1 : 2 }

  func weight(at position: Double) -> Double {
    let x = abs(position)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}

/// A rectangle in pixels, wholly inside its picture.
public struct PixelRegion: Sendable, Equatable {
  public var left: Int
  public var top: Int
  public var width: Int
  public var height: Int

  public init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }
}

/// For every pixel of the result along one axis: where its source pixels begin, how many they
/// are, and their weights in 1 / 2^22 (Pillow's fixed point: 32 - 8 - 2 bits).
struct ResampleWeights {
  static let precision = 22

  let starts: [Int]
  let counts: [Int]
  /// result x stride
  let weights: [Int32]
  let stride: Int

  init(source: Int, result: Int, filter: ResampleFilter) {
    let scale = Double(source) / Double(result)
    let stretch = max(1, scale)
    let support = filter.support * stretch
    let stride = Int(support.rounded(.up)) * 2 + 1
    var starts: [Int] = []
    var counts: [Int] = []
    var weights = [Int32](repeating: 0, count: result * stride)
    var row = [Double](repeating: 0, count: stride)
    for index in 0..<result {
      let center = (Double(index) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let count = min(source, Int(center + support + 0.5)) - first
      var sum = 0.0
      for tap in 0..<count {
        row[tap] = filter.weight(at: (Double(tap + first) - center + 0.5) * (1 / stretch))
        sum += row[tap]
      }
      for tap in 0..<count {
        let scaled = (sum == 0 ? row[tap] : row[tap] / sum) * Double(1 << Self.precision)
        weights[index * stride + tap] = Int32(scaled + (scaled < 0 ? -0.5 : 0.5))
      }
      starts.append(first)
      counts.append(count)
    }
    self.starts = starts
    self.counts = counts
    self.weights = weights
    self.stride = stride
  }
}

extension Picture {
  /// The picture at another size, bit for bit as Pillow 3.3 to 12.1: the horizontal pass first,
  /// rounded to eight bits, then the vertical one. With `region`, that part alone is resized, as
  /// if it had been cut out before.
  public func resized(
    width newWidth: Int, height newHeight: Int, filter: ResampleFilter = .bicubic,
    region: PixelRegion? = nil
  ) -> Picture {
    precondition(newWidth > 0 && newHeight > 0)
    let part = region ?? PixelRegion(left: 0, top: 0, width: width, height: height)
    var current =
      part == PixelRegion(left: 0, top: 0, width: width, height: height)
      ? self : cropped(part)
    if part.width != newWidth {
      let weights = ResampleWeights(source: part.width, result: newWidth, filter: filter)
      current = current.horizontalPass(newWidth, weights)
    }
    if part.height != newHeight {
      let weights = ResampleWeights(source: part.height, result: newHeight, filter: filter)
      current = current.verticalPass(newHeight, weights)
    }
    return current
  }

  /// Exactly the pixels of `region`.
  public func cropped(_ region: PixelRegion) -> Picture {
    precondition(region.left >= 0 && region.left + region.width <= width)
    precondition(region.top >= 0 && region.top + region.height <= height)
    var result: [UInt8] = []
    result.reserveCapacity(region.width * region.height * 3)
    for y in region.top..<region.top + region.height {
      let start = (y * width + region.left) * 3
      result += pixels[start..<start + region.width * 3]
    }
    return Picture(width: region.width, height: region.height, pixels: result)
  }

  private func horizontalPass(_ newWidth: Int, _ axis: ResampleWeights) -> Picture {
    filled(newWidth, height, axis) { source, target, weights in
      for y in 0..<height {
        let row = source + y * width * 3
        var out = target + y * newWidth * 3
        for x in 0..<newWidth {
          var from = row + axis.starts[x] * 3
          let taps = weights + x * axis.stride
          var (red, green, blue) = (Self.half, Self.half, Self.half)
          for tap in 0..<axis.counts[x] {
            let weight = taps[tap]
            red &+= Int32(from[0]) &* weight
            green &+= Int32(from[1]) &* weight
            blue &+= Int32(from[2]) &* weight
            from += 3
          }
          out[0] = Self.clipped(red)
          out[1] = Self.clipped(green)
          out[2] = Self.clipped(blue)
          out += 3
        }
      }
    }
  }

  private func verticalPass(_ newHeight: Int, _ axis: ResampleWeights) -> Picture {
    let row = width * 3
    var sums = [Int32](repeating: 0, count: row)
    return filled(width, newHeight, axis) { source, target, weights in
      sums.withUnsafeMutableBufferPointer { sums in
        for y in 0..<newHeight {
          sums.update(repeating: Self.half)
          for tap in 0..<axis.counts[y] {
            let weight = weights[y * axis.stride + tap]
            let from = source + (axis.starts[y] + tap) * row
            for index in 0..<row { sums[index] &+= Int32(from[index]) &* weight }
          }
          let out = target + y * row
          for index in 0..<row { out[index] = Self.clipped(sums[index]) }
        }
      }
    }
  }

  private static var half: Int32 { 1 << Int32(ResampleWeights.precision - 1) }

  @inline(__always)
  private static func clipped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: max(0, min(255, sum >> Int32(ResampleWeights.precision))))
  }

  private func filled(
    _ newWidth: Int, _ newHeight: Int, _ axis: ResampleWeights,
    _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, UnsafePointer<Int32>) -> Void
  ) -> Picture {
    let count = newWidth * newHeight * 3
    let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      pixels.withUnsafeBufferPointer { source in
        axis.weights.withUnsafeBufferPointer { weights in
          if let from = source.baseAddress, let to = target.baseAddress,
            let taps = weights.baseAddress
          {
            body(from, to, taps)
          }
        }
      }
      initialized = count
    }
    return Picture(width: newWidth, height: newHeight, pixels: result)
  }
}
