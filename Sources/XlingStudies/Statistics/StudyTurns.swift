extension StudyFigures {
  /// Where along an axis of numbers a condition is better or worse than the baseline, by the study's primary
  /// comparison.
  public struct Turn: Codable, Sendable, Equatable {
    /// The condition, by its value of the axis compared.
    public let first: String
    /// What it shares besides; empty where that is nothing.
    public let context: String
    public let axis: String
    /// Values of the axis, ascending; those of neither are not told apart, or not tested.
    public let better: [Double]
    public let worse: [Double]
    public let neither: [Double]

    /// In words: the first value of each kind.
    func sentence(_ baseline: String) -> String {
      let name = first + (context.isEmpty ? "" : " (\(context))")
      func told(_ values: [Double], _ verdict: String) -> String {
        values.first.map { "\(verdict) than \(baseline) first at \(axis) \(Self.brief($0))" }
          ?? "\(verdict) than \(baseline) at none"
      }
      let open =
        neither.isEmpty
        ? "" : "; not told apart at " + neither.map(Self.brief).joined(separator: ", ")
      return "\(name): \(told(better, "better")), \(told(worse, "worse"))\(open)."
    }

    private static func brief(_ value: Double) -> String {
      Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
  }

  /// The axis along which values are numbers, where there is one; of several that of pairs or captions.
  static func numericAxis(_ conditions: [[String: String]]) -> String? {
    let first = [StudyFactor.targetCaptions, "pairs"]
    let names = Set(conditions.flatMap(\.keys))
    func place(_ name: String) -> Int { first.firstIndex(of: name) ?? first.count }
    return names.sorted { (place($0), $0) < (place($1), $1) }.first { name in
      let values = Set(conditions.compactMap { $0[name] })
      return values.count > 1 && values.allSatisfy { Double($0) != nil }
    }
  }

  /// Nothing where the axis is the one compared.
  static func turns(_ comparisons: [Comparison], along axis: String?) -> [Turn] {
    guard let axis, comparisons.allSatisfy({ $0.factors[axis] != nil }) else { return [] }
    var order: [[String]] = []
    var members: [[String]: [Comparison]] = [:]
    for one in comparisons {
      let rest = one.factors.filter { $0.key != axis }.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      let key = [one.first, rest]
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(one)
    }
    return order.map { key in
      func values(_ belongs: (Comparison) -> Bool) -> [Double] {
        (members[key] ?? []).filter(belongs).compactMap { Double($0.factors[axis] ?? "") }.sorted()
      }
      return Turn(
        first: key[0], context: key[1], axis: axis,
        better: values { $0.isFound && $0.difference.value > 0 },
        worse: values { $0.isFound && $0.difference.value <= 0 }, neither: values { !$0.isFound })
    }
  }
}
