/// Which gallery items are correct for each query, in compressed sparse rows.
public struct GoldRelation: Sendable, Equatable, Codable {
  /// [queries + 1], the first index into `items` of each query.
  public let offsets: [Int32]
  /// Gallery items, ascending and distinct within a query.
  public let items: [Int32]

  public var queryCount: Int { offsets.count - 1 }

  /// Duplicates within one query count once.
  public init(_ lists: [[Int32]]) {
    var offsets: [Int32] = [0]
    var items: [Int32] = []
    offsets.reserveCapacity(lists.count + 1)
    for list in lists {
      var previous: Int32?
      for item in list.sorted() where item != previous {
        items.append(item)
        previous = item
      }
      offsets.append(Int32(items.count))
    }
    self.offsets = offsets
    self.items = items
  }

  init(offsets: [Int32], items: [Int32]) {
    self.offsets = offsets
    self.items = items
  }

  /// One correct item a query: captions that search their picture.
  public init(single items: [Int32]) { self.init(items.map { [$0] }) }

  /// The other direction: for each of `galleryCount` items, the queries it is correct for.
  /// Throws ``RetrievalFailure/goldOutOfRange(query:item:gallerySize:)``.
  public func inverted(galleryCount: Int) throws(RetrievalFailure) -> GoldRelation {
    try check(gallerySize: galleryCount)
    var lists = [[Int32]](repeating: [], count: galleryCount)
    for query in 0..<queryCount {
      for item in self[query] { lists[Int(item)].append(Int32(query)) }
    }
    return GoldRelation(lists)
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
