import Foundation

/// Minimum detectable differences: what a test of this size can see at all.
public enum Detectable {
  /// (z(1 - level / 2) + z(power)) standard errors of a paired difference, from the sums of the
  /// differences in each cluster over `queries` queries in all.
  public static func difference(
    clusterSums: [Double], queries: Int, level: Double = 0.05, power: Double = 0.8
  ) -> Double {
    let count = Double(clusterSums.count)
    guard count > 1, queries > 0 else { return .infinity }
    let mean = clusterSums.reduce(0, +) / count
    let variance = clusterSums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let error = (variance * count).squareRoot() / Double(queries)
    return (normalQuantile(1 - level / 2) + normalQuantile(power)) * error
  }

  /// The standard normal quantile by bisection of erfc: exact to 1e-12, called twice a test.
  static func normalQuantile(_ probability: Double) -> Double {
    var low = -10.0
    var high = 10.0
    while high - low > 1e-12 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < probability {
        low = middle
      } else {
        high = middle
      }
    }
    return (low + high) / 2
  }
}
