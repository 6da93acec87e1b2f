import Foundation
import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// How well the primary metric of a language follows from what its captions cost in tokens, by a ridge regression
  /// on the logarithms of premium and fertility: with the error of each language left out, and of each family.
  public struct Regression: Codable, Sendable, Equatable, RecallRegression {
    public let condition: String
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
  }

  public struct Point: Codable, Sendable, Equatable {
    public let language: String
    public let premium: Double
    public let fertility: Double
    public let estimate: Estimate
  }
}

extension StudyAnalysis {
  /// Of every condition whose languages not aligned on are at least ``RecallForecaster/fewest`` with known costs.
  /// Throws `RetrievalFailure`.
  func regressions() throws -> [StudyFigures.Regression] {
    try measured.conditions.indices.compactMap { try regression($0) }
  }

  private func regression(_ condition: Int) throws -> StudyFigures.Regression? {
    let factors = measured.conditions[condition].factors
    let tower =
      factors[StudyFactor.textTower]
      ?? design.fixed.first { $0.key == StudyFactor.textTower }?.value ?? ""
    var points: [StudyFigures.Point] = []
    var rows: [RecallForecaster.Measured] = []
    for cost in measured.tables.costs where cost.tower == tower {
      guard !measured.aligned.contains(cost.language), let premium = cost.premium,
        let fertility = cost.fertility, premium > 0, fertility > 0,
        let figure = figure(condition, cost.language)
      else { continue }
      points.append(
        .init(
          language: cost.language, premium: premium, fertility: fertility, estimate: figure.rate))
      rows.append(
        .init(
          language: cost.language, family: cost.family, features: [log(premium), log(fertility)],
          recall: figure.value, queries: figure.queries))
    }
    guard let (skill, families) = try skill(rows) else { return nil }
    return StudyFigures.Regression(
      condition: label(condition), languages: rows.count, error: skill.error,
      errorOfMean: skill.errorOfMean, familyError: families?.error,
      familyErrorOfMean: families?.errorOfMean, rankCorrelation: skill.rankCorrelation,
      points: points)
  }

  /// Of forecasting each language from the others, and each family from the other families; nil of fewer languages
  /// than anything is forecast from. Throws `RetrievalFailure`.
  func skill(
    _ rows: [RecallForecaster.Measured]
  ) throws -> (languages: ForecastSkill, families: ForecastSkill?)? {
    guard rows.count >= RecallForecaster.fewest else { return nil }
    let forecaster = RecallForecaster(rows)
    return (try forecaster.leaveOneLanguageOut(), try forecaster.leaveOneFamilyOut())
  }
}

/// How well recall follows from something of a language, whatever that is.
protocol RecallRegression {
  var condition: String { get }
  var languages: Int { get }
  /// Mean absolute errors, 0...1: of forecasting each language, and of taking the mean of the others; of families
  /// likewise.
  var error: Estimate { get }
  var errorOfMean: Estimate { get }
  var familyError: Estimate? { get }
  var familyErrorOfMean: Estimate? { get }
  var rankCorrelation: Estimate { get }
}
