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
      "\u{2028}", "\t", "\u{202F}", "\u{B}", "\u{85}", "[UNK]", "\u{FFFF}",
      String(repeating: "ab.", count: 90),
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
    let wanted = try expected(lines, locale: "en", size: 64)
    #expect(sampled.row == wanted.row, "\(sampled.row) \(wanted.row)")
    #expect(sampled.level == wanted.level)
    #expect(Set(sampled.words).symmetricDifference(wanted.words) == [])
  }

  private static let tokenColumns: [Column] = [
    .tokens, .unknownTokens, .unknownBytes, .unknownCharacters, .unknownLines,
  ]

  /// A line that is no more than its words is never encoded as a line; nothing may show it.
  @Test(arguments: [1 << 18, 64], ["en", nil]) func tokensAreThoseOfWholeLines(
    size: Int, locale: String?
  ) throws {
    let (meter, folder) = try ToyTests.meter()
    defer { _ = folder }
    let tokenizer = meter.tokenizer
    #expect(tokenizer.encodesWordByWord)
    let unknown = try #require(tokenizer.special.unknown)
    let line = LineMeter(tokenizer, frame: 2, pieces: PieceTable(tokenizer), limit: size)
    line.words.breaker = try locale.map { try WordBreaker(locale: $0) }
    var counts = [Int](repeating: 0, count: tokenizer.vocabularySize)
    for text in Self.lines(400, seed: 3) + Self.lines(200, seed: 3) {
      var row = [Int32](repeating: 0, count: Column.allCases.count)
      let bytes = Array(text.utf8)
      let encoding = try bytes.withUnsafeBytes { bytes in
        try row.withUnsafeMutableBufferPointer { row in
          try line.measure(bytes, into: try #require(row.baseAddress))
        }
        return tokenizer.encode(bytes, offsets: .bytes)
      }
      var wanted: [Int32] = [0, 0, 0, 0, 0]
      if row[Column.lines.rawValue] == 1 {
        wanted[0] = Int32(encoding.count)
        for (at, id) in encoding.ids.enumerated() {
          counts[Int(id)] += 1
          if id != unknown { continue }
          let range = Int(encoding.starts[at])..<Int(encoding.ends[at])
          wanted[1] += 1
          wanted[2] += Int32(range.count)
          wanted[3] += Int32(bytes[range].count { $0 & 0xC0 != 0x80 })
          wanted[4] = 1
        }
      }
      #expect(Self.tokenColumns.map { row[$0.rawValue] } == wanted, "\(text.debugDescription)")
    }
    try line.words.settle()
    #expect((line.words.words.level > 0) == (size == 64))
    #expect((0..<tokenizer.vocabularySize).map { line.counts[$0] } == counts)
  }
}
