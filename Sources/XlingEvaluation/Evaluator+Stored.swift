import XlingCore
import XlingData
import XlingExperiments

extension Evaluator {
  /// A language's result as `stored` evaluations of this run have it; nil where they lack it, or were of
  /// other queries. Throws `DataFailure` when the split has no caption in the language.
  public func result(
    _ language: String, from stored: [Evaluation]
  ) throws -> LanguageResult? {
    let hash = measured().hash
    func queries(_ direction: Direction) -> LanguageResult.Queries? {
      stored.first {
        $0.language == language && $0.direction == direction && $0.measured.hash == hash
      }.map {
        .init(ranking: $0.ranking, pictures: $0.pictures, queriesHash: $0.queriesHash)
      }
    }
    guard let texts = queries(.textToImage), let images = queries(.imageToText) else { return nil }
    let asked = try queryHashes(language)
    guard texts.queriesHash == asked.texts, images.queriesHash == asked.images else { return nil }
    return LanguageResult(
      language: language, coverage: asked.gold.coverage, captions: asked.gold.captions,
      textToImage: texts, imageToText: images, centroid: nil)
  }
}
