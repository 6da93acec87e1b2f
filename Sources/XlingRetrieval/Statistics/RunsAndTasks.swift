/// Aggregates over runs and tasks (here seeds and languages) that a mean hides (Agarwal et al. 2021).
public enum RunsAndTasks {
  /// The mean of the middle half of all values: a quarter of them is left out at each end, in parts where a
  /// quarter is no whole number.
  public static func interquartileMean(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let cut = Double(sorted.count) / 4
    var (sum, weights) = (0.0, 0.0)
    for (place, value) in sorted.enumerated() {
      let (low, high) = (Double(place), Double(place + 1))
      let weight = max(0, min(high, Double(sorted.count) - cut) - max(low, cut))
      sum += weight * value
      weights += weight
    }
    return sum / weights
  }

  /// The share of values of at least each of `thresholds`.
  public static func profile(_ values: [Double], at thresholds: [Double]) -> [Double] {
    thresholds.map { threshold in
      Double(values.count { $0 >= threshold }) / Double(max(1, values.count))
    }
  }
}
