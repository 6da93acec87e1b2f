import XlingCore
import XlingEvaluation
import XlingRetrieval

/// Which captions a run loses, by what its tokenizer made of them.
public struct AttributeJob: Sendable {
  public struct Options: Sendable {
    public var subject: EvaluationSubject
    /// A rate that is a mean over queries (``metric(named:)``), text to image.
    public var metric = Metric.recall(at: 10)
    /// The path of the store beside which embeddings are kept; nil keeps none.
    public var embeddingsBeside: String?

    public init(_ subject: EvaluationSubject) { self.subject = subject }
  }

  /// Captions of one kind in one language; shares are percent.
  public struct Row: Codable, Sendable, Equatable {
    public let schema: String
    public let run: String
    public let dataset: String
    public let split: String
    public let language: String
    public let group: String
    public let metric: String
    public let value: Double
    /// Null where fewer than 30 independent pictures lie behind the value.
    @OrNull public private(set) var low: Double?
    @OrNull public private(set) var high: Double?
    public let n: Int
    /// nil where it has no closed form.
    public let chance: Double?
    public let piecesPerWord: Double
    public let piecesPerCharacterLow: Double
    public let piecesPerCharacterHigh: Double
    /// Of the captions.
    public let withUnknown: Double
    public let cut: Double
    public let coversChance: Bool

    init(
      _ group: TokenAttribution.Group, _ attribution: TokenAttribution,
      of subject: EvaluationSubject.Loaded
    ) {
      schema = "xling.attribution/1"
      run = subject.run.name
      dataset = subject.dataset.name
      split = subject.split.rawValue
      language = attribution.language
      self.group = group.name
      metric = attribution.metric
      value = 100 * group.estimate.value
      low = group.estimate.low.map { 100 * $0 }
      high = group.estimate.high.map { 100 * $0 }
      n = group.estimate.n
      chance = group.chance.map { 100 * $0 }
      coversChance = group.chance.flatMap(group.estimate.covers) == true
      piecesPerWord = group.piecesPerWord
      piecesPerCharacterLow = group.piecesPerCharacter.lowerBound
      piecesPerCharacterHigh = group.piecesPerCharacter.upperBound
      withUnknown = 100 * group.withUnknown
      cut = 100 * group.cut
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let metric: String
    public let rows: [Row]
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// A metric that captions can be sorted by. Throws `MetricFailure`, which lists them.
  public static func metric(named name: String) throws(MetricFailure) -> Metric {
    try Metric.find(name) { $0.aggregation == .mean && $0.isRate }
  }

  /// Throws what reading run and data throws, `RetrievalFailure`,
  /// `InterruptionFailure`, and what `observe` throws.
  public func run(_ observe: (LanguageEvent) throws -> Void = { _ in }) throws -> Result {
    let subject = try options.subject.load(observe)
    let evaluator = try subject.evaluator(
      EvaluationPlan(of: subject.run, split: subject.split),
      embeddingsBeside: options.embeddingsBeside)
    let groups = try EachLanguage.map(
      subject.languages, of: subject.run.name, observe: { try observe(.step($0)) },
      work: { language in
        let attribution = try evaluator.attribution(language, metric: options.metric)
        return attribution.groups.map { Row($0, attribution, of: subject) }
      })
    let rows = groups.flatMap { $0 }
    let bare = rows.filter { $0.low == nil }.map { "\($0.language) (\($0.group))" }
    if let warning = Warning.withoutIntervals(bare) { try observe(.warning(warning)) }
    return Result(metric: options.metric.name, rows: rows)
  }
}
