import XlingRetrieval

/// A number with its 95 % interval and its n, as commands print it: rates in percent.
public struct EstimateRow: Codable, Sendable, Equatable {
  public let value: Double
  public let low: Double
  public let high: Double
  public let n: Int

  public init(_ estimate: Estimate, scale: Double = 100) {
    value = scale * estimate.value
    low = scale * estimate.low
    high = scale * estimate.high
    n = estimate.n
  }

  /// The larger side of the interval.
  public var halfWidth: Double { max(high - value, value - low) }

  /// `chance`: on the scale of the value.
  public func covers(_ chance: Double?) -> Bool { chance.map { low <= $0 && $0 <= high } == true }
}
