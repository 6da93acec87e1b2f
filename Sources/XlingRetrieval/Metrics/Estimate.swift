/// A number with its interval and its n: nothing barer is printed.
public struct Estimate: Sendable, Equatable, Codable {
  public let value: Double
  /// 95 % interval.
  public let low: Double
  public let high: Double
  /// Queries.
  public let n: Int
  /// How the interval was made, for instance `bootstrap-percentile-1000`.
  public let method: String

  public init(value: Double, low: Double, high: Double, n: Int, method: String) {
    self.value = value
    self.low = low
    self.high = high
    self.n = n
    self.method = method
  }

  /// The larger side of the interval: what may stand after ± without promising too much.
  public var halfWidth: Double { max(high - value, value - low) }
}
