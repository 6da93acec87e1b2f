import XlingExperiments
import XlingRetrieval

/// What is measured on given embeddings, and how.
public struct EmbeddingPlan: Sendable {
  public var metrics: [Metric]
  public var ties: TieBreaking
  public var resamples: Int
  public var seed: UInt64

  public init(
    metrics: [Metric] = Metric.standard, ties: TieBreaking = .pessimistic, resamples: Int = 1_000,
    seed: UInt64 = 0
  ) {
    self.metrics = metrics
    self.ties = ties
    self.resamples = resamples
    self.seed = seed
  }
}

/// One number of one direction, or of both.
public struct MeasuredMetric: Sendable {
  public let name: String
  /// nil: over both directions.
  public let direction: Direction?
  public let estimate: Estimate
  /// Queries with a wrong item of the very score of the best correct one.
  public let ties: Int
  public let isRate: Bool
  /// What a scorer that knows nothing is expected to reach; nil where it has no closed form.
  public let chance: Double?
}

/// Both directions of given embeddings.
public struct EmbeddingResult: Sendable {
  public let textToImage: Ranking
  public let imageToText: Ranking
  public let metrics: [MeasuredMetric]
  private let clusters: (texts: Clusters, images: Clusters)
  private let resamples: Resamples

  /// `counts` must be complete. `gold`: pictures of each caption. Intervals resample clusters of
  /// linked captions and pictures (``Clusters/linked(_:imageCount:)``). Throws ``RetrievalFailure``.
  public init(
    _ counts: RankCounts, gold: GoldRelation, imageCount: Int, plan: EmbeddingPlan
  ) throws(RetrievalFailure) {
    let ranks = try counts.rankings()
    guard let items = ranks.items else { throw .empty(what: "the ranking of captions") }
    (textToImage, imageToText) = (ranks.queries, items)
    clusters = try Clusters.linked(gold, imageCount: imageCount)
    resamples = Resamples(
      clusterCount: clusters.texts.count, count: plan.resamples, seed: plan.seed)
    let sides = [
      (Direction.textToImage, RankedQueries(textToImage, clusters: clusters.texts)),
      (Direction.imageToText, RankedQueries(imageToText, clusters: clusters.images)),
    ]
    var metrics: [MeasuredMetric] = []
    for (direction, queries) in sides {
      let estimates = try resamples.estimates(plan.metrics, of: queries, ties: plan.ties)
      for (metric, estimate) in zip(plan.metrics, estimates) {
        metrics.append(
          MeasuredMetric(
            name: metric.name, direction: direction, estimate: estimate,
            ties: queries.ranking.tieCount, isRate: metric.isRate,
            chance: metric.chance(queries.ranking)))
      }
    }
    metrics.append(
      MeasuredMetric(
        name: "rsum", direction: nil,
        estimate: try resamples.recallSum(of: sides.map { $0.1 }, ties: plan.ties),
        ties: textToImage.tieCount + imageToText.tieCount, isRate: true,
        chance: Metric.recallSumChance([textToImage, imageToText])))
    self.metrics = metrics
  }

  /// Of the same embeddings, with what repeats among their captions and pictures. Throws what
  /// counting throws.
  public func ambiguity(
    _ ambiguity: Ambiguity, in pairs: EmbeddingPairs, ties: TieBreaking
  ) throws -> AmbiguityResult {
    let gold = pairs.gold.relation
    return try AmbiguityResult(
      ambiguity, gold: gold, imageCount: pairs.images.count,
      lenient: try pairs.count(of: ambiguity.lenient(gold)) { _ in }, clusters: clusters,
      resamples: resamples, ties: ties)
  }
}
