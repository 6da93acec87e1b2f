import Foundation
import XlingRetrieval

/// Figures as printed.
public enum Figures {
  /// 0.7123 as `71.2`.
  public static func percent(_ rate: Double) -> String { fixed(100 * rate, 1) }

  /// `71.2 %`, with more digits when small.
  public static func share(_ share: Double) -> String {
    let percent = 100 * share
    return fixed(percent, percent < 1 ? 2 : percent < 10 ? 1 : 0) + " %"
  }

  public static func withHalfWidth(_ estimate: Estimate) -> String {
    percent(estimate.value) + " ±" + halfWidth(estimate)
  }

  /// A dash without an interval.
  static func halfWidth(_ estimate: Estimate) -> String {
    estimate.halfWidth.map(percent) ?? "–"
  }

  /// `71.2 [69.0, 73.1]`: percent for rates, places for ranks; marked where the interval covers
  /// `chance`.
  public static func estimate(
    _ estimate: Estimate, isRate: Bool, chance: Double? = nil
  ) -> String {
    let scale = isRate ? 100.0 : 1
    return IntervalText.figure(
      scale * estimate.value, estimate.low.map { scale * $0 }, estimate.high.map { scale * $0 })
      + (chance.flatMap(estimate.covers) == true ? ChanceText.mark : "")
  }

  /// `71.2 % [69.0, 73.1]`.
  public static func interval(_ estimate: Estimate) -> String {
    "\(percent(estimate.value)) % " + IntervalText.bounds(estimate.low, estimate.high, percent)
  }

  /// With its sign, in points.
  public static func points(_ difference: Double) -> String {
    let text = percent(abs(difference))
    return text == "0.0" ? text : (difference < 0 ? "−" : "+") + text
  }

  public static func p(_ value: Double) -> String { value < 0.001 ? "< 0.001" : fixed(value, 3) }

  /// `= 0.031` or `< 0.001`.
  public static func equation(_ value: Double) -> String {
    let text = p(value)
    return text.hasPrefix("<") ? text : "= " + text
  }

  public static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return fixed(seconds, 1) + " s" }
    if whole < 3_600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3_600) h \(padded(whole / 60 % 60)) min"
  }

  /// 1234567 as `1,234,567`.
  public static func count(_ value: Int) -> String {
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "−" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Rounded to `digits` places, independent of any locale.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled != 0 ? "−" : ""
    guard digits > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
  }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
