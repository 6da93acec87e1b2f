import Foundation

/// Rates on a logit scale, where a forecast cannot leave 0 to 1.
public enum RateScale {
  /// ln (p / (1 − p)) of p = (hits + ½) / (n + 1), so that none and all of n queries have a place.
  public static func logit(_ rate: Double, n: Int) -> Double {
    let share = (rate * Double(n) + 0.5) / (Double(n) + 1)
    return log(share / (1 - share))
  }

  /// Back: the rate of n queries that has this place, 0 or 1 beyond what any number of hits has.
  static func rate(_ logit: Double, n: Double) -> Double {
    let share = 1 / (1 + exp(-logit))
    return min(1, max(0, (share * (n + 1) - 0.5) / n))
  }
}
