import Foundation
import Testing
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingTinyModel

@Suite struct KeptEmbeddingsTests {
  let gallery: Gallery
  let cache: EmbeddingCache

  init() throws {
    gallery = try Gallery()
    cache = try EmbeddingCache(path: gallery.folder.path + "/embeddings.sqlite")
  }

  private func evaluator(
    model: String = "m", _ change: (inout EvaluationPlan) -> Void = { _ in }
  ) throws -> Evaluator {
    var plan = EvaluationPlan(resamples: 200)
    change(&plan)
    return try Evaluator(
      gallery.model, tokenizer: gallery.tokenizer, dataset: try Dataset.load(gallery.data),
      plan: plan, cache: (cache, model))
  }

  /// Pictures and captions that had to be embedded.
  private func counts(_ evaluator: Evaluator) -> [Int] {
    [evaluator.embedded.pictures, evaluator.embedded.captions]
  }

  private func ranks(_ result: LanguageResult) -> [[Int32]] {
    [
      result.textToImage.ranking.above, result.textToImage.ranking.tiedWrong,
      result.imageToText.ranking.above, result.imageToText.ranking.tiedWrong,
    ]
  }

  @Test func aSecondEvaluationEmbedsNothing() throws {
    let first = try evaluator()
    let result = try first.evaluate("en")
    // Of eight captions "cow" is there twice.
    #expect(counts(first) == [4, 7])
    let second = try evaluator()
    #expect(ranks(try second.evaluate("en")) == ranks(result))
    #expect(counts(second) == [0, 0])
    #expect(try first.pictureEmbeddings() == second.pictureEmbeddings())
    let plain = try gallery.evaluator()
    #expect(ranks(try plain.evaluate("en")) == ranks(result))
    #expect(try plain.pictureEmbeddings() == second.pictureEmbeddings())
  }

  @Test func aFurtherLanguageCostsItsCaptionsOnly() throws {
    _ = try evaluator().evaluate("en")
    let further = try evaluator()
    _ = try further.evaluate("tr")
    // "inek" is made of unknown pieces, but of its own ids.
    #expect(counts(further) == [0, 3])
  }

  @Test func onlyContentCounts() throws {
    _ = try evaluator().evaluate("en")
    // Other bytes under a known name.
    let images = gallery.data + "/images/"
    try AtomicFile.write(try AtomicFile.read(images + "0.png"), to: images + "3.png")
    let changed = try evaluator()
    _ = try changed.evaluate("en")
    #expect(counts(changed) == [1, 0])
    let other = try evaluator(model: "other")
    _ = try other.evaluate("en")
    #expect(counts(other) == [4, 7])
    // Normalized otherwise: pictures anew. Cut to start, one piece and end: shared with "dog", "cat".
    let plan = try evaluator {
      $0.statistics = .clip
      $0.maximumTokens = 3
    }
    _ = try plan.evaluate("en")
    #expect(counts(plan) == [4, 0])
  }
}
