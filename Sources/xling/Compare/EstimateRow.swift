import Foundation
import XlingReports
import XlingRetrieval

/// A number with its 95 % interval and its n, as commands print it: rates in percent.
struct EstimateRow: Encodable {
  let value: Double
  let low: Double
  let high: Double
  let n: Int

  init(_ estimate: Estimate, scale: Double = 100) {
    value = scale * estimate.value
    low = scale * estimate.low
    high = scale * estimate.high
    n = estimate.n
  }

  /// `chance`: on the scale of the value.
  func covers(_ chance: Double?) -> Bool { chance.map { low <= $0 && $0 <= high } == true }

  /// Marked where the interval covers `chance`.
  func text(digits: Int = 1, chance: Double? = nil) -> String {
    func shown(_ number: Double) -> String { String(format: "%.\(digits)f", number) }
    return "\(shown(value)) [\(shown(low)), \(shown(high))]"
      + (covers(chance) ? ChanceText.mark : "")
  }
}
