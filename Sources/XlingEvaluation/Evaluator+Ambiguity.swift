import Foundation
import XlingCore
import XlingRetrieval

extension Evaluator {
  /// Lenient recall and the upper bound in one language: captions are compared as texts without
  /// surrounding white space, pictures by their bytes. nil where nothing repeats. Throws what
  /// ``evaluate(_:)`` throws.
  public func ambiguity(_ language: String) throws -> AmbiguityResult? {
    let queries = try captionQueries(language)
    let ambiguity = Ambiguity(
      queries: queries.gold.captions.map { $0.trimmingCharacters(in: .whitespaces) },
      items: try items.map { Digest.of(try AtomicFile.read(dataset.path(of: $0))) })
    guard !ambiguity.isEmpty else { return nil }
    let gold = GoldRelation(single: queries.pictures)
    var lenient = try DotProductRanks(
      queries: queries.embeddings, gallery: try pictureEmbeddings(),
      gold: ambiguity.lenient(gold), bothWays: true)
    lenient.count()
    let captioned = Set(queries.covered)
    return try AmbiguityResult(
      ambiguity, gold: gold, imageCount: items.count, lenient: lenient.counts,
      clusters: (
        try Clusters(numbered: queries.pictures, count: items.count),
        try Clusters(
          numbered: items.indices.map(Int32.init).filter(captioned.contains), count: items.count)
      ), resamples: resamples, ties: plan.ties)
  }
}
