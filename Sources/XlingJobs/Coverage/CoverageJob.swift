import XlingCore
import XlingCoverage
import XlingData
import XlingLanguages
import XlingRuns
import XlingTokenizers

/// What tokenizers do to languages, from texts alone.
public struct CoverageJob: Sendable {
  public struct NamedTokenizer: Sendable {
    public let name: String
    public let tokenizer: any Tokenizer

    public init(_ name: String, _ tokenizer: any Tokenizer) {
      self.name = name
      self.tokenizer = tokenizer
    }

    /// A run's, by its folder. Throws what reading the run throws.
    public init(ofRun folder: String) throws {
      let identity = try RunFolder(folder).record().identity
      self.init(folder, try identity.tokenizer())
    }
  }

  public struct Options: Sendable {
    public var tokenizers: [NamedTokenizer]
    public var source: CoverageSource
    /// Codes or names; `all`; empty: all that files or data have.
    public var languages: [String]
    /// Tokens around a text, for truncation; nil: the tokenizer's.
    public var frame: Int?
    /// Metrics that have to be there.
    public var asked: [String] = []

    public init(
      _ tokenizers: [NamedTokenizer], source: CoverageSource, languages: [String]
    ) {
      (self.tokenizers, self.source, self.languages) = (tokenizers, source, languages)
    }
  }

  public enum Event: Sendable, Equatable {
    case step(LanguageStep)
    /// A text that was measured all the same.
    case condition(TextCondition, text: String, language: String)
    /// Most letters of a text are of another script than its language's card says.
    case otherScript(language: String, expected: String, found: String, share: Double)
    case fewLines(language: String, lines: Int)
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what reading texts throws, `CoverageFailure`, ``CoverageJobFailure``, `InterruptionFailure`, and
  /// what `observe` throws.
  public func run(_ observe: (Event) throws -> Void = { _ in }) throws -> CoverageResult {
    let texts = try options.source.texts(options.languages)
    for text in texts where text.english == nil {
      if let metric = options.asked.first(where: { $0.hasPrefix("premium") || $0 == "jsd_english" })
      {
        throw CoverageJobFailure.noParallel(language: text.language, metric: metric)
      }
    }
    let cards = try Languages.load()
    var rows: [CoverageRow] = []
    var vocabularies: [CoverageResult.Vocabulary] = []
    let total = texts.count * options.tokenizers.count
    try observe(
      .step(.began(run: options.tokenizers.map(\.name).joined(separator: ", "), total: total)))
    var draws: CoverageBootstrap?
    var drawn = (lines: 0, perBlock: 0)
    for (number, named) in options.tokenizers.enumerated() {
      let meter = CoverageMeter(named.tokenizer, frame: options.frame)
      vocabularies.append(CoverageResult.Vocabulary(named))
      var english: (name: String, counts: CoverageCounts)?
      for (index, text) in texts.enumerated() {
        try Interruption.check("nothing is kept")
        let counts = try meter.measure(
          text.text, language: text.language, locale: CoverageMeter.locale(of: text.language))
        if number == 0 { try tell(counts, cards[code: text.language], observe) }
        let other = try self.english(of: text, counts, meter, &english)
        if (counts.blocks.count, counts.blocks.linesPerBlock) != drawn {
          draws = CoverageBootstrap(for: counts)
          drawn = (counts.blocks.count, counts.blocks.linesPerBlock)
        }
        let enough = counts.lines >= CoverageBootstrap.fewest ? draws : nil
        rows.append(CoverageRow(named.name, counts, english: other, draws: enough))
        try observe(.step(.done(number * texts.count + index + 1, language: text.language)))
      }
    }
    try observe(.step(.ended))
    return CoverageResult(vocabularies: vocabularies, rows: rows)
  }

  /// English that belongs to a text: measured once where several texts have the same file.
  private func english(
    of text: LanguageText, _ counts: CoverageCounts, _ meter: CoverageMeter,
    _ kept: inout (name: String, counts: CoverageCounts)?
  ) throws -> CoverageCounts? {
    guard let english = text.english else { return nil }
    let isFile = if case .files = options.source { true } else { false }
    let other: CoverageCounts
    if isFile, let kept, kept.name == english.name {
      other = kept.counts
    } else {
      other = try meter.measure(english, language: "en", locale: nil)
      kept = (english.name, other)
    }
    try CoverageFailure.check(counts, parallel: other, named: english.name)
    return other
  }

  private func tell(
    _ counts: CoverageCounts, _ card: Language?, _ observe: (Event) throws -> Void
  ) throws {
    let condition = counts.condition
    if condition.blankLines > 0 || condition.malformedBytes > 0 {
      try observe(.condition(condition, text: counts.text, language: counts.language))
    }
    if counts.lines < CoverageBootstrap.fewest {
      try observe(.fewLines(language: counts.language, lines: counts.lines))
    }
    let letters = counts.scalars.scripts.reduce(0) { $0 + $1.occurrences }
    guard let card, let most = counts.scalars.scripts.first, letters > 0 else { return }
    let own = LanguageScript.parts(of: card.script)
    let share = Double(most.occurrences) / Double(letters)
    if !own.contains(most.text), share > 0.5 {
      try observe(
        .otherScript(
          language: counts.language, expected: card.script, found: most.text, share: share))
    }
  }
}
