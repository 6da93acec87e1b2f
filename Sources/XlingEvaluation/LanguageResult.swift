import XlingCore
import XlingData
import XlingExperiments
import XlingRetrieval

/// Both directions of one model in one language.
public struct LanguageResult: Sendable {
  /// The queries of one direction.
  public struct Queries: Sendable {
    public let ranking: Ranking
    /// The picture of each query, by its number in the split: what intervals are clustered by.
    public let pictures: [Int32]
    /// Of the queries in their order: paired tests need it equal.
    public let queriesHash: String

    func subset(_ kept: [Int]) -> Queries {
      guard kept.count < pictures.count else { return self }
      return Queries(
        ranking: ranking.subset(kept), pictures: kept.map { pictures[$0] },
        queriesHash: Digest.of(
          queriesHash + " " + kept.map(String.init).joined(separator: " ")))
    }
  }

  public let language: String
  public let coverage: Dataset.Coverage
  public let captions: [String]
  public let textToImage: Queries
  public let imageToText: Queries
  /// Of the captions' vectors; nil of a result that was stored.
  public let centroid: LanguageCentroid?

  public subscript(direction: Direction) -> Queries {
    direction == .textToImage ? textToImage : imageToText
  }
}
