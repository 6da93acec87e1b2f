import XlingCore

/// One paired test; a row of `xling compare --json`.
public struct CompareRow: Codable, Sendable, Equatable {
  /// What `language` says in rows over several.
  public static let mean = "mean"

  public let schema: String
  public let metric: String
  public let direction: String
  /// `mean` over `languages`, else the one language.
  public let language: String
  public let languages: [String]
  public let first: String
  public let second: String
  /// `few-shot tr=10` of a run that was trained on captions of other languages, too.
  public var firstFewShot: String?
  public var secondFewShot: String?
  /// Percent for rates, as `difference`: first minus second, and its 95 % interval.
  public let firstValue: Double
  public let secondValue: Double
  /// What a scorer that knows nothing is expected to reach on these queries, as `firstValue`; nil
  /// where it has no closed form. `coversChance`: whether the interval of the value holds it.
  public let chance: Double?
  public let firstCoversChance: Bool?
  public let secondCoversChance: Bool?
  public let difference: Double
  /// Null, as p, where fewer than 30 independent pictures lie behind it: nothing is tested there.
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  /// Paired randomization test, two-sided; `pHolm` corrects over all languages, directions, pairs that
  /// were tested.
  @OrNull public private(set) var p: Double?
  @OrNull public var pHolm: Double?
  /// The smallest true difference that this test finds with power 80 % at level 5 %.
  public let detectable: Double?
  /// Queries of each seed.
  public let n: Int
  /// Runs that `firstValue` and `secondValue` are means of.
  public let seeds: Int
  /// Standard deviation of the value over seeds, where there are several.
  public let firstSpread: Double?
  public let secondSpread: Double?
  public let subset: String
  public let `protocol`: String
}
