import CPixels
import Foundation

/// The filters of Pillow's `Image.resize`; all but ``nearest`` are antialiased: they widen with the
/// scale when a picture is made smaller.
public enum ResampleFilter: String, Codable, Sendable, Equatable, CaseIterable {
  case nearest
  case box
  case bilinear
  case hamming
  /// Keys 1981 with a = -0.5.
  case bicubic
  case lanczos

  /// Half the filter's width, in source pixels at scale 1. ``nearest`` weighs nothing.
  var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  func weight(at position: Double) -> Double {
    let x = abs(position)
    switch self {
    case .nearest: return 0
    // Half open: a pixel on the border counts on one side only.
    case .box: return position > -0.5 && position <= 0.5 ? 1 : 0
    case .bilinear: return x < 1 ? 1 - x : 0
    case .hamming:
      if x == 0 { return 1 }
      // Pillow's two constants are single precision.
      let (a, b) = (Double(Float(0.54)), Double(Float(0.46)))
      return x < 1 ? sin(x * .pi) / (x * .pi) * (a + b * cos(x * .pi)) : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos:
      return position >= -3 && position < 3 ? Self.sinc(position) * Self.sinc(position / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

/// For every pixel of the result along one axis: where its source pixels begin, how many they
/// are, and their weights in 1 / 2^22 (Pillow's fixed point: 32 - 8 - 2 bits).
struct ResampleWeights {
  static let precision = 22

  private var starts: [Int32] = []
  private var counts: [Int32] = []
  /// result x stride, zero behind each count.
  private var weights: [Int32]
  private let stride: Int

  init(source: Int, result: Int, filter: ResampleFilter) {
    let scale = Double(source) / Double(result)
    let stretch = max(1, scale)
    let support = filter.support * stretch
    // The vector loops take four taps at a time.
    stride = (Int(support.rounded(.up)) * 2 + 1 + 3) / 4 * 4
    weights = [Int32](repeating: 0, count: result * stride)
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
      starts.append(Int32(first))
      counts.append(Int32(count))
    }
  }

  func withTaps<Result>(_ body: (inout xling_taps) -> Result) -> Result {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          var taps = xling_taps(
            starts: starts.baseAddress, counts: counts.baseAddress, weights: weights.baseAddress,
            results: Int32(starts.count), stride: Int32(stride))
          return body(&taps)
        }
      }
    }
  }
}
