import XlingCore
import XlingRetrieval

/// What a study says, from its tables alone: figures with their intervals, the comparison that it was made for, and
/// what it cannot tell.
public struct StudyFigures: Codable, Sendable, Equatable {
  /// All cells of one combination of the axes, over seeds.
  public struct Condition: Codable, Sendable, Equatable {
    public let label: String
    public let factors: [String: String]
    /// Over which its figures are: all that are finished or diverged.
    public let seeds: [UInt64]
    public let diverged: Int
    public let trained: Int
    public let parameters: Int
    public let steps: Int
    /// Of training, the mean over seeds; tries are in ``trySeconds``.
    public let seconds: Double
    public let tries: Int
    public let trySeconds: Double
    public let peakMB: Double?
    /// The learning rates of its seeds, each once.
    public let rates: [Double]
    /// The primary metric over the primary languages, both directions, 0...1.
    public let primary: Estimate
    public let interquartileMean: Estimate
    /// Every metric over the primary languages.
    public let metrics: [String: Estimate]
    /// The primary metric in the languages aligned on; nil where none is measured.
    public let taught: Estimate?
    /// The languages that come out worst, the worst first.
    public let worst: [LanguageValue]
    /// Share of seeds and languages that reach each of ``StudyFigures/thresholds``.
    public let profile: [Double]
  }

  public struct LanguageValue: Codable, Sendable, Equatable {
    public let language: String
    public let estimate: Estimate
  }

  /// A condition against the baseline of its context.
  public struct Comparison: Codable, Sendable, Equatable {
    public let first: String
    public let second: String
    /// What both share, besides the axis compared; empty where that is the only one.
    public let context: String
    /// The same by axis.
    public let factors: [String: String]
    /// That both have, over which the difference is.
    public let seeds: [UInt64]
    public let difference: Estimate
    @OrNull public private(set) var pValue: Double?
    /// After Holm's correction over the family.
    @OrNull public private(set) var adjusted: Double?
    @OrNull public private(set) var detectable: Double?

    init(
      first: String, second: String, context: String, factors: [String: String],
      seeds: [UInt64], difference: Estimate, pValue: Double?, adjusted: Double?, detectable: Double?
    ) {
      (self.first, self.second, self.context) = (first, second, context)
      (self.factors, self.seeds) = (factors, seeds)
      (self.difference, self.pValue) = (difference, pValue)
      (self.adjusted, self.detectable) = (adjusted, detectable)
    }

    /// Whether the claim stands at 5 %.
    public var isFound: Bool { (adjusted ?? 1) < 0.05 }
  }

  /// A condition against another that differs in one axis, besides the primary comparison.
  public struct Exploration: Codable, Sendable, Equatable {
    public let first: String
    public let second: String
    /// What both share besides.
    public let context: String
    /// That both have, over which the difference is.
    public let seeds: [UInt64]
    /// In a band that holds for all of them at once.
    public let difference: Estimate
  }

  /// A set of test pictures of one condition, of classifiers.
  public struct TestCell: Codable, Sendable, Equatable {
    public let test: String
    public let condition: String
    public let estimate: Estimate
    /// As of ``MapCell``.
    public let difference: Estimate?

    init(_ cell: MapCell) {
      (test, condition) = (cell.language, cell.condition)
      (estimate, difference) = (cell.estimate, cell.difference)
    }

    /// 1 above the baseline, -1 below, 0 where that cannot be told.
    var sign: Int { difference?.sign ?? 0 }
  }

  /// One language of one condition.
  public struct MapCell: Codable, Sendable, Equatable {
    public let language: String
    public let condition: String
    public let estimate: Estimate
    /// Against the baseline, in a band that holds for all languages and conditions at once; nil for the
    /// baseline itself.
    public let difference: Estimate?

    /// 1 above the baseline, -1 below, 0 where that cannot be told.
    public var sign: Int { difference?.sign ?? 0 }
  }

  /// Conditions of which none can be told from another.
  public struct Alike: Codable, Sendable, Equatable {
    public let context: String
    public let labels: [String]
  }

  public private(set) var schema = "xling.study-report/1"
  public let name: String
  public let question: String
  public let decides: String
  public let isSmall: Bool
  public let data: String
  public let split: String
  /// Cells by their state.
  public let states: [String: Int]
  public let cells: Int
  public let tries: Int
  /// What was made before cells; no condition's time has it.
  public let made: [StudyPreparation]
  /// Finished in any condition, each of which has its own; and how many are planned.
  public let seeds: [UInt64]
  public let plannedSeeds: Int
  public let pictures: Int
  public let metric: String
  /// The languages of the primary figure, in words and by code.
  public let over: String
  public let languages: [String]
  public let aligned: [String]
  /// Languages of which some cells saw captions besides.
  public let fewShot: [String]
  /// Along which conditions are compared, with its baseline.
  public let axis: String
  public let baseline: String
  public let conditions: [Condition]
  /// Conditions without a finished cell.
  public let missing: [String]
  public let comparisons: [Comparison]
  /// Along the axis whose values are numbers, where each condition is better or worse than the baseline.
  public let turns: [Turn]
  public let alike: [Alike]
  public let map: [MapCell]
  /// One a condition; empty where too few languages have known costs.
  public let regressions: [Regression]
  /// One a condition; empty where too few languages are measured, and of cells without centroids.
  public let distances: [DistanceRegression]
  /// One for each group of conditions that differ in the language aligned on.
  public let donors: [Donors]
  /// Exploratory differences along another axis; empty where the study asks for none.
  public let explored: [Exploration]
  /// Of classifiers, in place of ``map``: every test of every condition; else empty.
  public let tests: [TestCell]
  /// What translations in the place of captions give; empty where the study has none.
  public let translated: [Translated]
  /// Of the performance profile.
  public let thresholds: [Double]
  public let cannotTell: [String]
  public let draws: Int
}

extension Estimate {
  /// Of a difference: 1 where its interval is above 0, -1 where it is below, else 0.
  fileprivate var sign: Int {
    guard let low, let high else { return 0 }
    return low > 0 ? 1 : high < 0 ? -1 : 0
  }
}
