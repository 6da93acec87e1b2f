import Foundation
import Testing
import XlingCore
import XlingCoverage
import XlingTestSupport
import XlingTokenizers

/// Texts and vocabularies small enough to count by hand.
struct ToyTests {
  /// a b c d ##b ##c and punctuation, with BERT's five special tokens: 12 pieces.
  static let pieces = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##b", "##c", ".", "д",
  ]

  static func meter() throws -> (CoverageMeter, TemporaryFolder) {
    let folder = try TemporaryFolder()
    let file = folder.path + "/vocab.txt"
    try AtomicFile.write(pieces.map { $0 + "\n" }.joined(), to: file)
    var options = TokenizerOptions()
    options.lowercase = false
    return (CoverageMeter(try TokenizerSource.load(file, options: options)), folder)
  }

  static func counts(_ lines: [String], locale: String? = "en") throws -> CoverageCounts {
    let (meter, folder) = try meter()
    defer { _ = folder }
    return try meter.measure(
      CoverageText(lines: lines, name: "toy"), language: "en", locale: locale)
  }

  static func value(
    _ name: String, _ counts: CoverageCounts, english: CoverageCounts? = nil
  ) throws -> Double? {
    try CoverageMetric.named(name).figure(counts, english: english, draws: nil)?.value
  }

  /// Five words: a, a ##b ., [UNK] of two characters; c, a. Seven tokens.
  @Test func wordsTokensAndUnknown() throws {
    let counts = try Self.counts(["a ab. dé", "c  a"])
    #expect(counts.lines == 2)
    #expect(counts.sums[.tokens] == 7 && counts.sums[.words] == 5)
    #expect(counts.sums[.wordTokens] == 7 && counts.sums[.continuedWords] == 1)
    #expect(try Self.value("fertility_ws", counts) == 7.0 / 5)
    #expect(try Self.value("continued_words_ws", counts) == 1.0 / 5)
    // Types a, "ab.", dé, c: three of one token, of which one is unknown.
    #expect(counts.words.types == 4 && !counts.words.isSampled)
    #expect(try Self.value("strr_types_ws", counts) == 75)
    #expect(try Self.value("strr_types_ws_known", counts) == 50)
    // ICU: a, ab, dé, c, a.
    #expect(counts.sums[.icuWords] == 5 && counts.sums[.icuWordTokens] == 6)
    #expect(counts.sums[.unknownTokens] == 1 && counts.sums[.unknownCharacters] == 2)
    #expect(counts.sums[.unknownBytes] == 3 && counts.unknownAdjustedTokens == 9)
    #expect(try Self.value("unk_lines", counts) == 0.5)
    // Of 12 characters d and é are no pieces.
    #expect(counts.sums[.characters] == 12)
    #expect(try Self.value("char_coverage", counts) == 10.0 / 12)
    #expect(counts.scalars.missing.map(\.text) == ["d", "é"])
    #expect(counts.scalars.scripts.map(\.text) == ["Latn"])
  }

  @Test func premiumOfParallelLines() throws {
    let english = try Self.counts(["a", "a"], locale: nil)
    let counts = try Self.counts(["abc", "dé"], locale: nil)
    #expect(try Self.value("premium", counts, english: english) == 2)
    #expect(try Self.value("premium_unk_adjusted", counts, english: english) == 3)
    #expect(try Self.value("premium", counts) == nil)
    #expect(try Self.value("fertility_icu_isolated", counts) == nil)
  }

  /// Of the shared fixture: A a a b | a, B a c | c c d d d d over a vocabulary of eight.
  @Test func distributions() throws {
    let a = TokenDistribution(counts: [3, 1, 0, 0, 0, 0, 0, 0])
    let b = TokenDistribution(counts: [1, 0, 3, 4, 0, 0, 0, 0])
    #expect(abs(a.logLikelihood / 2 + 1.124_670_289_24) < 1e-10)
    #expect(abs(b.logLikelihood / 2 + 3.897_259_011_48) < 1e-10)
    #expect(a.averageRank == 1.25 && b.averageRank == 1.625)
    #expect(abs(a.renyiEntropy(2.5) / log(8) - 0.210_642_707_485) < 1e-11)
    #expect(abs(b.renyiEntropy(2.5) / log(8) - 0.421_657_395_319) < 1e-11)
    #expect(abs(a.jensenShannon(b) - 0.741_143_159_37) < 1e-11)
    #expect(abs(b.jensenShannon(a) - 0.741_143_159_37) < 1e-11)
    #expect(abs(Gini.of([2, 4]) - 1.0 / 6) < 1e-15)
    #expect(Gini.of([3, 3]) == 0 && Gini.of([]) == 0)
    #expect(a.used == 2 && b.used == 3)
  }

  @Test func truncationCountsTheFrame() throws {
    let counts = try Self.counts(
      [String(repeating: "a ", count: 23), String(repeating: "a ", count: 24)], locale: nil)
    // 23 + 2 is not more than 25, 24 + 2 is.
    #expect(counts.sums[.over25] == 1 && counts.sums[.over30] == 0)
  }

  @Test func normalizationLoss() throws {
    let counts = try Self.counts(["a\u{200D}b", "a b"], locale: nil)
    #expect(counts.sums[.changedLines] == 1)
    #expect(counts.sums[.joiners] == 1 && counts.sums[.joinersLost] == 1)
    #expect(try Self.value("not_decoded_back", counts) == nil)
  }

  @Test func intervalsNeedThirtyLines() throws {
    let few = try Self.counts(Array(repeating: "a ab", count: 29), locale: nil)
    #expect(CoverageBootstrap(for: few) == nil)
    let enough = try Self.counts(Array(repeating: "a ab", count: 30), locale: nil)
    let draws = DrawnSums(
      try #require(CoverageBootstrap(for: enough)), enough, english: enough)
    let figure = try #require(
      try CoverageMetric.named("fertility_ws").figure(enough, english: nil, draws: draws))
    #expect(figure.value == 1.5 && figure.low == 1.5 && figure.high == 1.5)
    let entropy = try #require(
      try CoverageMetric.named("shannon_entropy").figure(enough, english: nil, draws: draws))
    #expect(entropy.low == nil)
  }

  @Test func vocabularyByScript() throws {
    let (meter, folder) = try Self.meter()
    let makeup = VocabularyMakeup(meter.tokenizer)
    #expect(
      makeup.counts.map { "\($0.script) \($0.pieces)" } == [
        "Latn 5", "special 5", "Cyrl 1", "common 1",
      ])
    _ = folder
  }

  @Test func metricsAreNamedAndExplained() throws {
    #expect(Set(CoverageMetric.all.map(\.name)).count == CoverageMetric.all.count)
    for metric in CoverageMetric.all {
      #expect(!metric.formula.isEmpty && !metric.citation.isEmpty && !metric.title.isEmpty)
      #expect(metric.text.contains(metric.formula))
    }
    #expect(try CoverageMetric.named("fertility").name == "fertility_ws")
    #expect(throws: CoverageFailure.self) { try CoverageMetric.named("fertilty_ws_isolted") }
  }
}
