import Foundation

/// Student's t distribution: what a mean's standard error of few degrees of freedom is worth.
public enum StudentT {
  /// P(|T| >= |t|) with `freedom` degrees of freedom: the regularized incomplete beta function
  /// I(f / (f + t²); f / 2, 1 / 2).
  public static func twoSided(_ t: Double, freedom: Double) -> Double {
    guard t.isFinite else { return 0 }
    guard t != 0 else { return 1 }
    guard freedom < 1e7 else { return erfc(abs(t) / 2.0.squareRoot()) }
    return min(1, Chance.incompleteBeta(freedom / 2, 0.5, freedom / (freedom + t * t)))
  }

  /// The t that |T| exceeds with probability `level`, by bisection: exact to 1e-10.
  public static func critical(freedom: Double, level: Double = 0.05) -> Double {
    var (low, high) = (0.0, 1.0)
    while twoSided(high, freedom: freedom) > level, high < 1e9 { (low, high) = (high, 2 * high) }
    while high - low > 1e-10 * max(1, high) {
      let middle = (low + high) / 2
      if twoSided(middle, freedom: freedom) > level { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
