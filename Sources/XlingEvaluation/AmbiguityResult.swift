import XlingExperiments
import XlingRetrieval

/// Lenient recall and the upper bound of strict recall, where captions or pictures repeat
/// (``Ambiguity``).
public struct AmbiguityResult: Sendable {
  /// Captions whose text another one has too, and pictures whose content another one has too.
  public let repeatedCaptions: Int
  public let repeatedPictures: Int
  /// `R@k lenient` and `R@k upper bound`, both directions, k of 1, 5 and 10.
  public let metrics: [MeasuredMetric]

  /// `gold`: the given pictures of each caption. `lenient`: the ranks under `ambiguity.lenient(gold)`
  /// in both directions, of all that have a correct item there. The clusters are those of the strict
  /// queries. Throws ``RetrievalFailure``.
  init(
    _ ambiguity: Ambiguity, gold: GoldRelation, imageCount: Int, lenient: RankCounts,
    clusters: (texts: Clusters, images: Clusters), resamples: Resamples, ties: TieBreaking
  ) throws(RetrievalFailure) {
    repeatedCaptions = ambiguity.repeatedQueries
    repeatedPictures = ambiguity.repeatedItems
    let wide = ambiguity.lenient(gold)
    let inverse = try gold.inverted(galleryCount: imageCount)
    let ranks = try lenient.rankings()
    guard let items = ranks.items else { throw .empty(what: "the ranking of captions") }
    let wideInverse = try wide.inverted(galleryCount: imageCount)
    var metrics: [MeasuredMetric] = []
    func add(
      _ direction: Direction, _ ranking: Ranking, _ clusters: Clusters, _ bound: (Int) -> [Double]
    ) throws(RetrievalFailure) {
      for k in [1, 5, 10] {
        let recall = Metric.recall(at: k)
        let found = try resamples.estimate(recall, of: ranking, ties: ties, clusters: clusters)
        let best = try resamples.mean(of: bound(k), clusters: clusters)
        // The bound is no scorer's result: nothing guesses it.
        for (name, estimate, chance) in [
          ("lenient", found, recall.chance(ranking)), ("upper bound", best, nil),
        ] {
          metrics.append(
            MeasuredMetric(
              name: "\(recall.name) \(name)", direction: direction, estimate: estimate,
              ties: ranking.tieCount, isRate: true, chance: chance))
        }
      }
    }
    try add(.textToImage, Self.kept(ranks.queries, gold, wide), clusters.texts) {
      ambiguity.upperBound(gold, within: $0)
    }
    try add(.imageToText, Self.kept(items, inverse, wideInverse), clusters.images) {
      ambiguity.inverted.upperBound(inverse, within: $0)
    }
    self.metrics = metrics
  }

  /// The queries that have a correct item as given: leniency must not add queries, such as a picture
  /// without a caption whose twin has one.
  private static func kept(
    _ ranking: Ranking, _ strict: GoldRelation, _ lenient: GoldRelation
  ) -> Ranking {
    var kept: [Int] = []
    var place = 0
    for query in 0..<lenient.queryCount where !lenient[query].isEmpty {
      if !strict[query].isEmpty { kept.append(place) }
      place += 1
    }
    return ranking.subset(kept)
  }
}
