/// Holm's step-down correction (Holm 1979): holds the chance of any false finding in a family.
public enum Holm {
  /// Adjusted p values, in the order given.
  public static func adjusted(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
    var adjusted = pValues
    var running = 0.0
    for (place, index) in order.enumerated() {
      running = max(running, min(1, pValues[index] * Double(pValues.count - place)))
      adjusted[index] = running
    }
    return adjusted
  }
}
