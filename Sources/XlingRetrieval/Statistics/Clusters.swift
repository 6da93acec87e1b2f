/// Queries about one picture share its difficulty, so they are resampled together.
public struct Clusters: Sendable, Equatable {
  /// The cluster, 0..<count, of each query.
  public let ofQuery: [Int32]
  public let count: Int

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
