import XlingCore
import XlingEvaluation

/// Pictures that come first for everything, and languages that lie beside one another.
public struct NeighboursJob: Sendable {
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

  public struct Row: Codable, Sendable, Equatable {
    public let schema: String
    public let run: String
    public let dataset: String
    public let split: String
    public let language: String
    public let against: String
    public let k: Int
    /// A skewness.
    public let hubness: EstimateRow
    /// Percent, as all below but the cosine.
    public let neverFound: EstimateRow
    public let hub: String
    public let hubCaptions: Int
    public let cosine: EstimateRow?
    public let astray: EstimateRow?
    public let nearestWrong: String?
    public let nearestWrongShare: EstimateRow?

    init(
      _ found: LanguageNeighbours, of subject: EvaluationSubject.Loaded, against: String
    ) {
      schema = "xling.neighbours/1"
      run = subject.run.name
      dataset = subject.dataset.name
      split = subject.split.rawValue
      self.against = against
      language = found.language
      k = found.k
      hubness = EstimateRow(found.hubness, scale: 1)
      neverFound = EstimateRow(found.neverFound)
      (hub, hubCaptions) = (found.hub.picture, found.hub.captions)
      cosine = found.agreement.map { EstimateRow($0, scale: 1) }
      astray = found.astray.map { EstimateRow($0) }
      nearestWrong = found.nearestWrong?.language
      nearestWrongShare = found.nearestWrong.map { EstimateRow($0.share) }
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
    let languages = subject.languages
    try observe(.step(.began(run: subject.run.name, total: languages.count)))
    // All languages are asked of one another, so this loop is the evaluator's own.
    let found = try evaluator.neighbours(
      of: languages.contains(pivot) ? languages : [pivot] + languages, pivot: pivot, k: options.k
    ) { done in
      try Interruption.check("nothing is kept but embeddings")
      try observe(.step(.done(min(done, languages.count), language: "")))
    }
    try observe(.step(.ended))
    let rows = found.map { Row($0, of: subject, against: pivot) }
    let bare = rows.filter { row in
      ![row.hubness, row.neverFound].allSatisfy(\.hasInterval)
        || [row.cosine, row.astray, row.nearestWrongShare].contains { $0?.hasInterval == false }
    }
    if let warning = Warning.withoutIntervals(bare.map(\.language)) {
      try observe(.warning(warning))
    }
    return Result(against: pivot, rows: rows)
  }
}
