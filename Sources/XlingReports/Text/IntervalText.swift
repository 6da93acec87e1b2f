import Foundation
import XlingRetrieval

/// How a figure and its interval are written, and how one without.
public enum IntervalText {
  /// In place of an interval that nobody may claim.
  public static let none = "[–]"

  /// What stands under a table that has such a figure.
  public static let note =
    "\(none) no interval, and no test: fewer than \(Clusters.fewest) independent pictures lie behind it."

  /// `71.2 [69.0, 73.1]`, or `71.2 [–]`.
  public static func figure(
    _ value: Double, _ low: Double?, _ high: Double?, digits: Int = 1
  ) -> String {
    func shown(_ number: Double) -> String { String(format: "%.\(digits)f", number) }
    return shown(value) + " " + (bounds(low, high, shown))
  }

  /// `[69.0, 73.1]`, or `[–]`.
  public static func bounds(
    _ low: Double?, _ high: Double?, _ shown: (Double) -> String
  ) -> String {
    guard let low, let high else { return none }
    return "[\(shown(low)), \(shown(high))]"
  }
}
