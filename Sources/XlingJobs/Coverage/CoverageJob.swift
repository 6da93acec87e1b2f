import XlingCore
import XlingCoverage
import XlingData
import XlingLanguages
import XlingRuns
import XlingTokenizers
import XlingUnicode

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
    /// Whether words by ICU's rules are looked at, beside those between white space.
    public var hasICUWords = true
    /// Metrics that have to be there.
    public var asked: [String] = []
    /// Ways in which every text is measured again, written otherwise.
    public var perturbations: [Perturbation] = []
    public var perturbationSeed: UInt64 = 0

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
    /// Lines with letters that the language is not written with.
    case otherLetters(LetterCondition, text: String, language: String)
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
    let meters = options.tokenizers.map { CoverageMeter($0.tokenizer, frame: options.frame) }
    var english = [MeasuredEnglish?](repeating: nil, count: meters.count)
    var rows = [[CoverageRow]](repeating: [], count: meters.count)
    var perturbed = rows.map { _ in [PerturbedCoverage]() }
    var differences: [CoverageDifference] = []
    let names = options.tokenizers.map(\.name)
    try observe(
      .step(.began(run: names.joined(separator: ", "), total: texts.count * meters.count)))
    // Texts outside, tokenizers inside: all of them see the draws of a text.
    var draws = Draws()
    for (index, text) in texts.enumerated() {
      var measured: [MeasuredText] = []
      let letters = try Self.letters(cards[code: text.language])
      for (number, meter) in meters.enumerated() {
        try Interruption.check("nothing is kept")
        let counts = try meter.measure(
          text.text, language: text.language, locale: locale(of: text.language), letters: letters)
        if number == 0 { try tell(counts, cards[code: text.language], observe) }
        let other = try self.english(of: text, counts, meter, &english[number])
        let own = MeasuredText(counts, english: other, bootstrap: draws.of(counts))
        measured.append(own)
        perturbed[number] += try perturb(text, own, names[number], meter, &draws)
        try observe(
          .step(.done(index * meters.count + number + 1, language: text.language)))
      }
      for (number, row) in try CoverageRow.all(names, measured).enumerated() {
        rows[number].append(row)
      }
      differences += zip(names, measured).dropFirst().map {
        CoverageDifference($0, $1, against: names[0], measured[0])
      }
    }
    try observe(.step(.ended))
    return CoverageResult(
      vocabularies: options.tokenizers.map { CoverageResult.Vocabulary($0) },
      rows: rows.flatMap { $0 }, differences: differences, perturbed: perturbed.flatMap { $0 })
  }

  private func locale(of language: String) -> String? {
    options.hasICUWords ? CoverageMeter.locale(of: language) : nil
  }

  /// The bootstrap's draws of the text measured last: texts of as many lines have the same.
  private struct Draws {
    private var bootstrap: CoverageBootstrap?
    private var size = (blocks: 0, lines: 0)

    mutating func of(_ counts: CoverageCounts) -> CoverageBootstrap? {
      guard counts.lines >= CoverageBootstrap.fewest else { return nil }
      if size != (counts.blocks.count, counts.blocks.linesPerBlock) {
        bootstrap = CoverageBootstrap(for: counts)
        size = (counts.blocks.count, counts.blocks.linesPerBlock)
      }
      return bootstrap
    }
  }

  /// The text written otherwise, beside what was measured of it as it is.
  private func perturb(
    _ text: LanguageText, _ plain: MeasuredText, _ tokenizer: String, _ meter: CoverageMeter,
    _ draws: inout Draws
  ) throws -> [PerturbedCoverage] {
    try options.perturbations.map { kind in
      let seed = options.perturbationSeed
      let written = text.text.rewritten {
        try kind.apply($0, language: text.language, seed: seed)
      }
      let counts = try meter.measure(
        written, language: text.language, locale: locale(of: text.language))
      let own = MeasuredText(counts, english: plain.english, bootstrap: draws.of(counts))
      return PerturbedCoverage(kind, seed: seed, tokenizer, own, plain)
    }
  }

  private typealias MeasuredEnglish = (name: String, counts: CoverageCounts)

  /// English that belongs to a text: measured once where several texts have the same file.
  private func english(
    of text: LanguageText, _ counts: CoverageCounts, _ meter: CoverageMeter,
    _ kept: inout MeasuredEnglish?
  ) throws -> CoverageCounts? {
    guard let english = text.english else { return nil }
    let isFile = if case .files = options.source { true } else { false }
    let other: CoverageCounts
    if isFile, let kept, kept.name == english.name {
      other = kept.counts
    } else {
      other = try meter.measure(english, language: "en", locale: nil, onlyTokens: true)
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
    let share = Double(most.occurrences) / Double(letters)
    if !LanguageLetters.scripts(of: card.script).contains(most.text), share > 0.5 {
      return try observe(
        .otherScript(
          language: counts.language, expected: card.script, found: most.text, share: share))
    }
    if let found = condition.letters, found.isTold {
      try observe(.otherLetters(found, text: counts.text, language: counts.language))
    }
  }

  /// Nil for a language without a card.
  static func letters(_ card: Language?) throws -> LanguageLetters? {
    try card.map {
      try LanguageLetters(
        locale: CoverageMeter.locale(of: $0.code), script: $0.script, scripts: $0.writing.all)
    }
  }
}
