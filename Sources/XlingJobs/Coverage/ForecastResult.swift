import XlingCore
import XlingEvaluation
import XlingRetrieval

/// What `xling coverage --forecast` tells. Rates and errors are percent and points.
public struct ForecastResult: Codable, Sendable, Equatable {
  public private(set) var schema = "xling.forecast/1"
  public let runs: [ForecastOfRun]
}

/// One run's forecasts.
public struct ForecastOfRun: Codable, Sendable, Equatable {
  public let run: String
  public let dataset: String
  public let split: String
  public let `protocol`: String
  public private(set) var metric = "R@\(MeasuredRun.k)"
  public private(set) var direction = "text-to-image"
  /// Pictures that a caption's is looked for among.
  public let gallery: Int
  /// Of prediction intervals.
  public private(set) var level = RecallForecaster.level
  /// Languages measured, without the one aligned on.
  public let languages: Int
  public let aligned: String
  /// Over them.
  public let lowest: Double
  public let highest: Double
  public let mean: Double
  public let deviation: Double
  /// Other runs on the same pictures in the store.
  public let otherRuns: Int
  public let models: [ForecastModel]
  public let forecasts: [ForecastRow]
}

/// A regression on what is known of a language.
public struct ForecastModel: Codable, Sendable, Equatable {
  public struct Weight: Codable, Sendable, Equatable {
    public let feature: ForecastFeature
    /// On the logit scale, of one standard deviation.
    public let weight: Double
  }

  public struct LeftOut: Codable, Sendable, Equatable {
    public let feature: ForecastFeature
    public let reason: String
  }

  public struct Skill: Codable, Sendable, Equatable {
    public let languages: Int
    public let folds: Int
    public let error: EstimateRow
    public let errorOfMean: EstimateRow
    /// Of the first to the second.
    public let ratio: Double
    public let within5: EstimateRow
    public let within5OfMean: EstimateRow
    public let within10: EstimateRow
    /// −1 to 1.
    public let rankCorrelation: EstimateRow
    public let coverage: EstimateRow?
    public let width: EstimateRow?
    public let intervalScore: EstimateRow?

    init(_ skill: ForecastSkill) {
      (languages, folds, ratio) = (skill.languages, skill.folds, skill.ratio)
      error = EstimateRow(skill.error)
      errorOfMean = EstimateRow(skill.errorOfMean)
      within5 = EstimateRow(skill.within5)
      within5OfMean = EstimateRow(skill.within5OfMean)
      within10 = EstimateRow(skill.within10)
      rankCorrelation = EstimateRow(skill.rankCorrelation, scale: 1)
      coverage = skill.coverage.map { EstimateRow($0) }
      width = skill.width.map { EstimateRow($0) }
      intervalScore = skill.intervalScore.map { EstimateRow($0) }
    }
  }

  public let features: [Weight]
  public let leftOut: [LeftOut]
  public let penalty: Double?
  /// Languages measured of which all features are known.
  public let languages: [String]
  /// The others.
  public let incomplete: [String]
  public let leaveOneLanguageOut: Skill?
  public let leaveOneFamilyOut: Skill?
}

/// What to expect of a language.
public struct ForecastRow: Codable, Sendable, Equatable {
  public enum Verdict: String, Codable, Sendable {
    case forecast
    case notEnoughEvidence = "not enough evidence"
  }

  public enum Interval: String, Codable, Sendable {
    case languages = "jackknife+ over languages"
    /// Of a family that was not measured.
    case families = "CV+ over families"
  }

  public let language: String
  public let name: String
  /// Its place in `models`.
  public let model: Int
  public let verdict: Verdict
  /// Why there is not enough evidence.
  public let reasons: [String]
  @OrNull public private(set) var recall: Double?
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  @OrNull public private(set) var interval: Interval?
  /// In what the language lies outside of what was measured.
  public let extrapolates: [String]
  /// What the run reached, where it was measured; the forecast does not know it.
  @OrNull public private(set) var measured: EstimateRow?
  /// By the names of features.
  public let features: [String: Double]

  public var width: Double? {
    guard let low, let high else { return nil }
    return high - low
  }
}
