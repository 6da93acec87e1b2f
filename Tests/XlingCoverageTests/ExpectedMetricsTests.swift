import Foundation
import Testing
import XlingCore
import XlingCoverage
import XlingTestSupport
import XlingTokenizers

/// Figures of XTD10's captions as second implementations computed them.
@Suite(
  .enabled(
    if: SharedData.exists("fixtures/tokenizers") && SharedData.exists("data/xtd10"),
    "needs ../shared/fixtures/tokenizers and ../shared/data"), .serialized)
struct ExpectedMetricsTests {
  static let files = [
    "mbert_cased": "bert-base-multilingual-cased/vocab.txt",
    "xlmr_rebuilt": "xlmr/xlmr_rebuilt.spm.model", "t5": "t5/spiece.model",
    "mistral_v1": "mistral-v1/tokenizer.model",
  ]

  static func text(_ language: String) -> String {
    let folder = ["de": "MIC", "fr": "MIC", "jp": "STAIR"][language] ?? "XTD10"
    return SharedData.path("data/xtd10/\(folder)/test_1kcaptions_\(language).txt")
  }

  static func json(_ name: String) throws -> [String: Any] {
    let data = try Data(
      contentsOf: URL(fileURLWithPath: SharedData.path("fixtures/tokenizers/\(name)")))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// Whole numbers by the fixture's names.
  static func whole(_ key: String, _ counts: CoverageCounts) -> Int? {
    let columns: [String: Column] = [
      "lines": .lines, "tokens": .tokens, "bytes": .bytes, "chars": .characters,
      "words_ws": .words, "words_icu": .icuWords, "unk_tokens": .unknownTokens,
      "unk_chars": .unknownCharacters, "unk_bytes": .unknownBytes, "unk_lines": .unknownLines,
      "unk_words_ws": .unknownWords, "lines_over_25": .over25, "lines_over_30": .over30,
      "lines_over_77": .over77, "lines_over_128": .over128,
      "lines_changed_by_normalizer": .changedLines, "lines_not_decoded_back": .undecodedLines,
      "byte_tokens": .byteTokens, "lines_with_unk": .unknownLines,
    ]
    if let column = columns[key] { return counts.sums[column] }
    switch key {
    case "unk_adjusted_tokens": return counts.unknownAdjustedTokens
    case "vocabulary_used", "distinct_tokens": return counts.tokens.used
    default: return nil
    }
  }

  @Test(arguments: files.keys.sorted()) func twelveDigits(_ name: String) throws {
    let expected = try #require(try Self.json("metrics_expected_more.json")[name] as? [String: Any])
    let path = SharedData.path("data/tokenizers/" + (Self.files[name] ?? ""))
    var options = TokenizerOptions()
    if name == "mbert_cased" { options.lowercase = false }
    let tokenizer = try TokenizerSource.load(path, options: options)
    #expect(tokenizer.vocabularySize == expected["vocabulary"] as? Int)
    let makeup = Dictionary(
      uniqueKeysWithValues: VocabularyMakeup(tokenizer).counts.map { ($0.script, $0.pieces) })
    #expect(makeup == expected["scripts_of_vocabulary"] as? [String: Int])
    let meter = CoverageMeter(tokenizer, frame: expected["frame"] as? Int)
    let languages = try #require(expected["languages"] as? [String: [String: Double]])
    var all: [String: CoverageCounts] = [:]
    for language in languages.keys {
      all[language] = try meter.measure(
        CoverageText(file: Self.text(language)), language: language,
        locale: language == "jp" ? "ja" : language)
    }
    let english = try #require(all["en"])
    for (language, figures) in languages.sorted(by: { $0.key < $1.key }) {
      let counts = try #require(all[language])
      try check(counts, english, figures, "\(name) \(language)")
    }
    try checkTogether(all, expected)
  }

  private func check(
    _ counts: CoverageCounts, _ english: CoverageCounts, _ figures: [String: Double],
    _ place: String
  ) throws {
    let bootstrap = try #require(CoverageBootstrap(for: counts))
    let draws = DrawnSums(bootstrap, counts, english: english)
    for (key, value) in figures.sorted(by: { $0.key < $1.key }) {
      if let found = Self.whole(key, counts) {
        #expect(found == Int(value), "\(place) \(key)")
      } else if key.hasSuffix("_se") {
        let metric = try CoverageMetric.named(String(key.dropLast(3)))
        let figure = try #require(metric.figure(counts, english: english, draws: draws))
        let (low, high) = (try #require(figure.low), try #require(figure.high))
        #expect(
          abs((high - low) / 2 / 1.96 - value) <= 0.1 * value, "\(place) \(key) \(low) \(high)")
      } else {
        let metric = try CoverageMetric.named(key)
        let found = try #require(metric.figure(counts, english: english, draws: nil)).value
        #expect(
          abs(found - value) <= 1e-9 * max(1, abs(value)), "\(place) \(key): \(found), \(value)")
      }
    }
  }

