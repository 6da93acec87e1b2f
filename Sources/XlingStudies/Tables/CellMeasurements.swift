import XlingRetrieval

/// What was measured of a cell.
public struct CellMeasurements: Sendable, Equatable {
  /// Of languages' own captions.
  public var scores: [CellScore]
  /// Of translations in their places (translate-test).
  public var translated: [CellScore]
  /// Of the languages in ``scores``; of cells that earlier versions measured none.
  public var centroids: [LanguageCentroid]

  public init(
    scores: [CellScore] = [], translated: [CellScore] = [], centroids: [LanguageCentroid] = []
  ) {
    (self.scores, self.translated, self.centroids) = (scores, translated, centroids)
  }
}
