import XlingCore

/// A number with its interval and its n: nothing barer is printed.
public struct Estimate: Sendable, Equatable, Codable {
  public let value: Double
  /// 95 % interval; nil where fewer than ``Clusters/fewest`` independent clusters lie behind it.
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  /// Queries.
  public let n: Int
  /// How the interval was made, for instance `bootstrap-percentile-1000`.
  public let method: String

  public init(value: Double, low: Double?, high: Double?, n: Int, method: String) {
    self.value = value
    self.low = low
    self.high = high
    self.n = n
    self.method = method
  }

  init(value: Double, interval: (low: Double, high: Double)?, n: Int, method: String) {
    self.init(value: value, low: interval?.low, high: interval?.high, n: n, method: method)
  }

  public var hasInterval: Bool { low != nil && high != nil }

  /// The larger side of the interval: what may stand after ± without promising too much. Nil without
  /// one.
  public var halfWidth: Double? {
    guard let low, let high else { return nil }
    return max(high - value, value - low)
  }

  /// The same without an interval, where nobody may claim one.
  public var withoutInterval: Estimate {
    Estimate(value: value, low: nil, high: nil, n: n, method: method)
  }

  /// In another unit: percent of a share.
  func scaled(by scale: Double) -> Estimate {
    Estimate(
      value: scale * value, low: low.map { scale * $0 }, high: high.map { scale * $0 }, n: n,
      method: method)
  }
}
