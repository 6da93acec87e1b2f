import Foundation

/// The shape of a run's learning rate.
public enum RateSchedule: String, Codable, Sendable, CaseIterable {
  /// Linear warm-up from zero, then a half cosine down.
  case cosine
  /// Linear warm-up, then a straight line down.
  case linear
  /// Linear warm-up, then the peak.
  case constant
  /// What LilT's code does: in the first epoch the rate rises from a tenth of the peak every
  /// hundred steps, reached after a thousand; from the second epoch on it is a cosine's value for
  /// the epoch, down to a tenth. An epoch shorter than that jumps.
  case lilt
}

/// LiT's schedules of the image tower (Zhai et al. 2022, appendix F); the text tower keeps the
/// run's schedule but for `two-cycles`.
public enum ImageRate: String, Codable, Sendable, CaseIterable {
  case same
  /// Locked for the first half of the steps, its own whole schedule in the second.
  case delay
  /// A tenth of the rate.
  case lower
  case lowerDelay = "lower-delay"
  /// Times σ(20 (progress - 1/2)); the paper gives no steepness.
  case sigmoid
  /// Quarters: text, image, text, image, the other tower held.
  case twoCycles = "two-cycles"
}

/// Learning rates of a run, step by step.
public struct RunSchedule: Sendable, Equatable {
  public var shape: RateSchedule
  public var image: ImageRate
  public var peak: Double
  public var warmupSteps: Int
  public var totalSteps: Int
  /// The last rate, as a share of the peak; `cosine` and `linear`.
  public var floor: Double
  public var stepsPerEpoch: Int

  public init(
    shape: RateSchedule, image: ImageRate = .same, peak: Double, warmupSteps: Int,
    totalSteps: Int, floor: Double = 0, stepsPerEpoch: Int
  ) {
    self.shape = shape
    self.image = image
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
    self.floor = floor
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// Of one update: the text side's, the image side's, and the temperature's.
  public struct Rates: Sendable, Equatable {
    public let text: Double
    public let image: Double
    public let shared: Double
  }

  /// The rates of update number `step`, counted from 0.
  public func rates(_ step: Int) -> Rates {
    let rate = rate(step)
    let half = totalSteps / 2
    let progress = Double(step) / Double(max(1, totalSteps))
    var (text, image) = (rate, rate)
    switch self.image {
    case .same: break
    case .lower: image *= 0.1
    case .delay: image = delayed(step, after: half)
    case .lowerDelay: image = 0.1 * delayed(step, after: half)
    case .sigmoid: image *= 1 / (1 + exp(-20 * (progress - 0.5)))
    case .twoCycles:
      let isText = step * 4 / max(1, totalSteps) % 2 == 0
      (text, image) = isText ? (rate, 0) : (0, rate)
    }
    return Rates(text: text, image: image, shared: rate)
  }

  /// The run's rate of update number `step`, counted from 0.
  public func rate(_ step: Int) -> Double {
    shape == .lilt ? liltRate(step) : plainRate(step, of: totalSteps)
  }

  private func delayed(_ step: Int, after start: Int) -> Double {
    step < start ? 0 : plainRate(step - start, of: totalSteps - start)
  }

  private func plainRate(_ step: Int, of total: Int) -> Double {
    let warmup = min(warmupSteps, total)
    if step < warmup { return peak * Double(step + 1) / Double(warmup) }
    let progress = min(1, Double(step - warmup) / Double(max(1, total - warmup)))
    switch shape {
    case .constant: return peak
    case .linear: return peak * (floor + (1 - floor) * (1 - progress))
    case .cosine, .lilt:
      return peak * (floor + (1 - floor) * 0.5 * (1 + cos(.pi * progress)))
    }
  }

  private func liltRate(_ step: Int) -> Double {
    let low = peak / 10
    let perEpoch = max(1, stepsPerEpoch)
    let epoch = step / perEpoch
    if epoch == 0 {
      let rises = min(10, max(0, step - 1) / 100)
      return low + (peak - low) * Double(rises) / 10
    }
    let epochs = max(1, (totalSteps + perEpoch - 1) / perEpoch)
    return low + 0.5 * (peak - low) * (1 + cos(.pi * Double(epoch) / Double(epochs)))
  }
}
