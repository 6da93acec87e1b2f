import Foundation
import XlingEvaluation
import XlingReports

extension EstimateRow {
  /// Marked where the interval covers `chance`.
  func text(digits: Int = 1, chance: Double? = nil) -> String {
    IntervalText.figure(value, low, high, digits: digits)
      + (covers(chance) ? ChanceText.mark : "")
  }
}
