import Foundation

/// How often each token of a vocabulary occurs in a text.
public struct TokenDistribution: Sendable, Equatable {
  /// Ids that occur, ascending, and how often.
  public let ids: [Int32]
  public let counts: [Int]
  public let total: Int
  /// V, pieces that no text becomes among them.
  public let vocabulary: Int

  init(_ counts: UnsafeBufferPointer<Int>) {
    var (ids, found): ([Int32], [Int]) = ([], [])
    for id in counts.indices where counts[id] > 0 {
      ids.append(Int32(id))
      found.append(counts[id])
    }
    (self.ids, self.counts, total, vocabulary) = (ids, found, found.reduce(0, +), counts.count)
  }

  /// By id.
  public init(counts: [Int]) { self = counts.withUnsafeBufferPointer { TokenDistribution($0) } }

  /// Pieces that occur.
  public var used: Int { ids.count }

  private func sum(_ term: (_ probability: Double) -> Double) -> Double {
    counts.reduce(0) { $0 + term(Double($1) / Double(total)) }
  }

  /// −Σ p ln p, in nats.
  public var shannonEntropy: Double { -sum { $0 * log($0) } }

  /// ln Σ p^α / (1 − α), in nats (Rényi 1961); α is not 1.
  public func renyiEntropy(_ alpha: Double) -> Double { log(sum { pow($0, alpha) }) / (1 - alpha) }

  /// Σ ln p(token) over all tokens: what a unigram model of this very text says of it.
  public var logLikelihood: Double {
    counts.reduce(0) { $0 + Double($1) * log(Double($1) / Double(total)) }
  }

  /// Σ rank · p, ranks from 1 by falling p; the order of equal ones does not matter.
  public var averageRank: Double {
    var sum = 0.0
    for (rank, count) in counts.sorted(by: >).enumerated() {
      sum += Double(rank + 1) * Double(count)
    }
    return sum / Double(total)
  }

  /// ½ KL(P‖M) + ½ KL(Q‖M) to base 2, in 0...1 (Lin 1991); M is their mean.
  public func jensenShannon(_ other: TokenDistribution) -> Double {
    var sum = 0.0
    func term(_ p: Double, _ q: Double) {
      let mean = (p + q) / 2
      if p > 0 { sum += p * log2(p / mean) / 2 }
      if q > 0 { sum += q * log2(q / mean) / 2 }
    }
    var (one, two) = (0, 0)
    while one < ids.count || two < other.ids.count {
      let left = one < ids.count ? ids[one] : .max
      let right = two < other.ids.count ? other.ids[two] : .max
      term(
        left <= right ? Double(counts[one]) / Double(total) : 0,
        right <= left ? Double(other.counts[two]) / Double(other.total) : 0)
      if left <= right { one += 1 }
      if right <= left { two += 1 }
    }
    return sum
  }
}

/// How unevenly costs lie over languages: Σᵢⱼ |cᵢ − cⱼ| / (2 n² μ); 0 where all are equal.
public enum Gini {
  public static func of(_ costs: [Double]) -> Double {
    let mean = costs.reduce(0, +) / Double(max(1, costs.count))
    guard mean > 0 else { return 0 }
    var sum = 0.0
    for one in costs { for other in costs { sum += abs(one - other) } }
    return sum / (2 * Double(costs.count * costs.count) * mean)
  }
}
