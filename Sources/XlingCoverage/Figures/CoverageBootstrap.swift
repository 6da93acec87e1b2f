import CKernels
import XlingCore

/// Bootstrap draws of lines (Efron 1979), shared by all figures over as many lines, so that both languages of
/// a premium see the same ones. Where blocks hold several lines, each block has a Poisson(1) weight (Hanley
/// and MacGibbon 2006; the counts of a multinomial draw of many blocks are nearly that).
public final class CoverageBootstrap: Sendable {
  public static let count = 1_000
  /// Fewer lines have no interval.
  public static let fewest = 30

  private let blocks: Int
  /// [count, blocks].
  private let weights: [UInt16]

  public init(blocks: Int, isPoisson: Bool, seed: UInt64 = 0) {
    self.blocks = blocks
    weights = [UInt16](unsafeUninitializedCapacity: Self.count * blocks) { buffer, filled in
      if let base = buffer.baseAddress {
        base.initialize(repeating: 0, count: Self.count * blocks)
        Parallel.ranges(Self.count, grain: 16) { draws in
          for draw in draws {
            var stream = RandomStream(seed: seed, "coverage", blocks, draw)
            let row = base + draw * blocks
            if isPoisson {
              for block in 0..<blocks { row[block] = Self.poisson(stream.uniform()) }
            } else {
              for _ in 0..<blocks { row[stream.index(blocks)] += 1 }
            }
          }
        }
      }
      filled = Self.count * blocks
    }
  }

  /// The draws that fit a text; nil for fewer than ``fewest`` lines.
  public convenience init?(for counts: CoverageCounts) {
    guard counts.lines >= Self.fewest, counts.blocks.count >= Self.fewest else { return nil }
    self.init(blocks: counts.blocks.count, isPoisson: counts.blocks.linesPerBlock > 1)
  }

  /// By inversion of the distribution function with mean 1.
  static func poisson(_ uniform: Double) -> UInt16 {
    var (value, term): (UInt16, Double) = (0, 0.367_879_441_171_442_33)
    var sum = term
    while uniform >= sum, value < 20 {
      value += 1
      term /= Double(value)
      sum += term
    }
    return value
  }

  /// Σ w·v of each draw; values are whole numbers, so that every way of adding is exact.
  func sums(_ values: [Int]) -> [Double] {
    precondition(values.count == blocks)
    guard let most = values.max(), let least = values.min(), most > 0 || least < 0 else {
      return [Double](repeating: 0, count: Self.count)
    }
    // A draw's weights add up to about as many as there are blocks.
    if least >= 0, most <= Int(Int16.max), most * blocks < 1 << 28 {
      return summed(values.map { Int16($0) }) { xk_weighted_counts($0, $1, $2, $3, $4) }
    }
    return summed(values.map { Double($0) }) { xk_weighted_sums($0, $1, $2, $3, $4) }
  }

  private func summed<Value: Sendable>(
    _ values: [Value],
    _ kernel:
      @Sendable (
        UnsafePointer<UInt16>, UnsafePointer<Value>, UnsafeMutablePointer<Double>, Int64, Int64
      ) -> Void
  ) -> [Double] {
    [Double](unsafeUninitializedCapacity: Self.count) { sums, filled in
      if let sums = sums.baseAddress {
        nonisolated(unsafe) let out = sums
        weights.withUnsafeBufferPointer { weights in
          guard let weights = weights.baseAddress else { return }
          nonisolated(unsafe) let rows = weights
          Parallel.ranges(Self.count, grain: 250) { draws in
            values.withUnsafeBufferPointer { values in
              guard let values = values.baseAddress else { return }
              kernel(
                rows + draws.lowerBound * blocks, values, out + draws.lowerBound,
                Int64(draws.count), Int64(blocks))
            }
          }
        }
      }
      filled = Self.count
    }
  }

  /// The 95 % percentile interval of what each draw gives.
  static func interval(_ values: [Double]) -> (low: Double, high: Double) {
    let sorted = values.sorted()
    return (percentile(sorted, 0.025), percentile(sorted, 0.975))
  }

  /// Linear between order statistics (Hyndman and Fan's type 7).
  private static func percentile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
  }
}
