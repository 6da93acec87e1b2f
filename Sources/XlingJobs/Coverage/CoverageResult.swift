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

  init(vocabularies: [Vocabulary], rows: [CoverageRow]) {
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

/// A language with a tokenizer.
public struct CoverageRow: Codable, Sendable, Equatable {
  public struct Figure: Codable, Sendable, Equatable {
    public let metric: String
    public let unit: CoverageMetric.Unit
    public let value: Double
    @OrNull public private(set) var low: Double?
    @OrNull public private(set) var high: Double?
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

  init(
    _ tokenizer: String, _ counts: CoverageCounts, english: CoverageCounts?,
    draws: CoverageBootstrap?
  ) {
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
    let drawn = draws.map { DrawnSums($0, counts, english: english) }
    figures = CoverageMetric.all.compactMap { metric in
      metric.figure(counts, english: english, draws: drawn).map {
        Figure(
          metric: metric.name, unit: metric.unit, value: $0.value, low: $0.low, high: $0.high)
      }
    }
  }

  public func figure(_ metric: String) -> Figure? { figures.first { $0.metric == metric } }

  public func value(_ metric: String) -> Double? { figure(metric)?.value }
}
