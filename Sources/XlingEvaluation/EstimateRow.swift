import XlingCore
import XlingRetrieval

/// A number with its 95 % interval and its n, as commands print it: rates in percent.
public struct EstimateRow: Codable, Sendable, Equatable {
  public let value: Double
  /// Null where fewer than 30 independent pictures lie behind the value.
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  public let n: Int

  public init(_ estimate: Estimate, scale: Double = 100) {
    value = scale * estimate.value
    low = estimate.low.map { scale * $0 }
    high = estimate.high.map { scale * $0 }
    n = estimate.n
  }

  public var hasInterval: Bool { low != nil && high != nil }

  /// The larger side of the interval; nil without one.
  public var halfWidth: Double? {
    guard let low, let high else { return nil }
    return max(high - value, value - low)
  }

  /// `chance`: on the scale of the value. False without an interval.
  public func covers(_ chance: Double?) -> Bool {
    guard let low, let high, let chance else { return false }
    return low <= chance && chance <= high
  }
}
