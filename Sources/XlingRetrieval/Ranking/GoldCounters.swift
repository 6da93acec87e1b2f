import CKernels

/// Correct items in one direction as the kernel takes them: exact scores, the limits of what float32
/// decides, and counters, which begin at 0. Places that are never set have no correct item.
final class GoldCounters {
  let count: Int
  private let exact: UnsafeMutablePointer<Double>
  private let limits: UnsafeMutablePointer<Float>
  private let counts: UnsafeMutablePointer<Int32>

  init(_ count: Int) {
    self.count = count
    exact = .allocate(capacity: count)
    limits = .allocate(capacity: 2 * count)
    counts = .allocate(capacity: 2 * count)
    exact.initialize(repeating: .infinity, count: count)
    limits.initialize(repeating: .infinity, count: 2 * count)
    counts.initialize(repeating: 0, count: 2 * count)
  }

  deinit {
    exact.deallocate()
    limits.deallocate()
    counts.deallocate()
  }

  /// `margin`: ``EmbeddingMatrix/rankMargin(_:against:)``.
  func set(_ index: Int, exact score: Double, margin: Double) {
    exact[index] = score
    limits[index] = Float(score + margin).nextUp
    limits[count + index] = Float(score - margin).nextDown
  }

  func low(_ index: Int) -> Float { limits[count + index] }
  func above(_ index: Int) -> Int32 { counts[index] }
  func tied(_ index: Int) -> Int32 { counts[count + index] }

  var kernel: xk_gold_limits {
    xk_gold_limits(
      exact: exact, high: limits, low: limits + count, above: counts, tied: counts + count)
  }
}
