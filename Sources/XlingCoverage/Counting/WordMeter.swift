import XlingTokenizers
import XlingUnicode

/// What a tokenizer makes of the words of lines, each alone: words between white space, and ICU's.
///
/// ICU's words of a stretch between white space do not depend on what is around it (UAX #29 joins
/// nothing across white space, and dictionaries see one stretch of letters at a time), U+202F aside,
/// which joins as an underscore does. So a stretch that was seen before is not broken again: how often it
/// comes is counted, and its ICU words are counted as often when they are asked for.
final class WordMeter {
  private let tokenizer: any Tokenizer
  private let session: any TokenizerSession
  private let unknown: Int32
  @exclusivity(unchecked) private var encoding = Encoding()
  /// Nil: ICU's words are not asked for.
  @exclusivity(unchecked) var breaker: WordBreaker?
  let words: WordTable
  let icuWords: WordTable
  /// Measures of words that the sample leaves out, by a part of their hash.
  private let memory: UnsafeMutablePointer<Remembered>
  private static let memoryCount = 1 << 14

  private struct Remembered: BitwiseCopyable {
    var hash: UInt64
    var measure: WordMeasure
  }

  /// `limit` word types are counted exactly, of each kind.
  init(
    _ tokenizer: any Tokenizer, _ session: any TokenizerSession, limit: Int = WordTable.limit
  ) {
    (self.tokenizer, self.session) = (tokenizer, session)
    (words, icuWords) = (WordTable(limit: limit), WordTable(limit: limit))
    unknown = tokenizer.special.unknown ?? -1
    memory = .allocate(capacity: Self.memoryCount)
    memory.initialize(
      repeating: Remembered(hash: 0, measure: WordMeasure()), count: Self.memoryCount)
  }

  deinit { memory.deallocate() }

  func removeAll() {
    words.removeAll()
    icuWords.removeAll()
  }

  /// A word between white space. `encoded` are its tokens where they are known, `breaking`: ICU's words in it
  /// are counted, too. Throws `UnicodeFailure`.
  func count(
    _ word: UnsafeRawBufferPointer, encoded: Encoding? = nil, breaking: Bool,
    _ row: UnsafeMutablePointer<Int32>
  ) throws {
    let hash = WordTable.hash(word)
    let isKept = words.isSampled(hash) && word.count <= WordTable.keptBytes
    if isKept, let (measure, known) = words.count(word, hash, breaking: breaking) {
      add(word, measure, row)
      if breaking, let known { return add(known, row) }
      guard breaking, let breaker else { return }
      let parts = try count(breaker, word, alone: measure, hash)
      words.settle(word, hash, parts)
      return add(parts, row)
    }
    let measure =
      isKept
      ? measureAnew(word, hash, or: icuWords, encoded) : measure(word, hash, in: words, encoded)
    add(word, measure, row)
    var parts: WordParts?
    if breaking, let breaker {
      let counted = try count(breaker, word, alone: measure, hash)
      add(counted, row)
      parts = counted
    }
    guard isKept else { return }
    // Making room may leave words out, whose ICU words have to be counted before.
    if words.isFull { try settle() }
    words.insert(word, hash, measure, parts)
  }

  /// All ICU words of a line. Throws `UnicodeFailure`.
  func countWords(
    of line: UnsafeRawBufferPointer, _ row: UnsafeMutablePointer<Int32>
  ) throws(UnicodeFailure) {
    if let breaker { add(try count(breaker, line), row) }
  }

  private func count(
    _ breaker: WordBreaker, _ text: UnsafeRawBufferPointer, alone: WordMeasure? = nil,
    _ hash: UInt64 = 0
  ) throws(UnicodeFailure) -> WordParts {
    var parts = WordParts()
    try breaker.forEachWord(of: text) { range in
      let word = UnsafeRawBufferPointer(rebasing: text[range])
      let isWhole = alone != nil && range.count == text.count
      let wordHash = isWhole ? hash : WordTable.hash(word)
      parts.add(measure(word, wordHash, in: icuWords, known: isWhole ? alone : nil))
    }
    return parts
  }

