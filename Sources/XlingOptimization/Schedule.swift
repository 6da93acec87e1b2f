import Foundation

/// The learning rate by step: warm-up, a stable stretch, a half cosine down.
public struct Schedule: Codable, Sendable, Equatable {
  public var peak: Double
  public var warmupSteps: Int
  public var totalSteps: Int
  /// How many of the last steps the way down takes.
  public var decaySteps: Int
  /// The rate at the end, as a share of the peak.
  public var floor: Double

  /// Linear from 0 to `peak` over `warmupSteps`, then a half cosine down to `floor * peak`.
  public static func warmupCosine(
    peak: Double, warmupSteps: Int, totalSteps: Int, floor: Double = 0
  ) -> Schedule {
    Schedule(
      peak: peak, warmupSteps: warmupSteps, totalSteps: totalSteps,
      decaySteps: max(0, totalSteps - warmupSteps), floor: floor)
  }

  /// Warm-up, constant, cosine over the last `decaySteps` (warmup-stable-decay, Hu et al. 2024): a
  /// run can be made longer without changing what it did before the way down.
  public static func warmupStableDecay(
    peak: Double, warmupSteps: Int, totalSteps: Int, decaySteps: Int
  ) -> Schedule {
    Schedule(
      peak: peak, warmupSteps: warmupSteps, totalSteps: totalSteps, decaySteps: decaySteps,
      floor: 0)
  }

  /// The rate of update number `step`, counted from 0.
  public func rate(_ step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
    let into = Double(step - (totalSteps - decaySteps))
    let progress = max(0, min(1, into / Double(max(1, decaySteps))))
    return peak * (floor + (1 - floor) * 0.5 * (1 + cos(.pi * progress)))
  }
}
