import Dispatch
import Synchronization
import XlingCore
import XlingTokenizers
import XlingUnicode

/// Measures texts with one tokenizer, on all threads: sessions and counters stay warm from text to text.
/// All counts are whole numbers, so nothing depends on the number of threads.
public final class CoverageMeter {
  public let tokenizer: any Tokenizer
  public let frame: Int
  private let pieces: PieceTable
  private var meters: [LineMeter] = []
  /// Lines that a thread takes at a time.
  private static let stretch = 64

  /// `frame` tokens stand around a text, by default those of the tokenizer: they count for truncation.
  public init(_ tokenizer: any Tokenizer, frame: Int? = nil) {
    self.tokenizer = tokenizer
    self.frame = frame ?? tokenizer.special.frameCount
    pieces = PieceTable(tokenizer)
  }

  /// ICU's locale of a language (BCP 47), for its word breaking; the root's where ICU cannot read the code.
  public static func locale(of language: String) -> String {
    let code = String(language.map { $0 == "-" ? "_" : $0 })
    return (try? LocaleData.language(of: code)) == nil ? "" : code
  }

  /// How many words of a text cost most and are named.
  public static let worstWords = 20

  /// `locale` is ICU's, for its word breaking; nil: without it. `onlyTokens`: neither words nor characters are
  /// looked at, which is all that English beside another text needs. `letters`: lines are looked through for
  /// others. Throws as `LineBatches.eachBatch` does,
  /// ``CoverageFailure/noLines(name:)``, `UnicodeFailure`, `InterruptionFailure`.
  public func measure(
    _ text: CoverageText, language: String, locale: String?, onlyTokens: Bool = false,
    letters: LanguageLetters? = nil
  ) throws -> CoverageCounts {
    try begin(locale, letters, onlyTokens: onlyTokens)
    var batches = LineBatches(text)
    var sums = Sums()
    var blocks = LineBlocks()
    var condition = TextCondition()
    if letters != nil { condition.letters = LetterCondition() }
    let width = Column.allCases.count
    var rows: [Int32] = []
    try batches.eachBatch { bytes, lines in
      try Interruption.check("nothing is kept")
      if rows.count < lines.count * width {
        rows = Array(repeating: 0, count: lines.count * width)
      }
      try rows.withUnsafeMutableBufferPointer { rows in
        guard let rows = rows.baseAddress else { return }
        try measure(bytes, lines, into: rows)
        for line in lines.indices {
          let row = UnsafePointer(rows + line * width)
          sums.add(row)
          blocks.append(row)
          condition.lines += 1
          if row[Column.lines.rawValue] == 0 { condition.count(blankLine: condition.lines) }
          condition.letters?.count(
            line: condition.lines, letters: row[Column.letters.rawValue],
            foreign: row[Column.foreignLetters.rawValue])
        }
      }
    }
    condition.malformedBytes = batches.condition.malformedBytes
    condition.firstMalformed = batches.condition.firstMalformed
    if let first = condition.firstMalformed.first,
      sums[.bytes] - sums[.characters] <= 2 * condition.malformedBytes
    {
      throw TextFailure.notUTF8(
        path: text.name, line: first.line, offset: first.offset, byte: first.byte)
    }
    guard sums[.lines] > 0 else { throw CoverageFailure.noLines(name: text.name) }
    return try finish(
      language, batches, text.name, sums, blocks, condition, hasICUWords: locale != nil)
  }

  private func begin(
    _ locale: String?, _ letters: LanguageLetters?, onlyTokens: Bool
  ) throws {
    while meters.count < max(1, Parallel.threads) {
      meters.append(LineMeter(tokenizer, frame: frame, pieces: pieces))
    }
    for meter in meters {
      meter.removeAll()
      meter.onlyTokens = onlyTokens
      meter.letters = letters
      meter.words.breaker = try locale.map { locale throws(UnicodeFailure) in
        try WordBreaker(locale: locale)
      }
    }
  }

