import Testing
import XlingCore
import XlingTestSupport
import XlingTokenizers
import XlingUnicode

@testable import XlingCoverage

/// Words are broken once a stretch between white space; they have to be those of whole lines.
struct WordMeterTests {
  /// Letters that join, marks that begin a stretch, dictionaries' letters, digits, joiners, white space of all
  /// kinds (U+202F joins) and a stretch longer than what a table keeps.
  private static func lines(_ count: Int, seed: UInt64) -> [String] {
    let parts = [
      "a", "b", "ab", "1", ".", ",", "'", ":", "_", "\u{301}", "\u{200D}", "\u{AD}", "ก", "\u{E31}",
      "า",
      "中", "国", "ア", "ー", "한", "א", "״", "ខ", "😀", "\u{2019}", " ", " ", " ", "\u{A0}", "\u{3000}",
      "\u{2028}", "\t", "\u{202F}", String(repeating: "ab.", count: 90),
    ]
    var stream = RandomStream(seed: seed, "word meter")
    return (0..<count).map { _ in
      (0..<(1 + Int(stream.next() % 16))).map { _ in
        parts[Int(stream.next() % UInt64(parts.count))]
      }.joined()
    }
  }

  private struct Counted: Equatable {
    var row: [Int32]
    var words: [String]
    var level: Int
  }

  private static let columns: [Column] = [
    .icuWords, .icuWordTokens, .icuContinuedWords, .icuUnknownWords,
  ]

  /// As ``WordMeter`` counts, `size` types at most.
  private func counted(_ lines: [String], locale: String, size: Int) throws -> Counted {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let line = LineMeter(
      meter.tokenizer, frame: 2, pieces: PieceTable(meter.tokenizer), limit: size)
    line.words.breaker = try WordBreaker(locale: locale)
    var sums = Self.columns.map { _ in Int32(0) }
    for text in lines {
      var row = [Int32](repeating: 0, count: Column.allCases.count)
      try Array(text.utf8).withUnsafeBytes { bytes in
        try row.withUnsafeMutableBufferPointer { row in
          try line.measure(bytes, into: try #require(row.baseAddress))
        }
      }
      for (at, column) in Self.columns.enumerated() { sums[at] += row[column.rawValue] }
    }
    try line.words.settle()
    return Counted(row: sums, words: kept(line.words.icuWords), level: line.words.icuWords.level)
  }

  /// Every word of every line broken and encoded by itself.
  private func expected(_ lines: [String], locale: String, size: Int) throws -> Counted {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let unknown = try #require(meter.tokenizer.special.unknown)
    let breaker = try WordBreaker(locale: locale)
    let table = WordTable(limit: size)
    var sums = Self.columns.map { _ in Int32(0) }
    for text in lines where text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) {
      try Array(text.utf8).withUnsafeBytes { bytes in
        try breaker.forEachWord(of: bytes) { range in
          let word = UnsafeRawBufferPointer(rebasing: bytes[range])
          let ids = meter.tokenizer.encode(word).ids
          sums[0] += 1
          sums[1] += Int32(ids.count)
          sums[2] += ids.count > 1 ? 1 : 0
          sums[3] += ids.contains(unknown) ? 1 : 0
          let hash = WordTable.hash(word)
          guard table.isSampled(hash), table.count(word, hash) == nil else { return }
          table.insert(word, hash, WordMeasure(tokens: UInt32(ids.count)))
        }
      }
    }
    return Counted(row: sums, words: kept(table), level: table.level)
  }

  private func kept(_ table: WordTable) -> [String] {
    table.entries.map { "\(Array(table.word($0))) \($0.occurrences)" }.sorted()
  }

  @Test(arguments: ["en", "th", "zh"]) func icuWordsAreThoseOfWholeLines(_ locale: String) throws {
    let lines = Self.lines(400, seed: 1) + Self.lines(200, seed: 1)
    let found = try counted(lines, locale: locale, size: 1 << 18)
    let wanted = try expected(lines, locale: locale, size: 1 << 18)
    #expect(found.row == wanted.row, "\(found.row) \(wanted.row)")
    #expect(found.level == 0)
    #expect(Set(found.words).symmetricDifference(wanted.words) == [])
  }

  /// What a sample of stretches leaves out has been counted before.
  @Test func smallTablesLoseNoICUWords() throws {
    let lines = Self.lines(300, seed: 2) + Self.lines(300, seed: 2)
    let sampled = try counted(lines, locale: "en", size: 64)
    #expect(sampled.level > 0)
    #expect(try sampled == expected(lines, locale: "en", size: 64))
  }
}
