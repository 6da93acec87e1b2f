import Foundation

/// The learning rate by step.
public struct Schedule: Codable, Sendable, Equatable {
  public var peak: Double
  public var warmupSteps: Int
  public var totalSteps: Int
  /// The rate at the end, as a share of the peak.
  public var floor: Double

  /// Linear from 0 to `peak` over `warmupSteps`, then a half cosine down to `floor * peak`.
  public static func warmupCosine(
    peak: Double, warmupSteps: Int, totalSteps: Int, floor: Double = 0
  ) -> Schedule {
    Schedule(peak: peak, warmupSteps: warmupSteps, totalSteps: totalSteps, floor: floor)
  }

  /// The rate of update number `step`, counted from 0.
  public func rate(_ step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
    let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
    let cosine = 0.5 * (1 + cos(.pi * min(1, progress)))
    return peak * (floor + (1 - floor) * cosine)
  }
}