  /// Counts the ICU words of stretches that came again since they were broken. Throws `UnicodeFailure`.
  func settle() throws {
    guard let breaker else { return }
    try words.settle { stretch, times in
      try breaker.forEachWord(of: stretch) { range in
        let word = UnsafeRawBufferPointer(rebasing: stretch[range])
        _ = measure(word, WordTable.hash(word), in: icuWords, times: times)
      }
    }
  }

  /// Counts in a table, and measures what it does not have.
  private func measure(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, in table: WordTable,
    _ encoded: Encoding? = nil, times: Int = 1, known: WordMeasure? = nil
  ) -> WordMeasure {
    if table.isSampled(hash) {
      if let known = table.count(word, hash, times: times) { return known }
      let measure = known ?? measureAnew(word, hash, or: words, encoded)
      table.insert(word, hash, measure, occurrences: times)
      return measure
    }
    if let known { return known }
    let place = Int(truncatingIfNeeded: hash) & (Self.memoryCount - 1)
    if memory[place].hash == hash { return memory[place].measure }
    let measure = measureAnew(word, hash, or: nil, encoded)
    memory[place] = Remembered(hash: hash, measure: measure)
    return measure
  }

  /// `other`: the table of the other kind of words, which may have it.
  private func measureAnew(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, or other: WordTable?, _ encoded: Encoding?
  ) -> WordMeasure {
    if let known = other?.measure(word, hash) { return known }
    if encoded == nil { session.encode(word, offsets: .bytes, into: &encoding) }
    let found = encoded ?? encoding
    return WordMeasure(
      tokens: UInt32(found.count), hasUnknown: isUnknown(found),
      isChanged: tokenizer.changes(word) ?? isChanged(word),
      hasJoiner: !word.allSatisfy { $0 < 0x80 } && Joiners.count(word) > 0)
  }

  private func isChanged(_ word: UnsafeRawBufferPointer) -> Bool {
    !tokenizer.normalized(word).withUnsafeBytes { DenseText.isSame(word, $0) }
  }

  private func isUnknown(_ encoding: Encoding) -> Bool {
    encoding.unknownCount > 0 || unknown >= 0 && encoding.ids.contains(unknown)
  }

  private func add(
    _ word: UnsafeRawBufferPointer, _ measure: WordMeasure, _ row: UnsafeMutablePointer<Int32>
  ) {
    row[.words] += 1
    row[.wordTokens] += Int32(bitPattern: measure.tokens)
    if measure.tokens > 1 { row[.continuedWords] += 1 }
    if measure.hasUnknown { row[.unknownWords] += 1 }
    if measure.isChanged { row[.changedLines] = 1 }
    if measure.hasJoiner {
      let there = Joiners.count(word)
      row[.joiners] += Int32(there)
      let left = tokenizer.normalized(word).withUnsafeBytes { Joiners.count($0) }
      row[.joinersLost] += Int32(max(0, there - left))
    }
  }

  private func add(_ parts: WordParts, _ row: UnsafeMutablePointer<Int32>) {
    row[.icuWords] += Int32(bitPattern: parts.words)
    row[.icuWordTokens] += Int32(bitPattern: parts.tokens)
    row[.icuContinuedWords] += Int32(bitPattern: parts.continued)
    row[.icuUnknownWords] += Int32(bitPattern: parts.unknown)
  }

  /// Whether a scalar alone becomes no unknown token.
  func covers(_ scalar: UInt32) -> Bool {
    if WhiteSpace.contains(scalar) { return true }
    guard let scalar = Unicode.Scalar(scalar), let bytes = UTF8.encode(scalar) else { return false }
    Array(bytes).withUnsafeBytes { session.encode($0, offsets: .bytes, into: &encoding) }
    return !isUnknown(encoding)
  }

  /// The pieces of a word, as they stand in the vocabulary, and which of them are the unknown one.
  func pieces(_ word: UnsafeRawBufferPointer) -> (pieces: [String], unknown: [Int]) {
    session.encode(word, offsets: .bytes, into: &encoding)
    let pieces = encoding.ids.indices.map {
      String(decoding: tokenizer.token($0, of: encoding), as: UTF8.self)
    }
    return (pieces, encoding.ids.indices.filter { encoding.ids[$0] == unknown })
  }
}
