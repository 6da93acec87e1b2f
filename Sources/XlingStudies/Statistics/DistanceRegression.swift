import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// How well the primary metric of a language follows from how far the mean of its captions lies from that of the
  /// language aligned on (``LanguageCentroid/distance(to:)``), with the error of each language left out, and of each
  /// family.
  public struct DistanceRegression: Codable, Sendable, Equatable, RecallRegression {
    public let condition: String
    public let aligned: String
    public let languages: Int
    /// Mean absolute errors, 0...1.
    public let error: Estimate
    public let errorOfMean: Estimate
    /// nil of fewer than three families.
    public let familyError: Estimate?
    public let familyErrorOfMean: Estimate?
    public let rankCorrelation: Estimate
    /// By language.
    public let points: [Point]

    public struct Point: Codable, Sendable, Equatable {
      public let language: String
      /// The mean over seeds.
      public let distance: Double
      public let estimate: Estimate
    }
  }
}

extension StudyAnalysis {
  /// Of every condition aligned on one language, whose languages not taught are at least ``RecallForecaster/fewest``.
  /// Throws `RetrievalFailure`.
  func distanceRegressions() throws -> [StudyFigures.DistanceRegression] {
    let families = Dictionary(measured.tables.costs.map { ($0.language, $0.family) }) { one, _ in
      one
    }
    return try measured.conditions.indices.compactMap { condition in
      guard let aligned = aligned(condition) else { return nil }
      var points: [StudyFigures.DistanceRegression.Point] = []
      var rows: [RecallForecaster.Measured] = []
      for language in measured.languages
      where language != aligned && !measured.fewShot.contains(language) {
        guard let distance = distance(condition, aligned, language),
          let figure = figure(condition, language)
        else { continue }
        points.append(.init(language: language, distance: distance, estimate: figure.rate))
        rows.append(
          .init(
            language: language, family: families[language] ?? nil, features: [distance],
            recall: figure.value, queries: figure.queries))
      }
      guard let (skill, byFamily) = try skill(rows) else { return nil }
      return StudyFigures.DistanceRegression(
        condition: label(condition), aligned: aligned, languages: rows.count, error: skill.error,
        errorOfMean: skill.errorOfMean, familyError: byFamily?.error,
        familyErrorOfMean: byFamily?.errorOfMean, rankCorrelation: skill.rankCorrelation,
        points: points)
    }
  }

  /// The language that all cells of a condition were aligned on; nil where they were not on one.
  func aligned(_ condition: Int) -> String? {
    let codes = Set(
      measured.conditions[condition].cells.values.compactMap { $0.result?.aligned })
    return codes.count == 1 ? codes.first : nil
  }

  /// Between two languages, the mean over a condition's finished seeds; nil where one of them has no centroids.
  func distance(_ condition: Int, _ one: String, _ other: String) -> Double? {
    let known = measured.conditions[condition]
    let cells = known.seeds.compactMap { known.cells[$0] }.filter { $0.state == .done }
    let distances = cells.compactMap { cell -> Double? in
      let centroids = measured.tables.centroids[cell.hash] ?? []
      guard let first = centroids.first(where: { $0.language == one }),
        let second = centroids.first(where: { $0.language == other })
      else { return nil }
      return first.distance(to: second)
    }
    guard !cells.isEmpty, distances.count == cells.count else { return nil }
    return distances.reduce(0, +) / Double(distances.count)
  }
}