  private func checkTogether(_ all: [String: CoverageCounts], _ expected: [String: Any]) throws {
    let parallel = all.values.filter { $0.language != "jp" }
    func gini(_ cost: (CoverageCounts) -> Double) -> Double { Gini.of(parallel.map(cost)) }
    // Bytes belong to a text, parallel or not: the fixture has all eleven.
    let perByte = all.values.map { Double($0.sums[.tokens]) / Double($0.sums[.bytes]) }
    let found = [
      "gini_tokens_per_line": gini { Double($0.sums[.tokens]) },
      "gini_tokens_per_byte": Gini.of(perByte),
      "gini_unk_adjusted_per_line": gini { Double($0.unknownAdjustedTokens) },
    ]
    for (key, value) in found {
      #expect(abs(value - (expected[key] as? Double ?? .nan)) < 1e-9, "\(key)")
    }
    let union = Set(all.values.flatMap(\.tokens.ids)).count
    #expect(union == expected["vocabulary_used_all"] as? Int)
    for (pair, value) in try #require(expected["jsd"] as? [String: Double]) {
      let codes = pair.split(separator: "-").map(String.init)
      let (one, other) = (try #require(all[codes[0]]), try #require(all[codes[1]]))
      #expect(abs(one.tokens.jensenShannon(other.tokens) - value) < 1e-9, "\(pair)")
    }
  }

  /// Rounded to four digits; its `fertility_ws` is word by word, and jp's premium does not count.
  @Test func fourDigits() throws {
    let names = [
      "fertility_ws": "fertility_ws_isolated", "pcw_ws": "continued_words_ws",
      "unk_rate": "unk_tokens", "renyi_eff_2_5": "renyi_efficiency_2_5", "premium_vs_en": "premium",
    ]
    let expected = try Self.json("metrics_expected_xtd.json")
    let figures = try #require(expected["mbert_cased"] as? [String: [String: Double]])
    var options = TokenizerOptions()
    options.lowercase = false
    let tokenizer = try TokenizerSource.load(
      SharedData.path("data/tokenizers/" + (Self.files["mbert_cased"] ?? "")), options: options)
    let meter = CoverageMeter(tokenizer)
    let english = try meter.measure(
      CoverageText(file: Self.text("en")), language: "en", locale: nil)
    for (language, row) in figures.sorted(by: { $0.key < $1.key }) {
      let counts = try meter.measure(
        CoverageText(file: Self.text(language)), language: language, locale: nil)
      for (key, value) in row where !(language == "jp" && key == "premium_vs_en") {
        if let found = Self.whole(key, counts) {
          #expect(found == Int(value), "\(language) \(key)")
          continue
        }
        let metric = try CoverageMetric.named(names[key] ?? key)
        let found = try #require(metric.figure(counts, english: english, draws: nil)).value
        let rounding = key == "unk_rate" ? 5.1e-6 : key.hasPrefix("strr") ? 5.1e-3 : 5.1e-5
        #expect(abs(found - value) <= rounding, "\(language) \(key): \(found), \(value)")
      }
    }
  }
}
