import Testing
import XlingCore
import XlingTestSupport

@testable import XlingCoverage

/// Texts beside one another, line by line.
struct DifferenceTests {
  private func measured(_ text: CoverageText, english: CoverageCounts? = nil) throws -> MeasuredText
  {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let counts = try meter.measure(text, language: "en", locale: "en")
    return MeasuredText(counts, english: english, bootstrap: CoverageBootstrap(for: counts))
  }

  private static let lines = (0..<40).map { $0 % 2 == 0 ? "a" : "ab a" }

  /// Each line drawn for both at once: what shifts all lines alike has an interval of no width.
  @Test func differencesAreOfTheSameLines() throws {
    let plain = try measured(CoverageText(lines: Self.lines, name: "plain"))
    let longer = try measured(
      CoverageText(lines: Self.lines, name: "longer").rewritten { $0 + " a" })
    let metric = try CoverageMetric.named("tokens_per_line")
    let difference = try #require(metric.difference(longer, from: plain))
    #expect(difference.value == 1)
    for bound in [difference.low, difference.high] { #expect(abs((bound ?? 0) - 1) < 1e-12) }
    let own = try #require(longer.figure(metric))
    #expect(own.value == 3 && (own.low ?? 3) < 3 && (own.high ?? 3) > 3)
    #expect(longer.counts.rewrittenLines == 40 && plain.counts.rewrittenLines == 0)
    // No ratio of sums has no interval; what is not there has no difference.
    let entropy = try #require(
      try CoverageMetric.named("shannon_entropy").difference(longer, from: plain))
    #expect(entropy.low == nil)
    #expect(try CoverageMetric.named("premium").difference(longer, from: plain) == nil)
  }

  /// Ends of lines that come in stay inside their line; blank lines stay blank.
  @Test func rewrittenLinesStayLines() throws {
    let text = CoverageText(lines: ["a", "", "ab"], name: "toy").rewritten { $0 + "\r\n" }
    let counts = try measured(text).counts
    #expect(counts.lines == 2 && counts.condition.lines == 3 && counts.condition.firstBlank == [2])
    #expect(counts.sums[.tokens] == 3 && counts.sums[.bytes] == 7)
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      try self.measured(CoverageText(lines: ["a"], name: "x").rewritten { _ in throw Refused() })
    }
  }

  @Test func englishBesideATextIsCountedAlike() throws {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let text = CoverageText(lines: ["a ab. dé", " ", "c  a"], name: "toy")
    let whole = try meter.measure(text, language: "en", locale: "en")
    let part = try meter.measure(text, language: "en", locale: nil, onlyTokens: true)
    #expect(part.tokens == whole.tokens && part.hasBlankLines(of: whole))
    for column in [
      Column.lines, .tokens, .bytes, .characters, .unknownTokens, .unknownBytes,
    ] {
      #expect(part.sums[column] == whole.sums[column], "\(column)")
    }
    #expect(part.sums[.words] == 0)
    // The next text is looked at as a whole again.
    #expect(try meter.measure(text, language: "en", locale: "en").sums == whole.sums)
  }

  /// Sums of draws are the same by either kernel.
  @Test func wholeNumbersAddUpExactly() {
    let draws = CoverageBootstrap(blocks: 50, isPoisson: false)
    let small = draws.sums((0..<50).map { $0 * 7 })
    let large = draws.sums((0..<50).map { $0 * 7_000_000 })
    #expect(zip(small, large).allSatisfy { $0 * 1_000_000 == $1 })
    #expect(draws.sums([Int](repeating: 0, count: 50)).allSatisfy { $0 == 0 })
    #expect(draws.sums([Int](repeating: 1, count: 50)).allSatisfy { $0 == 50 })
  }

  @Test func worstWordsAreOrdered() throws {
    let words = (0..<60).map { number in "a" + String(repeating: "b", count: number % 7) }
    let counts = try measured(CoverageText(lines: words + ["dé dé", "ab"], name: "toy")).counts
    // By cost: "dé" is 2 × 3 bytes; abbbbbb 8 × 6 tokens beyond one.
    #expect(
      counts.worst.map(\.word) == ["abbbbbb", "abbbbb", "abbbb", "abbb", "abb", "ab", "dé"])
    #expect(counts.worst.last?.unknownPieces == [0] && counts.worst.last?.hasUnknown == true)
    #expect(counts.worst[0].unknownPieces.isEmpty && counts.worst[0].pieces.count == 7)
  }
}
