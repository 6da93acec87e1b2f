/// Queries about one picture share its difficulty, so they are resampled together.
public struct Clusters: Sendable, Equatable {
  /// The cluster, 0..<count, of each query.
  public let ofQuery: [Int32]
  public let count: Int

  /// Independent clusters from which on an interval is claimed: a percentile bootstrap of fewer is too
  /// narrow, and nothing is tested there.
  public static let fewest = 30

  /// Clusters that have a query.
  public var occupied: Int { Clusters.occupied(CollectionOfOne(self)) }

  /// Clusters with a query in one of the parts, which number them alike.
  static func occupied(_ parts: some Sequence<Clusters>) -> Int {
    var isOccupied: [Bool] = []
    for part in parts {
      if isOccupied.count < part.count {
        isOccupied += [Bool](repeating: false, count: part.count - isOccupied.count)
      }
      for cluster in part.ofQuery { isOccupied[Int(cluster)] = true }
    }
    return isOccupied.count(where: { $0 })
  }

  /// Every query for itself.
  public init(independent queries: Int) {
    ofQuery = (0..<queries).map(Int32.init)
    count = queries
  }

  /// `keys`: the picture of each query, any numbers; clusters are numbered as they appear.
  public init(_ keys: [Int32]) {
    var numbers: [Int32: Int32] = [:]
    var assigned: [Int32] = []
    assigned.reserveCapacity(keys.count)
    for key in keys {
      let next = Int32(numbers.count)
      let number = numbers[key] ?? next
      if number == next { numbers[key] = next }
      assigned.append(number)
    }
    ofQuery = assigned
    count = numbers.count
  }

  /// Captions and pictures that correct relations link, directly or through others, are one cluster:
  /// with one picture a caption, the picture. Those that nothing links are left out, as in
  /// ``RankCounts/rankings()``. `gold`: pictures of each caption. Throws
  /// ``RetrievalFailure/goldOutOfRange(query:item:gallerySize:)``.
  public static func linked(
    _ gold: GoldRelation, imageCount: Int
  ) throws(RetrievalFailure) -> (texts: Clusters, images: Clusters) {
    try gold.check(gallerySize: imageCount)
    var parent = Array(0..<imageCount)
    func root(_ image: Int) -> Int {
      var image = image
      while parent[image] != image {
        parent[image] = parent[parent[image]]
        image = parent[image]
      }
      return image
    }
    var isLinked = [Bool](repeating: false, count: imageCount)
    for text in 0..<gold.queryCount {
      guard let first = gold[text].first else { continue }
      for image in gold[text] {
        isLinked[Int(image)] = true
        // The lower root stays, so that numbers do not depend on the order of captions.
        let (one, other) = (root(Int(first)), root(Int(image)))
        parent[max(one, other)] = min(one, other)
      }
    }
    var numbers: [Int: Int32] = [:]
    for image in 0..<imageCount where isLinked[image] {
      let root = root(image)
      if numbers[root] == nil { numbers[root] = Int32(numbers.count) }
    }
    func number(_ image: Int) -> Int32 { numbers[root(image)] ?? 0 }
    let texts = (0..<gold.queryCount).compactMap { text in
      gold[text].first.map { number(Int($0)) }
    }
    let images = (0..<imageCount).filter { isLinked[$0] }.map(number)
    return (
      try Clusters(numbered: texts, count: numbers.count),
      try Clusters(numbered: images, count: numbers.count)
    )
  }

  /// Clusters numbered by the caller, 0..<count, some perhaps without a query here: several
  /// languages over the same pictures then share their bootstrap draws.
  /// Throws ``RetrievalFailure/shape(what:expected:found:)`` for a number outside.
  public init(numbered ofQuery: [Int32], count: Int) throws(RetrievalFailure) {
    if let outside = ofQuery.first(where: { $0 < 0 || $0 >= count }) {
      throw .shape(what: "cluster", expected: "0..<\(count)", found: "\(outside)")
    }
    self.ofQuery = ofQuery
    self.count = count
  }

  /// The sum of `values` (one a query) in each cluster.
  func sums(_ values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    for (value, cluster) in zip(values, ofQuery) { sums[Int(cluster)] += value }
    return sums
  }

  var sizes: [Double] { sums([Double](repeating: 1, count: ofQuery.count)) }
}
