import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// A language of one condition by its own captions, and by translations of them into the language aligned on
  /// (translate-test): the primary metric, both directions, of the same seeds and pictures.
  public struct Translated: Codable, Sendable, Equatable {
    public let condition: String
    public let language: String
    public let captions: Estimate
    public let translations: Estimate
    /// Captions less translations; the interval is for itself, without a correction.
    public let difference: Estimate
  }
}

extension StudyAnalysis {
  /// Of every condition and language that was measured both ways. Throws `RetrievalFailure`.
  func translated() throws -> [StudyFigures.Translated] {
    try measured.conditions.enumerated().flatMap { index, condition in
      try measured.translated.compactMap { language in
        guard let captions = figure(index, language),
          let translations = try measured.translatedFigure(
            condition, language, comparison.metric, bootstraps)
        else { return nil }
        return StudyFigures.Translated(
          condition: label(index), language: language, captions: captions.rate,
          translations: translations.rate, difference: (captions - translations).estimate)
      }
    }
  }
}
