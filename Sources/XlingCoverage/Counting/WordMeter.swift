import XlingTokenizers
import XlingUnicode

/// What a tokenizer makes of the words of lines, each alone: words between white space, and ICU's.
///
/// Where lines are no more than their words (``Tokenizer/encodesWordByWord``), tokens are counted here, too: a word
/// that comes again is looked up, not encoded, and its tokens are counted as often as it came when they are
/// asked for.
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
  /// By id; somebody else's.
  private let counts: UnsafeMutablePointer<Int>
  private static let memoryCount = 1 << 14

  private struct Remembered: BitwiseCopyable {
    var hash: UInt64
    var measure: WordMeasure
  }

  /// `limit` word types are counted exactly, of each kind. `counts`, by id, take the tokens of words.
  init(
    _ tokenizer: any Tokenizer, _ session: any TokenizerSession,
    counts: UnsafeMutablePointer<Int>, limit: Int
  ) {
    (self.tokenizer, self.session, self.counts) = (tokenizer, session, counts)
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
  /// are counted, too; `tallying`: its tokens are the line's. Throws `UnicodeFailure`.
  func count(
    _ word: Slice<UnsafeRawBufferPointer>, _ row: UnsafeMutablePointer<Int32>,
    encoded: Encoding? = nil, breaking: Bool = true, tallying: Bool = false
  ) throws {
    let word = UnsafeRawBufferPointer(rebasing: word)
    let breaker = breaking ? breaker : nil
    let hash = WordTable.hash(word)
    if words.isSampled(hash), word.count <= WordTable.keptBytes,
      let (measure, parts) = words.count(
        word, hash, breaking: breaker != nil, tallying: tallying)
    {
      add(word, measure, row)
      if tallying, measure.hasUnknown { addUnknown(word, row) }
      guard let breaker else { return }
      if parts != .unasked { return add(parts, row) }
      let counted = try count(breaker, word, alone: measure, hash)
      words.keep(counted, of: word, hash)
      return add(counted, row)
    }
    try countNew(word, hash, row, encoded, breaker, tallying: tallying)
  }

  private func countNew(
    _ word: UnsafeRawBufferPointer, _ hash: UInt64, _ row: UnsafeMutablePointer<Int32>,
    _ encoded: Encoding?, _ breaker: WordBreaker?, tallying: Bool
  ) throws {
    let isSampled = words.isSampled(hash)
    let isKept = isSampled && word.count <= WordTable.keptBytes
    // Making room may leave words out, this one among them: what is to be settled is counted before.
    if isSampled, words.isFull { try settle() }
    let measure =
      isKept
      ? measureAnew(word, hash, or: icuWords, encoded) : measure(word, hash, in: words, encoded)
    add(word, measure, row)
    let isSettledLater = tallying && isKept && !words.isFull
    if tallying {
      if measure.hasUnknown { addUnknown(word, row) }
      if !isSettledLater { tally(word, 1) }
    }
    var parts = WordParts.unasked
    if let breaker {
      parts = try count(breaker, word, alone: measure, hash)
      add(parts, row)
    }
    if isKept { words.insert(word, hash, measure, parts, tallying: isSettledLater) }
  }

  /// Counts the tokens of a word by id.
  private func tally(_ word: UnsafeRawBufferPointer, _ times: Int) {
    session.encode(word, offsets: .bytes, into: &encoding)
    for id in encoding.ids { counts[Int(id)] += times }
  }

  /// What unknown tokens of a word cover.
  private func addUnknown(_ word: UnsafeRawBufferPointer, _ row: UnsafeMutablePointer<Int32>) {
    session.encode(word, offsets: .bytes, into: &encoding)
    encoding.addUnknown(unknown, of: word, row)
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

  /// Counts the ICU words and the tokens of stretches that came again since they were. Throws
  /// `UnicodeFailure`.
  func settle() throws {
    try words.settle { stretch, unbroken, untallied in
      if untallied > 0 { tally(stretch, untallied) }
      guard unbroken > 0, let breaker else { return }
      try breaker.forEachWord(of: stretch) { range in
        let word = UnsafeRawBufferPointer(rebasing: stretch[range])
        _ = measure(word, WordTable.hash(word), in: icuWords, times: unbroken)
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

extension Encoding {
  /// Counts tokens of the id `unknown` in a text, and what of it they cover. The encoding is in bytes.
  func addUnknown(
    _ unknown: Int32, of text: UnsafeRawBufferPointer, _ row: UnsafeMutablePointer<Int32>
  ) {
    guard let text = text.bindMemory(to: UInt8.self).baseAddress else { return }
    for (index, id) in ids.enumerated() where id == unknown {
      let range = Int(starts[index])..<Int(ends[index])
      row[.unknownTokens] += 1
      row[.unknownBytes] += Int32(range.count)
      row[.unknownCharacters] += Int32(WellFormed.count(text, range))
      row[.unknownLines] = 1
    }
  }
}
