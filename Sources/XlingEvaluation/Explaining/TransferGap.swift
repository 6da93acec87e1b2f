import XlingRetrieval
import XlingTensor

/// What a language loses against the one that was aligned on, query by query, and where: captions whose
/// translation is not found among the texts were lost in the language, the others between text and
/// picture.
public struct TransferGap: Sendable {
  public let language: String
  /// The language that it is held against, English say.
  public let pivot: String
  /// Places that count as found.
  public let k: Int
  /// R@k, text to image, of the first caption of each picture that has one in both languages; the
  /// gallery is the whole split.
  public let pivotRecall: Estimate
  public let recall: Estimate
  /// `pivotRecall` - `recall`, of the same pictures.
  public let gap: Estimate
  /// R@k of the pivot's caption of the same picture, among the pivot's captions of these pictures.
  public let textRecall: Estimate
  /// What chance is expected to reach: of either recall, and among the texts.
  public let chance: Double?
  public let textChance: Double?
  /// Pictures that the pivot's caption finds and this language's does not, and the reverse.
  public let lost: Int
  public let gained: Int
  /// Of the lost, the share whose translation is not found among the texts; nil when none is lost.
  public let lostInLanguage: Estimate?

  /// One query a picture in each ranking, in one order; `pictures` are their numbers in the split.
  /// Throws ``RetrievalFailure`` when they do not fit together.
  public init(
    language: String, pivot: String, k: Int, pivotRanking: Ranking, ranking: Ranking,
    textRanking: Ranking, pictures: [Int32], ties: TieBreaking, resamples: Resamples
  ) throws(RetrievalFailure) {
    let metric = Metric.recall(at: k)
    let clusters = try Clusters(numbered: pictures, count: resamples.clusterCount)
    (self.language, self.pivot, self.k) = (language, pivot, k)
    pivotRecall = try resamples.estimate(metric, of: pivotRanking, ties: ties, clusters: clusters)
    recall = try resamples.estimate(metric, of: ranking, ties: ties, clusters: clusters)
    textRecall = try resamples.estimate(metric, of: textRanking, ties: ties, clusters: clusters)
    chance = metric.chance(ranking)
    textChance = metric.chance(textRanking)
    let before = try metric.values(pivotRanking, ties: ties)
    let after = try metric.values(ranking, ties: ties)
    let translated = try metric.values(textRanking, ties: ties)
    gap = try resamples.mean(of: zip(before, after).map { $0 - $1 }, clusters: clusters)
    let lost = before.indices.filter { before[$0] > after[$0] }
    self.lost = lost.count
    gained = before.indices.count { before[$0] < after[$0] }
    lostInLanguage =
      lost.isEmpty
      ? nil
      : try resamples.mean(
        of: lost.map { 1 - translated[$0] },
        clusters: try Clusters(
          numbered: lost.map { pictures[$0] }, count: resamples.clusterCount))
  }
}

extension Evaluator {
  /// ``TransferGap`` of one language against `pivot`. Throws what ``evaluate(_:)`` throws.
  public func transferGap(_ language: String, pivot: String, k: Int = 10) throws -> TransferGap {
    let (mine, theirs) = (
      try dataset.gold(language, plan.split, perImage: 1),
      try dataset.gold(pivot, plan.split, perImage: 1)
    )
    var caption: [String: String] = [:]
    for (item, text) in zip(theirs.items, theirs.captions) { caption[item.image] = text }
    var texts: (own: [String], pivot: [String]) = ([], [])
    var images: Set<String> = []
    for (item, text) in zip(mine.items, mine.captions) {
      guard let translation = caption[item.image] else { continue }
      texts.own.append(text)
      texts.pivot.append(translation)
      images.insert(item.image)
    }
    let pictures = items.indices.filter { images.contains(items[$0].image) }.map(Int32.init)
    let own = try captionEmbeddings(texts.own, language: language)
    let other = try captionEmbeddings(texts.pivot, language: pivot)
    let gallery = try pictureEmbeddings()
    func ranking(
      _ queries: EmbeddingMatrix, _ gallery: EmbeddingMatrix, _ gold: [Int32]
    ) throws -> Ranking {
      try Ranking(queries: queries, gallery: gallery, gold: GoldRelation(single: gold))
    }
    return try TransferGap(
      language: language, pivot: pivot, k: k,
      pivotRanking: try ranking(other, gallery, pictures),
      ranking: try ranking(own, gallery, pictures),
      textRanking: try ranking(own, other, pictures.indices.map(Int32.init)),
      pictures: pictures, ties: plan.ties, resamples: resamples)
  }
}
