import Foundation
import XlingTokenizers
import XlingUnicode

/// One thread's counters for a tokenizer: lines go in, a row of numbers a line comes out, and what is
/// counted by token, by word and by scalar is kept until it is asked for.
final class LineMeter {
  let tokenizer: any Tokenizer
  private let session: any TokenizerSession
  private let frame: Int
  private let unknown: Int32
  /// By id, whether it is a piece of one byte; nil without such pieces.
  private let isByte: [Bool]?
  private let decodes: Bool
  private var encoding = Encoding()
  private var wordEncoding = Encoding()
  /// Nil: ICU's words are not asked for.
  var breaker: WordBreaker?
  /// Nil: letters are not looked at.
  var letters: LanguageLetters?
  /// Words and characters are let be.
  var onlyTokens = false
  /// By id.
  let counts: UnsafeMutablePointer<Int>
  let vocabulary: Int
  let words = WordTable()
  let icuWords = WordTable()
  let scalars = ScalarCounts()
  /// Measures of words that the sample leaves out, by a part of their hash.
  private let memory: UnsafeMutablePointer<Remembered>
  private static let memoryCount = 1 << 14

  private struct Remembered: BitwiseCopyable {
    var hash: UInt64
    var measure: WordMeasure
  }

  /// `frame` tokens stand around a text.
  init(_ tokenizer: any Tokenizer, frame: Int, pieces: PieceTable) {
    self.tokenizer = tokenizer
    self.frame = frame
    session = tokenizer.session(cached: true)
    unknown = tokenizer.special.unknown ?? -1
    isByte = pieces.isByte
    decodes = pieces.decodes
    vocabulary = tokenizer.vocabularySize
    counts = .allocate(capacity: vocabulary)
    counts.initialize(repeating: 0, count: vocabulary)
    memory = .allocate(capacity: Self.memoryCount)
    memory.initialize(
      repeating: Remembered(
        hash: 0,
        measure: WordMeasure(tokens: 0, hasUnknown: false, isChanged: false, hasJoiner: false)),
      count: Self.memoryCount)
  }

  deinit {
    counts.deallocate()
    memory.deallocate()
  }

  /// A well-formed line without its end; `row` has a number a ``Column``. Throws `UnicodeFailure`.
  func measure(_ line: UnsafeRawBufferPointer, into row: UnsafeMutablePointer<Int32>) throws {
    row.update(repeating: 0, count: Column.allCases.count)
    guard let text = line.bindMemory(to: UInt8.self).baseAddress,
      onlyTokens ? countScalars(text, line, row) : countScalarsAndWords(text, line, row)
    else { return }
    row[.lines] = 1
    row[.bytes] = Int32(line.count)
    session.encode(line, offsets: .bytes, into: &encoding)
    countTokens(text, line, row)
    if let breaker { try countWords(breaker, line, row) }
  }

  /// False for a blank line, of which nothing is counted but its scalars.
  private func countScalarsAndWords(
    _ text: UnsafePointer<UInt8>, _ line: UnsafeRawBufferPointer,
    _ row: UnsafeMutablePointer<Int32>
  ) -> Bool {
    var at = 0
    var start = -1
    var hasWord = false
    while at < line.count {
      let (scalar, end) = WellFormed.next(text, at)
      scalars.add(scalar)
      row[.characters] += 1
      if let letters, let isForeign = letters.isForeign(scalar) {
        row[.letters] += 1
        if isForeign { row[.foreignLetters] += 1 }
      }
      if WhiteSpace.contains(scalar) {
        if start >= 0 { countWord(line, start..<at, row) }
        start = -1
      } else if start < 0 {
        start = at
        hasWord = true
      }
      at = end
    }
    if start >= 0 { countWord(line, start..<line.count, row) }
    if !hasWord { row[.characters] = 0 }
    return hasWord
  }

