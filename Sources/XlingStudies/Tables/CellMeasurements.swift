import XlingRetrieval

/// What was measured of a cell.
public struct CellMeasurements: Sendable, Equatable {
  /// Of languages' own captions.
  public var scores: [CellScore]
  /// Of translations in their places (translate-test).
  public var translated: [CellScore]
  /// Of the languages in ``scores``; of cells that earlier versions measured none.
  public var centroids: [LanguageCentroid]
  /// Of a classifier, which has none of the others.
  public var accuracies: [ClassScore]

  public init(
    scores: [CellScore] = [], translated: [CellScore] = [], centroids: [LanguageCentroid] = [],
    accuracies: [ClassScore] = []
  ) {
    (self.scores, self.translated, self.centroids) = (scores, translated, centroids)
    self.accuracies = accuracies
  }
}
