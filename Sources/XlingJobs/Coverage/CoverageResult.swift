import XlingCore
import XlingCoverage

/// What `xling coverage` tells.
public struct CoverageResult: Codable, Sendable, Equatable {
  public struct Vocabulary: Codable, Sendable, Equatable {
    public let tokenizer: String
    public let contentHash: String
    public let size: Int
    public let scripts: [VocabularyMakeup.Count]
    /// Some pieces of several scripts.
    public let mixed: [String]

    init(_ named: CoverageJob.NamedTokenizer) {
      tokenizer = named.name
      contentHash = named.tokenizer.contentHash
      size = named.tokenizer.vocabularySize
      let makeup = VocabularyMakeup(named.tokenizer)
      (scripts, mixed) = (makeup.counts, makeup.mixed)
    }
  }

  /// How unevenly tokenizers treat the languages that have parallel English.
  public struct Spread: Codable, Sendable, Equatable {
    public let tokenizer: String
    public let languages: [String]
    /// Over tokens on parallel lines, relative to English; English is one of them.
    public let gini: Double
    public let giniUnknownAdjusted: Double
  }

  public let schema: String
  public let vocabularies: [Vocabulary]
  public let spreads: [Spread]
  public let rows: [CoverageRow]
  /// Each further tokenizer less the first, on the same lines.
  public let differences: [CoverageDifference]
  /// By tokenizer, language and perturbation.
  public let perturbed: [PerturbedCoverage]

  init(
    vocabularies: [Vocabulary], rows: [CoverageRow], differences: [CoverageDifference],
    perturbed: [PerturbedCoverage]
  ) {
    self.differences = differences
    self.perturbed = perturbed
    schema = "xling.coverage/1"
    self.vocabularies = vocabularies
    self.rows = rows
    spreads = vocabularies.compactMap { vocabulary in
      let own = rows.filter {
        $0.tokenizer == vocabulary.tokenizer && $0.language != "en" && $0.value("premium") != nil
      }
      guard !own.isEmpty else { return nil }
      return Spread(
        tokenizer: vocabulary.tokenizer, languages: ["en"] + own.map(\.language),
        gini: Gini.of([1] + own.compactMap { $0.value("premium") }),
        giniUnknownAdjusted: Gini.of([1] + own.compactMap { $0.value("premium_unk_adjusted") }))
    }
  }
}

extension CoverageResult {
  /// A row's text written otherwise, in the order asked for.
  public func perturbed(_ row: CoverageRow) -> [PerturbedCoverage] {
    perturbed.filter { $0.tokenizer == row.tokenizer && $0.language == row.language }
  }
}

/// A language with a tokenizer.
public struct CoverageRow: Codable, Sendable, Equatable {
  public struct Figure: Codable, Sendable, Equatable {
    public let metric: String
    public let unit: CoverageMetric.Unit
    public let value: Double
    @OrNull public private(set) var low: Double?
    @OrNull public private(set) var high: Double?

    init(_ metric: CoverageMetric, _ figure: CoverageFigure) {
      self.metric = metric.name
      unit = metric.unit
      value = figure.value
      low = figure.low
      high = figure.high
    }
  }

  public let tokenizer: String
  public let language: String
  public let text: String
  public let lines: Int
  public let words: Int
  public let tokens: Int
  public let bytes: Int
  public let condition: TextCondition
  public let wordTypes: WordTypes
  @OrNull public private(set) var icuWordTypes: WordTypes?
  public let scalars: ScalarFigures
  public let figures: [Figure]
  public let worst: [CostlyWord]

  /// One text with all tokenizers, side by side: intervals take as long as counting.
  static func all(_ names: [String], _ measured: [MeasuredText]) throws -> [CoverageRow] {
    // Each has sums of draws of its own, which one thread forms.
    nonisolated(unsafe) let texts = measured
    return try concurrently(Array(names.indices)) { CoverageRow(names[$0], texts[$0]) }
  }

  init(_ tokenizer: String, _ measured: MeasuredText) {
    let counts = measured.counts
    self.tokenizer = tokenizer
    language = counts.language
    text = counts.text
    lines = counts.lines
    words = counts.sums[.words]
    tokens = counts.sums[.tokens]
    bytes = counts.sums[.bytes]
    condition = counts.condition
    wordTypes = counts.words
    icuWordTypes = counts.icuWords
    scalars = counts.scalars
    worst = counts.worst
    figures = CoverageMetric.all.compactMap { metric in
      measured.figure(metric).map { Figure(metric, $0) }
    }
  }

  public func figure(_ metric: String) -> Figure? { figures.first { $0.metric == metric } }

  public func value(_ metric: String) -> Double? { figure(metric)?.value }
}
