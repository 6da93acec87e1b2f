import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingCoverage

/// Texts as they come, and counting that does not depend on how they are cut.
@Suite(.serialized)
struct TextTests {
  private func counts(_ bytes: [UInt8]) throws -> CoverageCounts {
    let (meter, folder) = try ToyTests.meter()
    let file = folder.path + "/text"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return try meter.measure(CoverageText(file: file), language: "en", locale: nil)
  }

  @Test func blankLinesAreCountedApart() throws {
    let counts = try counts(Array("a\r\n\n \u{3000}\nb".utf8))
    #expect(counts.lines == 2 && counts.condition.lines == 4)
    #expect(counts.condition.blankLines == 2 && counts.condition.firstBlank == [2, 3])
    #expect(counts.sums[.bytes] == 2 && counts.sums[.characters] == 2)
    #expect(throws: CoverageFailure.self) { try self.counts(Array("\n \n".utf8)) }
    #expect(throws: CoverageFailure.self) { try self.counts([]) }
  }

  /// A second tokenizer measures what the first did, though a pipe's text comes once.
  @Test func aPipeIsThereForEveryMeasurement() throws {
    let (meter, _) = try ToyTests.meter()
    let pipe = Pipe()
    pipe.fileHandleForWriting.write(Data("a b\nc\n".utf8))
    try pipe.fileHandleForWriting.close()
    let text = CoverageText(file: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    let first = try meter.measure(text, language: "en", locale: nil)
    let copy = text.rewritten { $0 + "a" }
    let again = try meter.measure(text, language: "en", locale: nil)
    #expect(first.lines == 2 && again.lines == 2 && again.sums == first.sums)
    #expect(try meter.measure(copy, language: "en", locale: nil).lines == 2)
  }

  @Test func malformedBytesAreCountedWithTheirPlaces() throws {
    let counts = try counts(Array("é\na".utf8) + [0xFF, 0x62, 0xC3] + Array("\nb".utf8))
    #expect(counts.lines == 3 && counts.condition.malformedBytes == 2)
    #expect(
      counts.condition.firstMalformed == [
        MalformedByte(line: 2, offset: 4, byte: 0xFF),
        MalformedByte(line: 2, offset: 6, byte: 0xC3),
      ])
  }

  @Test func otherEncodingsAreNamed() throws {
    func words(_ bytes: [UInt8]) -> String {
      do {
        _ = try counts(bytes)
        return ""
      } catch { return "\(error)" }
    }
    #expect(words([0x63, 0x61, 0x66, 0xE9, 0x0A]).contains("Latin-1"))
    #expect(
      words(Array(repeating: [0x61, 0xE9, 0x0A], count: 20).flatMap { $0 }).contains("Latin-1"))
    #expect(words(Array("abcd\n".utf16).flatMap { [UInt8($0), 0] }).contains("UTF-16LE"))
    // With its mark it is read.
    let wide = try counts([0xFF, 0xFE] + Array("a b\n".utf16).flatMap { [UInt8($0), 0] })
    #expect(wide.sums[.words] == 2)
    let marked = try counts([0xEF, 0xBB, 0xBF] + Array("a".utf8))
    #expect(marked.sums[.characters] == 1)
  }

  /// Threads and blocks of reading change nothing.
  @Test func threadsChangeNothing() throws {
    var lines: [String] = []
    for line in 0..<3_000 {
      lines.append(
        (0..<(line % 7 + 1)).map { "a" + String(repeating: "b", count: ($0 * line) % 5) }
          .joined(separator: " ") + (line % 11 == 0 ? " dé" : ""))
    }
    let before = Parallel.threads
    defer { Parallel.setThreads(before) }
    Parallel.setThreads(1)
    let one = try ToyTests.counts(lines)
    Parallel.setThreads(5)
    let five = try ToyTests.counts(lines)
    #expect(one.sums == five.sums && one.blocks == five.blocks && one.tokens == five.tokens)
    #expect(one.words == five.words && one.icuWords == five.icuWords && one.worst == five.worst)
    #expect(one.scalars == five.scalars)
    let first = CoverageBootstrap(blocks: 100, isPoisson: false).sums(Array(0..<100))
    Parallel.setThreads(1)
    #expect(
      first == CoverageBootstrap(blocks: 100, isPoisson: false).sums(Array(0..<100)))
  }

  @Test func blocksStayFewAndKeepTheirSums() throws {
    var blocks = LineBlocks()
    var row = [Int32](repeating: 0, count: Column.allCases.count)
    for line in 0..<20_000 {
      row[Column.tokens.rawValue] = Int32(line)
      blocks.append(row)
    }
    #expect(blocks.linesPerBlock == 4 && blocks.count == 5_000 && blocks.lineCount == 20_000)
    let values = blocks.values(.tokens)
    #expect(values[0] == 0 + 1 + 2 + 3 && values[4_999] == 4 * 19_998 - 2)
    #expect(values.reduce(0, +) == 19_999 * 10_000)
  }

  /// Beyond the cap types are sampled by hash: the same ones whatever the order, each counted exactly.
  @Test func wordTypesBeyondTheCap() throws {
    func fill(_ words: [Int]) -> WordTable {
      let table = WordTable(limit: 256)
      for word in words {
        Array("word\(word)".utf8).withUnsafeBytes { bytes in
          let hash = WordTable.hash(bytes)
          guard table.isSampled(hash) else { return }
          if table.count(bytes, hash) == nil {
            table.insert(
              bytes, hash,
              WordMeasure(
                tokens: word % 4 == 0 ? 1 : 2, hasUnknown: false, isChanged: false,
                hasJoiner: false))
          }
        }
      }
      return table
    }
    func kept(_ table: WordTable) -> [String] {
      table.entries.map { String(decoding: table.word($0), as: UTF8.self) + " \($0.occurrences)" }
        .sorted()
    }
    let words = (0..<20_000).map { $0 % 10_000 }
    let (forwards, backwards) = (fill(words), fill(words.reversed()))
    let merged = fill(Array(words[..<7_000]))
    merged.merge(fill(Array(words[7_000...])))
    #expect(kept(forwards) == kept(backwards) && kept(forwards) == kept(merged))
    #expect(forwards.level > 0 && forwards.entries.allSatisfy { $0.occurrences == 2 })
    let types = WordTypes(forwards)
    #expect(types.isSampled && abs(types.types - 10_000) < 2_500, "\(types)")
    let share = Double(types.kept) / Double(types.counted)
    #expect(abs(share - 0.25) < 0.12)
    let exact = WordTypes(fill(Array(0..<200)))
    #expect(exact.types == 200 && exact.kept == 50 && !exact.isSampled)
  }

  @Test func poissonWeightsHaveMeanAndVarianceOne() {
    var stream = RandomStream(seed: 1, "poisson")
    let draws = (0..<20_000).map { _ in Double(CoverageBootstrap.poisson(stream.uniform())) }
    let mean = draws.reduce(0, +) / 20_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    #expect(abs(mean - 1) < 0.03 && abs(variance - 1) < 0.05)
  }
}
