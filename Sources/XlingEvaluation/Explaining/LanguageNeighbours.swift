import XlingRetrieval
import XlingTensor

/// What surrounds a language's captions in the common space: pictures that are near to everything, and
/// captions of other languages. Of each picture the first caption.
public struct LanguageNeighbours: Sendable {
  public let language: String
  /// Places that count.
  public let k: Int
  /// Skewness, over all pictures of the split, of how many captions have the picture among their first
  /// `k` (Radovanović et al. 2010): high where few pictures come first for everything.
  public let hubness: Estimate
  /// The share of pictures that no caption has among its first `k`.
  public let neverFound: Estimate
  /// The picture that most captions have there, and how many do.
  public let hub: (picture: String, captions: Int)
  /// Mean cosine of a caption and the pivot's caption of the same picture; nil for the pivot itself.
  public let agreement: Estimate?
  /// The share of captions whose nearest caption of all other languages is of another picture; nil
  /// where there is no other language.
  public let astray: Estimate?
  /// The language that most of those belong to, and its share of them.
  public let nearestWrong: (language: String, share: Estimate)?
}

extension Evaluator {
  /// ``LanguageNeighbours`` of each language among all of `languages`. `progress` is told how many are
  /// done. Throws what ``evaluate(_:)`` throws.
  public func neighbours(
    of languages: [String], pivot: String, k: Int = 10, progress: (Int) throws -> Void = { _ in }
  ) throws -> [LanguageNeighbours] {
    var plan: [(language: String, pictures: [Int32], captions: EmbeddingMatrix)] = []
    for language in languages {
      let gold = try dataset.gold(language, self.plan.split, perImage: 1)
      plan.append(
        (
          language, pictureNumbers(gold.items),
          try captionEmbeddings(gold.captions, language: language)
        ))
    }
    let gallery = try pictureEmbeddings()
    return try plan.enumerated().map { index, own in
      let found = try Neighbours(queries: own.captions, gallery: gallery, count: k)
      var counts = [Int](repeating: 0, count: items.count)
      for item in found.items.joined() { counts[Int(item.index)] += 1 }
      let hub = counts.indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
      let others = try nearest(own.captions, among: plan.filter { $0.language != own.language })
      let wrong = own.pictures.indices.filter { place in
        others.map { $0[place].picture != own.pictures[place] } ?? false
      }
      let result = LanguageNeighbours(
        language: own.language, k: k,
        hubness: try resamples.skewness(of: counts.map(Double.init)),
        neverFound: try resamples.mean(
          of: counts.map { $0 == 0 ? 1 : 0 }, clusters: Clusters(independent: items.count)),
        hub: (items[hub].image, counts[hub]),
        agreement: try agreement(own, plan.first { $0.language == pivot }),
        astray: try others.map { _ in
          let isWrong = Set(wrong)
          return try mean(
            own.pictures.indices.map { isWrong.contains($0) ? 1 : 0 }, own.pictures)
        },
        nearestWrong: try others.flatMap { try nearestWrong(wrong, $0, own.pictures) })
      try progress(index + 1)
      return result
    }
  }

  private typealias Captions = (language: String, pictures: [Int32], captions: EmbeddingMatrix)
  private typealias Nearest = (language: String, picture: Int32, score: Double)

  private func mean(_ values: [Double], _ pictures: [Int32]) throws -> Estimate {
    try resamples.mean(
      of: values, clusters: try Clusters(numbered: pictures, count: items.count))
  }

  /// The caption of all other languages that is nearest to each; of equal scores that of the first.
  private func nearest(
    _ captions: EmbeddingMatrix, among others: [Captions]
  ) throws -> [Nearest]? {
    var best: [Nearest] = []
    for other in others {
      let found = try Neighbours(queries: captions, gallery: other.captions, count: 1)
      let mine: [Nearest] = found.items.map {
        (other.language, other.pictures[Int($0[0].index)], $0[0].score)
      }
      best = best.isEmpty ? mine : zip(best, mine).map { $0.score >= $1.score ? $0 : $1 }
    }
    return best.isEmpty ? nil : best
  }

  private func nearestWrong(
    _ wrong: [Int], _ nearest: [Nearest], _ pictures: [Int32]
  ) throws -> (language: String, share: Estimate)? {
    let counts = Dictionary(grouping: wrong) { nearest[$0].language }.mapValues(\.count)
    guard let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else {
      return nil
    }
    return (
      most,
      try mean(
        wrong.map { nearest[$0].language == most ? 1 : 0 }, wrong.map { pictures[$0] })
    )
  }

  /// Over the pictures with a caption in both.
  private func agreement(_ own: Captions, _ pivot: Captions?) throws -> Estimate? {
    guard let pivot, pivot.language != own.language else { return nil }
    let rows = Dictionary(
      uniqueKeysWithValues: pivot.pictures.enumerated().map { ($1, $0) })
    var cosines: [Double] = []
    var pictures: [Int32] = []
    for (row, picture) in own.pictures.enumerated() {
      guard let other = rows[picture] else { continue }
      cosines.append(
        (0..<width).reduce(0) {
          $0 + Double(own.captions[row, $1]) * Double(pivot.captions[other, $1])
        })
      pictures.append(picture)
    }
    return cosines.isEmpty ? nil : try mean(cosines, pictures)
  }
}
