import Foundation
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

  func text(digits: Int = 1) -> String {
    func shown(_ number: Double) -> String { String(format: "%.\(digits)f", number) }
    return "\(shown(value)) [\(shown(low)), \(shown(high))]"
  }
}
