/// What a test set says twice: captions of the same text, pictures of the same content. A scorer
/// cannot tell them apart, so a caption whose text two pictures share is answered right for one of
/// them at best.
///
/// - strict recall takes the correct items as they are given;
/// - lenient recall takes an item as correct when its content is that of a correct one, and a query's
///   correct items as those of all queries of the same content;
/// - the upper bound is the strict recall that a perfect scorer could reach.
public struct Ambiguity: Sendable, Equatable {
  /// The group, 0..<count, of each query and of each gallery item: equal content, equal group.
  private let queries: Groups
  private let items: Groups

  private struct Groups: Equatable {
    let of: [Int]
    let members: [[Int32]]

    init<Content: Hashable>(_ contents: [Content]) {
      var numbers: [Content: Int] = [:]
      var of: [Int] = []
      var members: [[Int32]] = []
      for (index, content) in contents.enumerated() {
        let number = numbers[content] ?? members.count
        if number == members.count {
          numbers[content] = number
          members.append([])
        }
        of.append(number)
        members[number].append(Int32(index))
      }
      self.of = of
      self.members = members
    }

    /// Members of groups with more than one.
    var repeated: Int { members.reduce(0) { $0 + ($1.count > 1 ? $1.count : 0) } }
  }

  /// `queries`, `items`: what tells contents apart, such as normalized texts and file hashes.
  public init<Query: Hashable, Item: Hashable>(queries: [Query], items: [Item]) {
    self.queries = Groups(queries)
    self.items = Groups(items)
  }

  private init(queries: Groups, items: Groups) {
    self.queries = queries
    self.items = items
  }

  /// The other direction.
  public var inverted: Ambiguity { Ambiguity(queries: items, items: queries) }

  /// Queries and items whose content another one of their side has too.
  public var repeatedQueries: Int { queries.repeated }
  public var repeatedItems: Int { items.repeated }
  public var isEmpty: Bool { repeatedQueries == 0 && repeatedItems == 0 }

  /// Correct items when content is what counts.
  public func lenient(_ gold: GoldRelation) -> GoldRelation {
    let shared = queries.members.map { group in
      let groups = Set(group.flatMap { gold[Int($0)].map { items.of[Int($0)] } })
      return groups.flatMap { items.members[$0] }
    }
    return GoldRelation(queries.of.map { shared[$0] })
  }

  /// For each query that has a correct item, an upper bound of its strict R@k with ties counted
  /// against the system: the share of the queries of its content that one ranking can satisfy.
  ///
  /// Items of one content take neighbouring places, wrong ones first, so a query is found at place
  /// 1 + wrong at best. No more contents begin within the first k than those with fewest items would,
  /// and none satisfies more queries than it would at the first place.
  public func upperBound(_ gold: GoldRelation, within k: Int) -> [Double] {
    var bounds = [Double](repeating: 0, count: queries.members.count)
    for (group, members) in queries.members.enumerated() {
      let asked = members.filter { !gold[Int($0)].isEmpty }
      guard !asked.isEmpty else { continue }
      bounds[group] = min(1, satisfied(asked, gold, k) / Double(asked.count))
    }
    return (0..<gold.queryCount).compactMap { gold[$0].isEmpty ? nil : bounds[queries.of[$0]] }
  }

  /// How many of the queries, all of one content, find an item within the first k at best.
  private func satisfied(_ asked: [Int32], _ gold: GoldRelation, _ k: Int) -> Double {
    // By content of the items: for each query, the wrong items of that content.
    var wrong: [Int: [Int]] = [:]
    for query in asked {
      var correct: [Int: Int] = [:]
      for item in gold[Int(query)] { correct[items.of[Int(item)], default: 0] += 1 }
      for (content, count) in correct {
        wrong[content, default: []].append(items.members[content].count - count)
      }
    }
    var begun = 0
    var before = 0
    for size in wrong.keys.map({ items.members[$0].count }).sorted() where before < k {
      begun += 1
      before += size
    }
    let satisfied = wrong.values.map { counts in counts.count { $0 < k } }.sorted(by: >)
    return Double(satisfied.prefix(begun).reduce(0, +))
  }
}
