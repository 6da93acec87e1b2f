import XlingCore
import XlingCoverage
import XlingJobs
import XlingLanguages
import XlingReports

/// What a coverage comes to, in words.
enum CoverageWords {
  /// One sentence a language, on the tokenizer that costs it least once unknown tokens are paid for.
  static func judgements(_ result: CoverageResult) -> [String] {
    let cards = try? Languages.load()
    var seen: Set<String> = []
    let languages = result.rows.map(\.language).filter { seen.insert($0).inserted }
    // A sentence each is for a few; a table is for many.
    guard languages.count <= 5 else { return [] }
    return languages.compactMap { language in
      let rows = result.rows.filter { $0.language == language }
      let best = rows.min {
        ($0.value("unk_adjusted_tokens_per_line") ?? .infinity)
          < ($1.value("unk_adjusted_tokens_per_line") ?? .infinity)
      }
      return best.map { judgement($0, of: rows.count, cards?[code: language]?.name ?? language) }
    }
  }

  private static func judgement(_ row: CoverageRow, of count: Int, _ name: String) -> String {
    let lost = row.value("unk_words_icu") ?? row.value("unk_words") ?? 0
    let words = Figures.fixed(
      row.value("fertility_icu_isolated") ?? row.value("fertility_ws") ?? 0, 2)
    let price = row.value("premium_unk_adjusted")
    let verdict =
      switch (lost, price ?? 1) {
      case (0.1..., _):
        "which is too much to align on: another tokenizer, or more vocabulary, is needed"
      case (0.01..., _): "which will cost recall where those words matter"
      case (_, 2.5...): "so that texts are read, but at more than twice English's length"
      default: "so that the tokenizer is no reason against trying"
      }
    let priced = price.map { ", \(Figures.fixed($0, 2)) times English's tokens" } ?? ""
    let choice =
      count > 1
      ? "fares best with \(row.tokenizer) of \(count) tokenizers" : "with \(row.tokenizer)"
    let few =
      row.lines < CoverageBootstrap.fewest ? " (\(row.lines) lines only: a hint, no more)" : ""
    return "\(name) \(choice)\(few): \(words) tokens a word\(priced), and "
      + "\(Figures.share(lost)) of its words hold an unknown token, \(verdict)."
  }

  /// On stderr, a line each.
  static func warning(_ event: CoverageJob.Event) -> [String] {
    switch event {
    case .step: []
    case .condition(let condition, let text, let language):
      blank(condition, "\(text) (\(language))") + malformed(condition, "\(text) (\(language))")
    case .otherScript(let language, let expected, let found, let share):
      [
        "warning: \(Figures.share(share)) of the letters in the text of \(language) are \(found), where "
          + "\(expected) is expected: is it labelled rightly?"
      ]
    case .otherLetters(let found, let text, let language): [other(found, "\(text) (\(language))")]
    case .fewLines(let language, let lines):
      [
        "warning: the text of \(language) has \(lines) lines: no intervals under "
          + "\(CoverageBootstrap.fewest), and figures of so few say little"
      ]
    }
  }

  private static func other(_ found: LetterCondition, _ place: String) -> String {
    let all = found.mostlyForeign + found.partlyForeign
    let first = found.first.map(String.init).joined(separator: ", ")
    let more = all > found.first.count ? ", …" : ""
    let parts = [
      found.mostlyForeign > 0 ? "\(found.mostlyForeign) mostly" : nil,
      found.partlyForeign > 0 ? "\(found.partlyForeign) partly" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
    return
      "warning: \(place): \(all) of \(found.lines) lines have letters that the language is not written "
      + "with (\(parts); lines \(first)\(more)): is the text of one language, and labelled rightly?"
  }

  private static func blank(_ condition: TextCondition, _ place: String) -> [String] {
    guard condition.blankLines > 0 else { return [] }
    let first = condition.firstBlank.map(String.init).joined(separator: ", ")
    let more = condition.blankLines > condition.firstBlank.count ? ", …" : ""
    return [
      "\(place): \(condition.blankLines) of \(condition.lines) lines are blank and not counted (\(first)\(more))"
    ]
  }

  private static func malformed(_ condition: TextCondition, _ place: String) -> [String] {
    guard condition.malformedBytes > 0 else { return [] }
    let first = condition.firstMalformed.prefix(5).map {
      "line \($0.line), byte \($0.offset): 0x" + String($0.byte, radix: 16, uppercase: true)
    }
    return [
      "warning: \(place): \(condition.malformedBytes) bytes are no UTF-8 and read as U+FFFD ("
        + first.joined(separator: "; ") + (condition.malformedBytes > first.count ? "; …)" : ")")
    ]
  }
}