  private func countScalars(
    _ text: UnsafePointer<UInt8>, _ line: UnsafeRawBufferPointer,
    _ row: UnsafeMutablePointer<Int32>
  ) -> Bool {
    var at = 0
    while at < line.count {
      let (scalar, end) = WellFormed.next(text, at)
      if !WhiteSpace.contains(scalar) {
        row[.characters] = Int32(WellFormed.count(text, 0..<line.count))
        return true
      }
      at = end
    }
    return false
  }

  private func countWord(
    _ line: UnsafeRawBufferPointer, _ range: Range<Int>, _ row: UnsafeMutablePointer<Int32>
  ) {
    let word = UnsafeRawBufferPointer(rebasing: line[range])
    let measure = measure(word, in: words)
    row[.words] += 1
    row[.wordTokens] += Int32(bitPattern: measure.tokens)
    if measure.tokens > 1 { row[.continuedWords] += 1 }
    if measure.hasUnknown { row[.unknownWords] += 1 }
    if measure.isChanged { row[.changedLines] = 1 }
    if measure.hasJoiner {
      let there = Self.joiners(word)
      row[.joiners] += Int32(there)
      let left = tokenizer.normalized(word).withUnsafeBytes { Self.joiners($0) }
      row[.joinersLost] += Int32(max(0, there - left))
    }
  }

  private func countWords(
    _ breaker: WordBreaker, _ line: UnsafeRawBufferPointer, _ row: UnsafeMutablePointer<Int32>
  ) throws {
    try breaker.forEachWord(of: line) { range in
      let measure = measure(UnsafeRawBufferPointer(rebasing: line[range]), in: icuWords)
      row[.icuWords] += 1
      row[.icuWordTokens] += Int32(bitPattern: measure.tokens)
      if measure.tokens > 1 { row[.icuContinuedWords] += 1 }
      if measure.hasUnknown { row[.icuUnknownWords] += 1 }
    }
  }

  private func measure(_ word: UnsafeRawBufferPointer, in table: WordTable) -> WordMeasure {
    let hash = WordTable.hash(word)
    if table.isSampled(hash) {
      if let known = table.count(word, hash) { return known }
      let measure = measureAnew(word)
      table.insert(word, hash, measure)
      return measure
    }
    let place = Int(truncatingIfNeeded: hash) & (Self.memoryCount - 1)
    if memory[place].hash == hash { return memory[place].measure }
    let measure = measureAnew(word)
    memory[place] = Remembered(hash: hash, measure: measure)
    return measure
  }

  private func measureAnew(_ word: UnsafeRawBufferPointer) -> WordMeasure {
    session.encode(word, offsets: .bytes, into: &wordEncoding)
    let hasUnknown =
      wordEncoding.unknownCount > 0 || unknown >= 0 && wordEncoding.ids.contains(unknown)
    let isPlain = word.allSatisfy { $0 < 0x80 }
    let normalized = tokenizer.normalized(word)
    return WordMeasure(
      tokens: UInt32(wordEncoding.count), hasUnknown: hasUnknown,
      isChanged: !normalized.withUnsafeBytes { Self.isSame(word, $0) },
      hasJoiner: !isPlain && Self.joiners(word) > 0)
  }

  private func countTokens(
    _ text: UnsafePointer<UInt8>, _ line: UnsafeRawBufferPointer,
    _ row: UnsafeMutablePointer<Int32>
  ) {
    row[.tokens] = Int32(encoding.count)
    var unknowns: Int32 = 0
    encoding.ids.withUnsafeBufferPointer { ids in
      for id in ids {
        counts[Int(id)] += 1
        if id == unknown { unknowns += 1 }
      }
      if let isByte { row[.byteTokens] = Int32(ids.count { isByte[Int($0)] }) }
    }
    if unknowns > 0 { countUnknown(text, unknowns, row) }
    let framed = encoding.count + frame
    for length in Column.lengths where framed > length.tokens { row[length.column] = 1 }
    if decodes, !onlyTokens {
      row[.decodableLines] = 1
      if !isDecodedBack(line) { row[.undecodedLines] = 1 }
    }
  }