  private func measure(
    _ bytes: UnsafeRawBufferPointer, _ lines: [Range<Int>], into rows: UnsafeMutablePointer<Int32>
  ) throws {
    let stretches = (lines.count + Self.stretch - 1) / Self.stretch
    let workers = min(meters.count, stretches)
    let failure = Mutex<(any Error)?>(nil)
    let work = Work(bytes: bytes, lines: lines, rows: rows, meters: meters)
    let next = Atomic<Int>(0)
    let measure = { @Sendable (worker: Int) in
      while true {
        let stretch = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if stretch >= stretches { return }
        do {
          try work.measure(stretch, worker: worker)
        } catch {
          failure.withLock { $0 = $0 ?? error }
          return
        }
      }
    }
    if workers <= 1 {
      measure(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: workers, execute: measure)
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Every worker has a meter of its own and writes the rows of its own stretches only, while the caller
  /// waits: that is what makes sharing it sound.
  private struct Work: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let lines: [Range<Int>]
    let rows: UnsafeMutablePointer<Int32>
    let meters: [LineMeter]

    func measure(_ stretch: Int, worker: Int) throws {
      let start = stretch * CoverageMeter.stretch
      for line in start..<min(lines.count, start + CoverageMeter.stretch) {
        try meters[worker].measure(
          UnsafeRawBufferPointer(rebasing: bytes[lines[line]]),
          into: rows + line * Column.allCases.count)
      }
    }
  }

  private func finish(
    _ language: String, _ batches: LineBatches, _ name: String, _ sums: Sums, _ blocks: LineBlocks,
    _ condition: TextCondition, hasICUWords: Bool
  ) throws -> CoverageCounts {
    let first = meters[0]
    for meter in meters { try meter.words.settle() }
    for meter in meters.dropFirst() {
      for id in 0..<first.vocabulary { first.counts[id] += meter.counts[id] }
      first.words.words.merge(meter.words.words)
      first.words.icuWords.merge(meter.words.icuWords)
      first.scalars.merge(meter.scalars)
    }
    return CoverageCounts(
      language: language, text: name, sums: sums, blocks: blocks, condition: condition,
      tokens: TokenDistribution(
        UnsafeBufferPointer(start: first.counts, count: first.vocabulary)),
      words: WordTypes(first.words.words),
      icuWords: hasICUWords ? WordTypes(first.words.icuWords) : nil,
      scalars: ScalarFigures(first.scalars, covers: first.words.covers),
      worst: worst(first.words, hasICUWords: hasICUWords), rewrittenLines: batches.rewrittenLines)
  }

  /// The words that cost most tokens beyond one each, over all their occurrences; ICU's where they are
  /// asked for, since a line of Chinese is one word between spaces.
  private func worst(_ meter: WordMeter, hasICUWords: Bool) -> [CostlyWord] {
    let table = hasICUWords ? meter.icuWords : meter.words
    func cost(_ entry: WordTable.Entry) -> Int {
      entry.measure.hasUnknown
        ? entry.occurrences * Int(max(1, entry.length))
        : entry.occurrences * (Int(entry.measure.tokens) - 1)
    }
    var best: [(cost: Int, word: UnsafeRawBufferPointer, entry: WordTable.Entry)] = []
    for entry in table.entries where entry.length <= 64 {
      let cost = cost(entry)
      if cost <= 0 || best.count == Self.worstWords && cost < best[best.count - 1].cost { continue }
      let word = table.word(entry)
      let place =
        best.firstIndex {
          cost != $0.cost ? cost > $0.cost : word.lexicographicallyPrecedes($0.word)
        } ?? best.count
      best.insert((cost, word, entry), at: place)
      if best.count > Self.worstWords { best.removeLast() }
    }
    return best.map {
      let found = meter.pieces($0.word)
      return CostlyWord(
        word: String(decoding: $0.word, as: UTF8.self), occurrences: $0.entry.occurrences,
        pieces: found.pieces, unknownPieces: found.unknown)
    }
  }
}
