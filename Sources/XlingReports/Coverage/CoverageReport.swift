import XlingRetrieval

/// What tokenizers do to languages, as one page shows it: plain rows that whoever measured fills in.
public struct CoverageReport: Sendable {
  public struct Language: Sendable {
    /// BCP 47.
    public var code: String
    public var name: String
    public var nativeName: String?
    public var isRightToLeft: Bool

    public init(code: String, name: String, nativeName: String?, isRightToLeft: Bool) {
      (self.code, self.name) = (code, name)
      (self.nativeName, self.isRightToLeft) = (nativeName, isRightToLeft)
    }
  }

  public struct Metric: Sendable {
    public enum Unit: Sendable { case ratio, share, percent, nats, bits, count }
    public enum Better: Sendable { case low, high, neither }

    public var name: String
    public var title: String
    public var formula: String
    public var citation: String
    public var unit: Unit
    public var better: Better

    public init(
      name: String, title: String, formula: String, citation: String, unit: Unit, better: Better
    ) {
      (self.name, self.title, self.formula) = (name, title, formula)
      (self.citation, self.unit, self.better) = (citation, unit, better)
    }
  }

  public struct Figure: Sendable {
    public var value: Double
    /// Nil without an interval.
    public var low: Double?
    public var high: Double?

    public init(_ value: Double, low: Double?, high: Double?) {
      (self.value, self.low, self.high) = (value, low, high)
    }
  }

  /// A word that costs many tokens.
  public struct Word: Sendable {
    public var text: String
    public var occurrences: Int
    public var pieces: [String]
    /// Places in `pieces` of the unknown token.
    public var unknown: [Int]
    public var place: Place?

    public init(
      text: String, occurrences: Int, pieces: [String], unknown: [Int], place: Place? = nil
    ) {
      (self.text, self.occurrences, self.pieces) = (text, occurrences, pieces)
      (self.unknown, self.place) = (unknown, place)
    }
  }

  /// Where the right pictures stand for captions that hold a word: the median of their ranks.
  public struct Place: Sendable {
    public var median: Double
    public var low: Double?
    public var high: Double?
    public var captions: Int

    public init(median: Double, low: Double?, high: Double?, captions: Int) {
      (self.median, self.low, self.high, self.captions) = (median, low, high, captions)
    }
  }

  /// A language with a tokenizer.
  public struct Row: Sendable {
    public var tokenizer: String
    public var language: String
    public var text: String
    public var lines: Int
    /// By metric name.
    public var figures: [String: Figure]
    public var worst: [Word]
    /// Of all captions of the language in the run that ``Word/place`` comes from.
    public var captionPlace: Place?

    public init(
      tokenizer: String, language: String, text: String, lines: Int, figures: [String: Figure],
      worst: [Word], captionPlace: Place? = nil
    ) {
      (self.tokenizer, self.language, self.text) = (tokenizer, language, text)
      (self.lines, self.figures, self.worst) = (lines, figures, worst)
      self.captionPlace = captionPlace
    }
  }

  public struct Vocabulary: Sendable {
    public var tokenizer: String
    public var hash: String
    public var size: Int
    /// ISO 15924, or `mixed`, `common`, `special`; most first.
    public var scripts: [(script: String, name: String, pieces: Int)]
    /// Some pieces of several scripts.
    public var mixed: [String]

    public init(
      tokenizer: String, hash: String, size: Int,
      scripts: [(script: String, name: String, pieces: Int)], mixed: [String]
    ) {
      (self.tokenizer, self.hash, self.size) = (tokenizer, hash, size)
      (self.scripts, self.mixed) = (scripts, mixed)
    }
  }

  /// How unevenly a tokenizer treats the languages.
  public struct Spread: Sendable {
    public var tokenizer: String
    public var languages: Int
    public var gini: Double
    public var giniUnknownAdjusted: Double