  private func isDecodedBack(_ line: UnsafeRawBufferPointer) -> Bool {
    tokenizer.decodedBytes(encoding.ids).withUnsafeBytes { text in
      guard text.count == line.count, let one = text.baseAddress, let other = line.baseAddress
      else { return text.count == line.count }
      return memcmp(one, other, text.count) == 0
    }
  }

  private func countUnknown(
    _ text: UnsafePointer<UInt8>, _ unknowns: Int32, _ row: UnsafeMutablePointer<Int32>
  ) {
    row[.unknownTokens] = unknowns
    row[.unknownLines] = 1
    for (index, id) in encoding.ids.enumerated() where id == unknown {
      let range = Int(encoding.starts[index])..<Int(encoding.ends[index])
      row[.unknownBytes] += Int32(range.count)
      row[.unknownCharacters] += Int32(WellFormed.count(text, range))
    }
  }

  /// Whether a scalar alone becomes no unknown token.
  func covers(_ scalar: UInt32) -> Bool {
    if WhiteSpace.contains(scalar) { return true }
    guard let scalar = Unicode.Scalar(scalar), let bytes = UTF8.encode(scalar) else { return false }
    Array(bytes).withUnsafeBytes { session.encode($0, offsets: .bytes, into: &wordEncoding) }
    return wordEncoding.unknownCount == 0 && !wordEncoding.ids.contains(unknown)
  }

  /// The pieces of a word, as they stand in the vocabulary, and which of them are the unknown one.
  func pieces(_ word: ArraySlice<UInt8>) -> (pieces: [String], unknown: [Int]) {
    Array(word).withUnsafeBytes { session.encode($0, offsets: .bytes, into: &wordEncoding) }
    let pieces = wordEncoding.ids.indices.map {
      String(decoding: tokenizer.token($0, of: wordEncoding), as: UTF8.self)
    }
    return (pieces, wordEncoding.ids.indices.filter { wordEncoding.ids[$0] == unknown })
  }

  func removeAll() {
    counts.update(repeating: 0, count: vocabulary)
    words.removeAll()
    icuWords.removeAll()
    scalars.removeAll()
  }

  /// ZERO WIDTH NON-JOINER E2 80 8C and JOINER E2 80 8D.
  private static func joiners(_ text: UnsafeRawBufferPointer) -> Int {
    guard text.count >= 3 else { return 0 }
    var count = 0
    for at in 0..<(text.count - 2)
    where text[at] == 0xE2 && text[at + 1] == 0x80 && text[at + 2] | 1 == 0x8D {
      count += 1
    }
    return count
  }

  /// Whether two texts are equal once White_Space and ▁ are taken out of both.
  static func isSame(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    if first.elementsEqual(second) { return true }
    return dense(first) == dense(second)
  }

  private static func dense(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    guard let bytes = text.bindMemory(to: UInt8.self).baseAddress else { return [] }
    var kept: [UInt8] = []
    var at = 0
    while at < text.count {
      let (scalar, end) = WellFormed.next(bytes, at)
      if !WhiteSpace.contains(scalar), scalar != 0x2581 { kept.append(contentsOf: text[at..<end]) }
      at = end
    }
    return kept
  }
}

extension UnsafeMutablePointer<Int32> {
  subscript(column: Column) -> Int32 {
    @inline(__always) get { self[column.rawValue] }
    @inline(__always) nonmutating set { self[column.rawValue] = newValue }
  }
}

/// What a meter asks of each piece, looked up once for all threads.
struct PieceTable: Sendable {
  let isByte: [Bool]?
  /// Whether pieces hold the spaces between words, so that a text can come back: all but WordPiece's.
  let decodes: Bool

  init(_ tokenizer: any Tokenizer) {
    let kinds = (0..<Int32(tokenizer.vocabularySize)).map { tokenizer.kind(ofPiece: $0) == .byte }
    isByte = kinds.contains(true) ? kinds : nil
    decodes = tokenizer.summary.model != "WordPiece"
  }
}
