import Foundation

/// Spearman's rank correlation, ties at the mean of their ranks.
public enum RankCorrelation {
  /// 0 where either list does not vary. The 95 % interval is Fisher's z with the variance of Bonett and Wright
  /// (2000), (1 + r² / 2) / (n − 3); none of fewer than 30 pairs.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Estimate {
    precondition(first.count == second.count)
    let (n, r) = (first.count, pearson(ranks(first), ranks(second)))
    var interval: (low: Double, high: Double)?
    if n >= Clusters.fewest, abs(r) < 1 {
      let z = 0.5 * log((1 + r) / (1 - r))
      let half = 1.959_963_984_540_054 * ((1 + r * r / 2) / Double(n - 3)).squareRoot()
      interval = (tanh(z - half), tanh(z + half))
    }
    return Estimate(value: r, interval: interval, n: n, method: "bonett-wright")
  }

  /// From 1.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  private static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    let n = Double(max(1, x.count))
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xy += (a - meanX) * (b - meanY)
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
  }
}