    public init(tokenizer: String, languages: Int, gini: Double, giniUnknownAdjusted: Double) {
      (self.tokenizer, self.languages) = (tokenizer, languages)
      (self.gini, self.giniUnknownAdjusted) = (gini, giniUnknownAdjusted)
    }
  }

  /// A figure of `tokenizer` less that of `against` on the same lines, both under the same draws.
  public struct Difference: Sendable {
    public var tokenizer: String
    public var against: String
    public var language: String
    /// By metric name.
    public var figures: [String: Figure]

    public init(tokenizer: String, against: String, language: String, figures: [String: Figure]) {
      (self.tokenizer, self.against) = (tokenizer, against)
      (self.language, self.figures) = (language, figures)
    }
  }

  /// How often a run that reads by a tokenizer finds the picture of a caption.
  public struct Recall: Sendable {
    public var tokenizer: String
    public var run: String
    public var dataset: String
    public var split: String
    /// "R@10", text to image.
    public var metric: String
    /// By language.
    public var estimates: [String: Estimate]
    public var chance: Double?

    public init(
      tokenizer: String, run: String, dataset: String, split: String, metric: String,
      estimates: [String: Estimate], chance: Double?
    ) {
      (self.tokenizer, self.run, self.dataset) = (tokenizer, run, dataset)
      (self.split, self.metric) = (split, metric)
      (self.estimates, self.chance) = (estimates, chance)
    }
  }

  public var languages: [Language]
  public var tokenizers: [String]
  /// Those of the heat map.
  public var metrics: [Metric]
  public var rows: [Row]
  public var vocabularies: [Vocabulary]
  public var spreads: [Spread] = []
  public var differences: [Difference] = []
  public var recalls: [Recall] = []
  /// What is missing and what would make it, a sentence each: no store, no run, no parallel text.
  public var recallNotes: [String] = []
  public var wordNotes: [String] = []
  /// Lines of the provenance block.
  public var provenance: [(name: String, value: String)] = []

  public init(
    languages: [Language], tokenizers: [String], metrics: [Metric], rows: [Row],
    vocabularies: [Vocabulary]
  ) {
    self.languages = languages
    self.tokenizers = tokenizers
    self.metrics = metrics
    self.rows = rows
    self.vocabularies = vocabularies
  }
}

extension CoverageReport {
  func row(_ tokenizer: String, _ language: String) -> Row? {
    rows.first { $0.tokenizer == tokenizer && $0.language == language }
  }

  func rows(of tokenizer: String) -> [Row] { rows.filter { $0.tokenizer == tokenizer } }

  func language(_ code: String) -> Language {
    languages.first { $0.code == code }
      ?? Language(code: code, name: code, nativeName: nil, isRightToLeft: false)
  }

  /// Figures of one metric with one tokenizer, by language in the order of the rows.
  func values(_ metric: String, _ tokenizer: String) -> [Double] {
    rows(of: tokenizer).compactMap { $0.figures[metric]?.value }
  }
}

extension CoverageReport.Metric {
  /// `1.46`; shares in percent.
  func text(_ value: Double) -> String {
    Figures.fixed(unit == .share ? 100 * value : value, digits)
  }

  func bounds(_ figure: CoverageReport.Figure) -> String {
    guard let low = figure.low, let high = figure.high else { return "" }
    return "[\(text(low)), \(text(high))]"
  }

  /// With its sign.
  func signed(_ value: Double) -> String {
    let shown = text(value)
    return value > 0 && shown.contains { ("1"..."9").contains($0) } ? "+" + shown : shown
  }

  private var digits: Int {
    switch unit {
    case .share, .percent: 1
    case .count: 0
    case .ratio, .nats, .bits: 2
    }
  }

  var sense: HeatScale.Sense {
    switch better {
    case .low: .cost
    case .high: .gain
    case .neither: .neither
    }
  }

  /// What stands at the head of a column.
  var head: String { title + (unit == .share || unit == .percent ? ", %" : "") }
}
