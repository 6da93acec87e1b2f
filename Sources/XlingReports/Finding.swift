import XlingExperiments
import XlingRetrieval

/// Wins, ties and losses of a method against the reference, language by language.
public struct Tally: Sendable, Equatable {
  public var wins = 0
  public var ties = 0
  public var losses = 0

  public init() {}

  public var count: Int { wins + ties + losses }
  public var text: String { "\(wins)/\(ties)/\(losses)" }
}

extension QuickstartReport {
  /// A language is won or lost when the paired test says so after Holm's correction at 5 %, else
  /// tied. The aligned language does not count; nil without tests.
  public func tally(
    _ method: String, directions: [Direction] = Direction.allCases, among codes: [String]? = nil
  ) -> Tally? {
    var tally = Tally()
    for test in pairedTests
    where test.first == method && test.second == reference && test.language != alignedLanguage
      && directions.contains(test.direction) && codes?.contains(test.language) != false
    {
      if test.adjustedP >= 0.05 || test.comparison.difference.value == 0 {
        tally.ties += 1
      } else if test.comparison.difference.value > 0 {
        tally.wins += 1
      } else {
        tally.losses += 1
      }
    }
    return tally.count > 0 ? tally : nil
  }

  /// The parameter-efficient method with the best mean over the other languages.
  var best: OverallTest? {
    overallTests.filter { $0.second == reference }
      .max { $0.firstMean.value < $1.firstMean.value }
  }

  /// What was found, in one sentence, whichever way it came out.
  public var finding: String {
    guard let best else { return "No method was compared with \(label(reference))." }
    let share = methods.first { $0.id == best.first }.map { Figures.share($0.trainableShare) }
    let difference = best.comparison.difference
    let verdict: String
    if difference.low > 0 {
      verdict = "finds more in the other languages than"
    } else if difference.high < 0 {
      verdict = "finds less in the other languages than"
    } else {
      verdict = "cannot be told apart in the other languages from"
    }
    var text =
      "Aligned on \(name(alignedLanguage)) alone, \(label(best.first))"
      + (share.map { " (\($0) of the parameters trained)" } ?? "")
      + " \(verdict) \(label(reference)): \(Figures.interval(best.firstMean)) against "
      + "\(Figures.interval(best.secondMean)) \(metric), mean of \(best.languageCount) languages"
    if let tally = tally(best.first) {
      text += "; of \(tally.count) paired tests it wins \(tally.wins) and loses \(tally.losses)"
    }
    return text + "."
  }
}

/// Figures as printed.
enum Figures {
  /// 0.7123 as `71.2`.
  static func percent(_ rate: Double) -> String { fixed(100 * rate, 1) }

  /// `71.2 %`, with more digits when small.
  static func share(_ share: Double) -> String {
    let percent = 100 * share
    return fixed(percent, percent < 1 ? 2 : percent < 10 ? 1 : 0) + " %"
  }

  static func withHalfWidth(_ estimate: Estimate) -> String {
    percent(estimate.value) + " ±" + percent(estimate.halfWidth)
  }

  /// `71.2 % [69.0, 73.1]`.
  static func interval(_ estimate: Estimate) -> String {
    "\(percent(estimate.value)) % [\(percent(estimate.low)), \(percent(estimate.high))]"
  }

  /// With its sign, in points.
  static func points(_ difference: Double) -> String {
    let text = percent(abs(difference))
    return text == "0.0" ? text : (difference < 0 ? "−" : "+") + text
  }

  static func p(_ value: Double) -> String { value < 0.001 ? "< 0.001" : fixed(value, 3) }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return fixed(seconds, 1) + " s" }
    if whole < 3_600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3_600) h \(padded(whole / 60 % 60)) min"
  }

  /// 1234567 as `1,234,567`.
  static func count(_ value: Int) -> String {
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "−" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// Rounded to `digits` places, independent of any locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
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
