import Foundation
import XlingCore
import XlingCoverage
import XlingData
import XlingEvaluation
import XlingLanguages
import XlingRetrieval

/// A language's text as a forecast measures it.
struct ForecastText {
  let language: String
  let text: CoverageText
  let english: CoverageText?
  /// Whoever asks gave it, for this language alone; the others' are installed.
  let isGiven: Bool

  /// Lines of an installed text that are measured, evenly spaced: figures need no more.
  static let most = 1_000

  /// Texts of as many of `languages` as there are. Files count for the languages that they are of; all
  /// others get what is installed. Throws as `CoverageSource.texts`.
  static func all(_ languages: [String], _ source: CoverageSource) throws -> [ForecastText] {
    var own: [ForecastText] = []
    switch source {
    case .embedded: break
    case .files:
      own = try source.texts([]).map {
        ForecastText(language: $0.language, text: $0.text, english: $0.english, isGiven: true)
      }
    case .data:
      return try source.texts([]).filter { languages.contains($0.language) }.map(spaced)
    }
    let available = Set(try EmbeddedTexts.available())
    let rest = languages.filter { language in
      available.contains(language) && !own.contains { $0.language == language }
    }
    return try own + CoverageSource.embedded.texts(rest).map(spaced)
  }

  private static func spaced(_ text: LanguageText) throws -> ForecastText {
    let lines = try text.text.lines()
    let places = (0..<min(most, lines.count)).map { $0 * lines.count / min(most, lines.count) }
    func part(_ whole: CoverageText, _ lines: [String]) -> CoverageText {
      CoverageText(lines: places.map { lines[$0] }, name: whole.name)
    }
    return ForecastText(
      language: text.language, text: part(text.text, lines),
      english: try text.english.map { part($0, try $0.lines()) }, isGiven: false)
  }
}

/// Measures texts with one run's tokenizer and text side.
struct ForecastMeter {
  private let meter: CoverageMeter
  /// Pieces of the vocabulary by script.
  private let pieces: [String: Int]
  private var agreement: TextAgreement?
  /// Lines of a text whose agreement is measured.
  private static let agreementLines = 300

  init(_ tokenizer: CoverageJob.NamedTokenizer, agreement: TextAgreement?) {
    meter = CoverageMeter(tokenizer.tokenizer)
    let makeup = VocabularyMakeup(tokenizer.tokenizer)
    pieces = Dictionary(makeup.counts.map { ($0.script, $0.pieces) }) { $1 }
    self.agreement = agreement
  }

  /// `comparesWords`: the text is of the kind of the other languages', so that words compare. Throws what
  /// measuring throws, `CoverageFailure` for parallel texts that are none.
  mutating func measure(
    _ text: ForecastText, card: Language?, comparesWords: Bool
  ) throws -> ForecastKnowledge {
    let counts = try meter.measure(
      text.text, language: text.language, locale: CoverageMeter.locale(of: text.language))
    var known = ForecastKnowledge()
    func value(_ metric: String, _ english: CoverageCounts?) throws -> Double? {
      try CoverageMetric.named(metric).figure(counts, english: english, draws: nil)?.value
    }
    known.characterCoverage = try value("char_coverage", nil)
    known.values[.characters] = known.characterCoverage
    if comparesWords, let words = try value("fertility_icu_isolated", nil), words > 0 {
      known.values[.fertility] = log(words)
    }
    if let card {
      let own = LanguageLetters.scripts(of: card.script).reduce(0) { $0 + (pieces[$1] ?? 0) }
      known.values[.script] = log10(1 + Double(own))
    }
    guard let english = text.english else { return known }
    let other = try meter.measure(english, language: "en", locale: nil)
    try CoverageFailure.check(counts, parallel: other, named: english.name)
    known.premium = try value("premium_unk_adjusted", other)
    known.values[.premium] = known.premium.flatMap { $0 > 0 ? log($0) : nil }
    known.values[.agreement] = try agreement(text, english)
    return known
  }

  private mutating func agreement(
    _ text: ForecastText, _ english: CoverageText
  ) throws -> Double? {
    guard agreement != nil else { return nil }
    let (lines, others) = (try text.text.lines(), try english.lines())
    let filled = zip(lines, others).filter { !Self.isBlank($0) && !Self.isBlank($1) }
    let count = min(Self.agreementLines, filled.count)
    let some = (0..<count).map { filled[$0 * filled.count / count] }
    let found = try agreement?.measure(
      some.map(\.0), english: some.map(\.1), language: text.language)
    return found.map { RateScale.logit($0.value, n: $0.lines) }
  }

  private static func isBlank(_ line: String) -> Bool {
    line.unicodeScalars.allSatisfy(\.properties.isWhitespace)
  }
}
