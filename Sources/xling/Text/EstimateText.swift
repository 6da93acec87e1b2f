import Foundation
import XlingEvaluation
import XlingReports

extension EstimateRow {
  /// Marked where the interval covers `chance`.
  func text(digits: Int = 1, chance: Double? = nil) -> String {
    func shown(_ number: Double) -> String { String(format: "%.\(digits)f", number) }
    return "\(shown(value)) [\(shown(low)), \(shown(high))]"
      + (covers(chance) ? ChanceText.mark : "")
  }
}
