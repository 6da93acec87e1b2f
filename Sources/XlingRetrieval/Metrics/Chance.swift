import Foundation

/// What a metric is worth for a scorer that knows nothing: its exact expectation over all orders of the
/// gallery, each as likely as any other.
///
/// Such an order has no ties, so the expectation is the same whichever way ties are counted; a constant
/// scorer reaches it with ``TieBreaking/expected``. `gold` of the `items` in the gallery are correct, the
/// ranks of the correct ones a draw of `gold` places without replacement.
enum Chance {
  /// P(any correct item within `k`) = 1 - C(N - g, k) / C(N, k): none of the k first places is drawn
  /// (the hypergeometric distribution).
  static func success(within k: Int, gold: Int, items: Int) -> Double {
    let places = min(k, items)
    guard places <= items - gold else { return 1 }
    if gold == 1 { return Double(places) / Double(items) }
    // The fewer factors: C(N - g, k) / C(N, k) = C(N - k, g) / C(N, g).
    let (drawn, left) = (min(places, gold), items - max(places, gold))
    var missed = 1.0
    for place in 0..<drawn { missed *= Double(left - place) / Double(items - place) }
    return 1 - missed
  }

  /// E[1 / R] of the best correct item's rank R, P(R = r) = C(N - r, g - 1) / C(N, g) (the negative
  /// hypergeometric distribution); H(N) / N for one correct item.
  static func reciprocalRank(gold: Int, items: Int) -> Double {
    var probability = Double(gold) / Double(items)
    var sum = 0.0
    for rank in 1...(items - gold + 1) {
      sum += probability / Double(rank)
      probability *= Double(items - rank - gold + 1) / Double(max(1, items - rank))
    }
    return sum
  }

  /// E[R] = (N + 1) / (g + 1): the g correct items part the others into g + 1 gaps of one mean length.
  static func rank(gold: Int, items: Int) -> Double { Double(items + 1) / Double(gold + 1) }

  /// Each place holds a correct item with probability g / N, so gains add up to that share of all
  /// discounts; the best possible is fixed.
  static func normalizedGain(within k: Int, gold: Int, items: Int) -> Double {
    func discounts(_ places: Int) -> Double {
      stride(from: 1, through: places, by: 1).reduce(0) { $0 + 1 / log2(Double($1 + 1)) }
    }
    return Double(gold) / Double(items) * discounts(min(k, items)) / discounts(min(k, gold))
  }

  /// The share of `k` places that the gallery fills.
  static func filled(_ k: Int, items: Int) -> Double { Double(min(k, items)) / Double(k) }

  /// E[AP] = (H(N) + (g - 1) / (N - 1) (N - H(N))) / N (Bestgen 2015): a place r is correct with
  /// probability g / N, and of the r - 1 before it then (g - 1) / (N - 1) are.
  static func averagePrecision(gold: Int, items: Int) -> Double {
    let harmonic = stride(from: 1, through: items, by: 1).reduce(0) { $0 + 1 / Double($1) }
    let others = items > 1 ? Double(gold - 1) / Double(items - 1) : 0
    return (harmonic + others * (Double(items) - harmonic)) / Double(items)
  }

  /// The expected median of `count` ranks of best correct items, all queries with `gold` correct ones and
  /// ordered independently: E[X(m)] is the sum over r >= 0 of P(X(m) > r), and X(m) > r when fewer than m
  /// of them are r or less (David and Nagaraja 2003, section 3.1).
  static func medianRank(count: Int, gold: Int, items: Int) -> Double {
    let middle = Set([(count + 1) / 2, count / 2 + 1])
    let expected = middle.map { place in
      (0..<items).reduce(0.0) { sum, rank in
        let within = rank == 0 ? 0 : success(within: rank, gold: gold, items: items)
        return sum + 1 - atLeast(place, of: count, probability: within)
      }
    }
    return expected.reduce(0, +) / Double(expected.count)
  }

  /// P(at least `least` of `count` independent draws) with `probability` each: the regularized incomplete
  /// beta function I(p; m, n - m + 1).
  static func atLeast(_ least: Int, of count: Int, probability: Double) -> Double {
    if least <= 0 || probability >= 1 { return 1 }
    if probability <= 0 || least > count { return 0 }
    let mean = Double(count) * probability
    let spread = (mean * (1 - probability)).squareRoot()
    // Beyond 10 standard deviations and 30 draws less than e^-45 is left: Bernstein's inequality gives
    // x^2 / (2 s^2 + 2 x / 3) >= 45 in the exponent for x = 10 s + 30.
    if abs(Double(least) - mean) > 10 * spread + 30 { return Double(least) < mean ? 1 : 0 }
    return incompleteBeta(Double(least), Double(count - least + 1), probability)
  }

  /// Lentz's continued fraction on the side where it converges quickly (Press et al. 2007, section 6.4).
  static func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(b, a, 1 - x) }
    let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var numerator = 1.0
    var denominator = 1 / kept(1 - (a + b) * x / (a + 1))
    var fraction = denominator
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      var factor = 1.0
      for term in [even, odd] {
        denominator = 1 / kept(1 + term * denominator)
        numerator = kept(1 + term / numerator)
        factor = denominator * numerator
        fraction *= factor
      }
      if abs(factor - 1) < 1e-15 { break }
    }
    return exp(logarithm) * fraction / a
  }
}

extension Metric {
  /// The exact expectation of the metric over uniformly random orders of the gallery, for the correct items
  /// that each query has; rates in 0...1. Nil where it has no closed form: for a median of queries with
  /// different numbers of correct items, and for metrics of one's own.
  public func chance(_ ranking: Ranking) -> Double? {
    var queries: [Int: Int] = [:]
    for count in ranking.goldCount { queries[Int(count), default: 0] += 1 }
    guard !queries.isEmpty, queries.keys.allSatisfy({ (1...ranking.gallerySize).contains($0) })
    else { return nil }
    switch chanceOf {
    case .none: return nil
    case .mean(let expected):
      // In a fixed order: a dictionary's would change the last bits from run to run.
      let sum = queries.sorted { $0.key < $1.key }.reduce(0.0) {
        $0 + Double($1.value) * expected($1.key, ranking.gallerySize)
      }
      return sum / Double(ranking.count)
    case .medianRank:
      guard queries.count == 1, let gold = queries.keys.first else { return nil }
      return Chance.medianRank(count: ranking.count, gold: gold, items: ranking.gallerySize)
    }
  }

  /// The sum of R@1, R@5 and R@10 over `rankings`, as of ``Resamples/recallSum(of:ties:)``.
  public static func recallSumChance(_ rankings: [Ranking]) -> Double? {
    let parts = rankings.flatMap { ranking in
      [1, 5, 10].map { Metric.recall(at: $0).chance(ranking) }
    }
    return parts.reduce(0.0 as Double?) { sum, part in sum.flatMap { sum in part.map { sum + $0 } }
    }
  }

  /// The mean over `rankings`, each weighing the same, as of ``Resamples/macroAverage(_:of:ties:)``.
  public func meanChance(_ rankings: [Ranking]) -> Double? {
    let parts = rankings.compactMap(chance)
    guard parts.count == rankings.count, !parts.isEmpty else { return nil }
    return parts.reduce(0, +) / Double(parts.count)
  }
}

extension Estimate {
  /// Whether the interval holds what chance is expected to reach: then the result cannot be told from it.
  /// Nil without an interval.
  public func covers(_ chance: Double) -> Bool? {
    guard let low, let high else { return nil }
    // The last bits of either do not decide.
    let margin = 1e-9 * abs(chance)
    return low - margin <= chance && chance <= high + margin
  }
}
