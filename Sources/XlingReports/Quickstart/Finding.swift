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
      guard let adjustedP = test.adjustedP else { continue }
      if adjustedP >= 0.05 || test.comparison.difference.value == 0 {
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
    if !difference.hasInterval {
      verdict = "is not tested, on so few pictures, in the other languages against"
    } else if (difference.low ?? 0) > 0 {
      verdict = "finds more in the other languages than"
    } else if (difference.high ?? 0) < 0 {
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
