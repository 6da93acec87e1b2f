import XlingAdapters
import XlingAlignment
import XlingData
import XlingEvaluation

/// What `xling quickstart` does, in numbers. The cards' rates are near the best of a few tried on
/// the val split, in English.
enum QuickstartPlan {
  static let methods = ["projection", "layernorm", "lwa", "da", "full"]
  static let reference = "full"

  /// The seven of LilT's Table 2.
  static let headline = ["ru", "pl", "tr", "zh", "ko", "it", "es"]
  static let further = [
    "de", "fr", "pt", "nl", "cs", "uk", "sv", "fi", "hu", "ro", "el", "bg", "ar", "he", "fa", "hi",
    "bn", "ja", "vi", "id", "th", "sw",
  ]
  static let languages = ["en"] + headline + further

  static func configuration(
    _ method: String, steps: Int, seed: UInt64
  ) throws -> AlignmentConfiguration {
    let card = try MethodCards.named(method)
    var settings = card.training
    settings.steps = steps
    settings.seed = seed
    settings.checkpointEvery = max(25, steps / 4)
    return settings.configuration(of: card.recipe) { _ in 0 }
  }

  /// One caption a picture, so that every language answers the same number of questions.
  static func evaluation(split: Split) -> EvaluationPlan {
    EvaluationPlan(split: split, captionsPerPicture: 1)
  }
}
