import Foundation

/// How tables tell what chance would reach.
public enum ChanceText {
  /// Behind a figure whose interval covers chance.
  public static let mark = "~"

  /// Percent or places; small ones with two digits, since 0.0 would be no figure. A dash where there is none.
  public static func figure(_ chance: Double?) -> String {
    guard let chance else { return "–" }
    return String(format: chance < 0.95 ? "%.2g" : "%.1f", chance)
  }

  /// One cell for several metrics, in their order.
  public static func column(_ chances: [Double?]) -> String {
    chances.map(figure).joined(separator: " / ")
  }

  /// Behind a table: what the column is and, where a figure is `marked`, what the mark says.
  public static func note(metrics: Int, marked: Bool, separator: String = " ") -> String {
    (metrics > 1 ? "chance, metric by metric" : "chance")
      + ": expected of a random order; – where it has no closed form."
      + (marked ? separator + legend : "")
  }

  public static let legend = "\(mark) not distinguishable from chance: the interval covers it."
}
