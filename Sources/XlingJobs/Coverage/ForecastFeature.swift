import Foundation
import XlingLanguages

/// What a forecast knows of a language, without a picture.
public enum ForecastFeature: String, Codable, Sendable, CaseIterable {
  case wikipedia, pretraining
  case otherRuns = "other-runs"
  case agreement, premium, fertility, script, characters

  /// The number that the regression sees.
  public var title: String {
    switch self {
    case .wikipedia: "log10 of the articles of its Wikipedia"
    case .pretraining: "log10 of its amount in the text tower's pretraining data"
    case .otherRuns:
      "logit of its recall in other stored runs, less each run's mean, mean over runs"
    case .agreement: "logit of how often the run's text side finds its line's English among 30"
    case .premium: "ln of the premium against parallel English, unknown tokens at their bytes"
    case .fertility: "ln of the tokens of an ICU word"
    case .script: "log10 of the vocabulary's pieces in its script"
    case .characters: "share of its characters that the vocabulary knows"
    }
  }

  /// Whether it is counted of a text.
  var isOfText: Bool {
    switch self {
    case .wikipedia, .pretraining, .otherRuns: false
    case .agreement, .premium, .fertility, .script, .characters: true
    }
  }

  /// What the cards of a language say, whatever the run.
  static func values(of card: Language?) -> [ForecastFeature: Double] {
    guard let articles = card?.resources.wikipedia?.articles else { return [:] }
    return [.wikipedia: log10(1 + Double(articles))]
  }
}

/// What is known of a language for one run.
struct ForecastKnowledge {
  var values: [ForecastFeature: Double] = [:]
  /// ISO 15924, of its card.
  var script: String?
  var premium: Double?
  var characterCoverage: Double?
}
