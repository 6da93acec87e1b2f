import XlingEvaluation
import XlingExperiments

/// What each language loses against the one aligned on, and where it is lost.
public struct GapJob: Sendable {
  public struct Options: Sendable, Equatable {
    public var subject: EvaluationSubject
    /// Places that count as found.
    public var k = 10
    /// The language that the others are held against; nil: the one aligned on.
    public var against: String?
    /// The path of the store beside which embeddings are kept; nil keeps none.
    public var embeddingsBeside: String?

    public init(_ subject: EvaluationSubject) { self.subject = subject }
  }

  /// One language against ``against``; recalls and chance are percent.
  public struct Row: Codable, Sendable, Equatable {
    public let schema: String
    public let run: String
    public let dataset: String
    public let split: String
    public let language: String
    public let against: String
    public let k: Int
    public let againstRecall: EstimateRow
    public let recall: EstimateRow
    public let gap: EstimateRow
    public let textRecall: EstimateRow
    /// Of either recall, and among the texts.
    public let chance: Double?
    public let textChance: Double?
    public let lost: Int
    public let gained: Int
    public let lostInLanguage: EstimateRow?

    init(_ gap: TransferGap, of subject: EvaluationSubject.Loaded) {
      schema = "xling.gap/1"
      run = subject.run.name
      dataset = subject.dataset.name
      split = subject.split.rawValue
      language = gap.language
      against = gap.pivot
      k = gap.k
      againstRecall = EstimateRow(gap.pivotRecall)
      recall = EstimateRow(gap.recall)
      self.gap = EstimateRow(gap.gap)
      textRecall = EstimateRow(gap.textRecall)
      chance = gap.chance.map { 100 * $0 }
      textChance = gap.textChance.map { 100 * $0 }
      lost = gap.lost
      gained = gap.gained
      lostInLanguage = gap.lostInLanguage.map { EstimateRow($0) }
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    /// The dataset's code of the language that the others are held against.
    public let against: String
    public let rows: [Row]
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what reading run and data throws, `RetrievalFailure`, `InterruptionFailure`, and what
  /// `observe` throws.
  public func run(_ observe: (LanguageEvent) throws -> Void = { _ in }) throws -> Result {
    let subject = try options.subject.load(against: options.against, observe)
    let evaluator = try subject.evaluator(
      EvaluationPlan(of: subject.run, split: subject.split),
      embeddingsBeside: options.embeddingsBeside)
    let pivot = try subject.pivot(options.against)
    let rows = try EachLanguage.map(
      subject.languages.filter { $0 != pivot }, of: subject.run.name,
      observe: { try observe(.step($0)) },
      work: {
        Row(try evaluator.transferGap($0, pivot: pivot, k: options.k), of: subject)
      })
    let bare = rows.filter { row in
      ![row.againstRecall, row.recall, row.gap, row.textRecall].allSatisfy(\.hasInterval)
        || row.lostInLanguage?.hasInterval == false
    }
    if let warning = Warning.withoutIntervals(bare.map(\.language)) {
      try observe(.warning(warning))
    }
    return Result(against: pivot, rows: rows)
  }
}
