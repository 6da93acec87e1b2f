/// Which gallery items are correct for each query, in compressed sparse rows.
public struct GoldRelation: Sendable, Equatable {
  /// [queries + 1], the first index into `items` of each query.
  public let offsets: [Int32]
  /// Gallery items, ascending and distinct within a query.
  public let items: [Int32]

  public var queryCount: Int { offsets.count - 1 }

  /// Duplicates within one query count once.
  public init(_ lists: [[Int32]]) { self.init(queryCount: lists.count) { lists[$0][...] } }

  /// `list`: of a query. Duplicates count once.
  public init(queryCount: Int, list: (Int) -> ArraySlice<Int32>) {
    var offsets: [Int32] = [0]
    var items: [Int32] = []
    offsets.reserveCapacity(queryCount + 1)
    items.reserveCapacity(queryCount)
    for query in 0..<queryCount {
      let list = list(query)
      if list.count < 2 {
        items += list
      } else {
        var previous: Int32?
        for item in list.sorted() where item != previous {
          items.append(item)
          previous = item
        }
      }
      offsets.append(Int32(items.count))
    }
    self.offsets = offsets
    self.items = items
  }

  /// `offsets` must rise from 0 to the number of `items`.
  public init(offsets: [Int32], items: [Int32]) {
    self.offsets = offsets
    self.items = items
  }

  /// One correct item a query: captions that search their picture.
  public init(single items: [Int32]) {
    self.init(offsets: (0...items.count).map(Int32.init), items: items)
  }

  /// The other direction: for each of `galleryCount` items, the queries it is correct for.
  /// Throws ``RetrievalFailure/goldOutOfRange(query:item:gallerySize:)``.
  public func inverted(galleryCount: Int) throws(RetrievalFailure) -> GoldRelation {
    try check(gallerySize: galleryCount)
    var offsets = [Int32](repeating: 0, count: galleryCount + 1)
    for item in items { offsets[Int(item) + 1] += 1 }
    for item in 0..<galleryCount { offsets[item + 1] += offsets[item] }
    // Where the next query of each item goes; queries come in ascending order.
    var next = offsets
    var queries = [Int32](repeating: 0, count: items.count)
    for query in 0..<queryCount {
      for item in self[query] {
        queries[Int(next[Int(item)])] = Int32(query)
        next[Int(item)] += 1
      }
    }
    return GoldRelation(offsets: offsets, items: queries)
  }

  /// Queries, those with most correct items first, else in ascending order.
  func byFallingCount() -> [Int32] {
    let counts = (0..<queryCount).map { range($0).count }
    let most = counts.max() ?? 0
    // The place of the first query of each count; a count of `most` comes first.
    var next = [Int](repeating: 0, count: most + 1)
    for count in counts where count > 0 { next[count - 1] += 1 }
    for count in (0..<most).reversed() { next[count] += next[count + 1] }
    var order = [Int32](repeating: 0, count: queryCount)
    for (query, count) in counts.enumerated() {
      order[next[count]] = Int32(query)
      next[count] += 1
    }
    return order
  }

  public subscript(query: Int) -> ArraySlice<Int32> { items[range(query)] }

  /// Where a query's correct items lie in ``items``.
  func range(_ query: Int) -> Range<Int> { Int(offsets[query])..<Int(offsets[query + 1]) }

  /// Throws ``RetrievalFailure/goldOutOfRange(query:item:gallerySize:)``.
  func check(gallerySize: Int) throws(RetrievalFailure) {
    for query in 0..<queryCount {
      for item in self[query] where item < 0 || item >= gallerySize {
        throw .goldOutOfRange(query: query, item: Int(item), gallerySize: gallerySize)
      }
    }
  }
}
