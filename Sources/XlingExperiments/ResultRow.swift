import XlingCore
import XlingRetrieval

/// One number of an evaluation, with its interval and its n; `xling eval --json` is a list of them.
public struct ResultRow: Codable, Sendable, Equatable {
  public let schema: String
  public let metric: String
  /// `text-to-image`, `image-to-text`, or `both` for sums over them.
  public let direction: String
  public let language: String
  /// Percent for rates, places for ranks; `low` to `high` is the 95 % interval, null where fewer than 30
  /// independent pictures lie behind the value.
  public let value: Double
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  /// What a scorer that knows nothing is expected to reach, in the unit of `value`; nil where it has no
  /// closed form.
  public let chance: Double?
  /// Whether the interval holds chance: the result cannot be told from it. Nil without an interval.
  public let coversChance: Bool?
  public let unit: String
  public let n: Int
  public let ties: Int
  /// The language covers fewer than 95 % of the pictures.
  public let partial: Bool
  /// `given embeddings` where there is none.
  public let dataset: String
  public let split: String
  public let subset: String
  /// nil for embeddings that were made elsewhere.
  public let run: String?
  public let `protocol`: String
  /// What was taken from the language's captions (``Centring``); nil: nothing.
  public let centred: String?
  /// `few-shot tr=10` of a run that was trained on captions of other languages, too; nil: of none.
  public var fewShot: String?

  /// `direction` nil: over both. `estimate` and `chance` are in 0...1 for rates.
  public init(
    _ metric: String, _ estimate: Estimate, chance: Double?, isRate: Bool, direction: Direction?,
    language: String, ties: Int, partial: Bool = false, run: String? = nil,
    measured: EvaluationProtocol
  ) {
    let scale = isRate ? 100.0 : 1
    schema = "xling.eval/1"
    self.metric = metric
    self.direction = direction?.words ?? "both"
    self.language = language
    value = scale * estimate.value
    low = estimate.low.map { scale * $0 }
    high = estimate.high.map { scale * $0 }
    self.chance = chance.map { scale * $0 }
    coversChance = chance.flatMap(estimate.covers)
    unit = isRate ? "percent" : "rank"
    n = estimate.n
    self.ties = ties
    self.partial = partial
    dataset = measured.dataset
    split = measured.split
    subset = measured.subset
    self.run = run
    `protocol` = measured.hash
    centred = measured.centring(of: language)
  }

  /// Where only a name goes: the run, and of what languages it saw captions besides.
  public var model: String {
    (run ?? "given embeddings") + (fewShot.map { " (\($0))" } ?? "")
  }

  /// The stored metrics of an evaluation, in the order of `metrics`.
  public static func rows(
    _ evaluation: Evaluation, _ metrics: [Metric], partial: Bool
  ) -> [ResultRow] {
    metrics.compactMap { metric in
      guard let estimate = evaluation.metrics[metric.name] else { return nil }
      return ResultRow(
        metric.name, estimate, chance: metric.chance(evaluation.ranking), isRate: metric.isRate,
        direction: evaluation.direction, language: evaluation.language,
        ties: evaluation.ranking.tieCount, partial: partial, run: evaluation.run,
        measured: evaluation.measured)
    }
  }
}
