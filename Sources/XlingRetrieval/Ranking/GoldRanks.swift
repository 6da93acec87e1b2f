import Foundation

/// Where every correct item of each query stands, best first: what MAP and nDCG need beyond the
/// best one. Rows are compressed: query q owns offsets[q]..<offsets[q + 1].
public struct GoldRanks: Sendable, Equatable {
  /// [queries + 1]
  public let offsets: [Int32]
  /// Wrong items scored strictly above the correct item.
  public let wrongAbove: [Int32]
  /// Wrong items with its very score.
  public let tiedWrong: [Int32]

  /// `goldCount` [queries]; the two columns are as long as its sum. Throws
  /// ``RetrievalFailure/shape(what:expected:found:)``.
  public init(
    goldCount: [Int32], wrongAbove: [Int32], tiedWrong: [Int32]
  ) throws(RetrievalFailure) {
    var offsets: [Int32] = [0]
    offsets.reserveCapacity(goldCount.count + 1)
    var sum: Int32 = 0
    for count in goldCount {
      sum += count
      offsets.append(sum)
    }
    for column in [wrongAbove, tiedWrong] where column.count != Int(sum) {
      throw .shape(
        what: "ranks of correct items", expected: "\(sum), as many as there are correct items",
        found: "\(column.count)")
    }
    self.offsets = offsets
    self.wrongAbove = wrongAbove
    self.tiedWrong = tiedWrong
  }

  func range(_ query: Int) -> Range<Int> { Int(offsets[query])..<Int(offsets[query + 1]) }

  /// The queries at `indices`, in that order.
  func subset(_ indices: [Int]) -> GoldRanks {
    var offsets: [Int32] = [0]
    for index in indices { offsets.append(offsets[offsets.count - 1] + Int32(range(index).count)) }
    return GoldRanks(
      offsets: offsets, wrongAbove: indices.flatMap { wrongAbove[range($0)] },
      tiedWrong: indices.flatMap { tiedWrong[range($0)] })
  }

  private init(offsets: [Int32], wrongAbove: [Int32], tiedWrong: [Int32]) {
    self.offsets = offsets
    self.wrongAbove = wrongAbove
    self.tiedWrong = tiedWrong
  }

  /// Correct items that tie with one another and with wrong ones, as runs of `range(query)`.
  /// Without a tied wrong item between them, two neighbouring runs may be one: nothing depends on
  /// their order.
  func groups(_ query: Int) -> [Range<Int>] {
    let all = range(query)
    var groups: [Range<Int>] = []
    var start = all.lowerBound
    for index in all {
      let next = index + 1
      if next == all.upperBound || wrongAbove[next] != wrongAbove[start]
        || tiedWrong[next] != tiedWrong[start]
      {
        groups.append(start..<next)
        start = next
      }
    }
    return groups
  }

  /// The 1-based rank of the correct item `index`, the `place`-th (from 0) of its query.
  func rank(_ index: Int, place: Int, isPessimistic: Bool) -> Int {
    Int(wrongAbove[index]) + (isPessimistic ? Int(tiedWrong[index]) : 0) + place + 1
  }
}

extension GoldRanks {
  /// The mean over correct items of the precision at their rank. `.expected`: its mean over all
  /// orders of tied items, in closed form (McSherry and Najork 2008).
  func averagePrecision(_ query: Int, _ ties: TieBreaking) -> Double {
    let all = range(query)
    var sum = 0.0
    if ties == .expected {
      for group in groups(query) { sum += expectedPrecisions(group, before: all.lowerBound) }
    } else {
      for index in all {
        let place = index - all.lowerBound
        let rank = rank(index, place: place, isPessimistic: ties == .pessimistic)
        sum += Double(place + 1) / Double(rank)
      }
    }
    return sum / Double(all.count)
  }

  private func expectedPrecisions(_ group: Range<Int>, before first: Int) -> Double {
    let found = group.lowerBound - first
    let above = Int(wrongAbove[group.lowerBound]) + found
    let gold = Double(group.count)
    let tied = group.count + Int(tiedWrong[group.lowerBound])
    // At place j the item is correct with probability gold / tied; of the j - 1 before it, the
    // others are spread evenly.
    let share = tied > 1 ? (gold - 1) / Double(tied - 1) : 0
    var sum = 0.0
    for place in 1...tied {
      sum += (Double(found + 1) + Double(place - 1) * share) / Double(above + place)
    }
    return sum * gold / Double(tied)
  }

  /// Correct items within the first `k`; their mean number over all orders with `.expected`.
  func found(_ query: Int, within k: Int, _ ties: TieBreaking) -> Double {
    let all = range(query)
    var found = 0.0
    if ties == .expected {
      for group in groups(query) {
        let above = Int(wrongAbove[group.lowerBound]) + group.lowerBound - all.lowerBound
        let tied = group.count + Int(tiedWrong[group.lowerBound])
        let places = min(max(0, k - above), tied)
        found += Double(group.count) * Double(places) / Double(tied)
      }
    } else {
      for index in all {
        let place = index - all.lowerBound
        if rank(index, place: place, isPessimistic: ties == .pessimistic) <= k { found += 1 }
      }
    }
    return found
  }

  /// Normalized discounted cumulative gain within the first `k`, gains 0 and 1, discount
  /// log2(rank + 1) (Järvelin and Kekäläinen 2002).
  func normalizedGain(_ query: Int, within k: Int, _ ties: TieBreaking) -> Double {
    let all = range(query)
    var gain = 0.0
    if ties == .expected {
      for group in groups(query) {
        let above = Int(wrongAbove[group.lowerBound]) + group.lowerBound - all.lowerBound
        let tied = group.count + Int(tiedWrong[group.lowerBound])
        let share = Double(group.count) / Double(tied)
        for rank in stride(from: above + 1, through: min(k, above + tied), by: 1) {
          gain += share * Self.discount(rank)
        }
      }
    } else {
      for index in all {
        let rank = rank(
          index, place: index - all.lowerBound, isPessimistic: ties == .pessimistic)
        if rank <= k { gain += Self.discount(rank) }
      }
    }
    var ideal = 0.0
    for rank in stride(from: 1, through: min(k, all.count), by: 1) { ideal += Self.discount(rank) }
    return gain / ideal
  }

  private static func discount(_ rank: Int) -> Double { 1 / log2(Double(rank + 1)) }
}
