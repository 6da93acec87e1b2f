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
  @exclusivity(unchecked) private var encoding = Encoding()
  let words: WordMeter
  /// Nil: letters are not looked at.
  var letters: LanguageLetters? { didSet { letterKinds.forget() } }
  private let letterKinds = LetterKinds()
  /// Words and characters are let be.
  @exclusivity(unchecked) var onlyTokens = false
  /// By id.
  let counts: UnsafeMutablePointer<Int>
  let vocabulary: Int
  let scalars = ScalarCounts()
  /// `frame` tokens stand around a text.
  init(
    _ tokenizer: any Tokenizer, frame: Int, pieces: PieceTable, limit: Int = WordTable.limit
  ) {
    self.tokenizer = tokenizer
    self.frame = frame
    session = tokenizer.session(cached: true)
    words = WordMeter(tokenizer, session, limit: limit)
    unknown = tokenizer.special.unknown ?? -1
    isByte = pieces.isByte
    decodes = pieces.decodes
    vocabulary = tokenizer.vocabularySize
    counts = .allocate(capacity: vocabulary)
    counts.initialize(repeating: 0, count: vocabulary)
  }

  deinit { counts.deallocate() }

  /// A well-formed line without its end; `row` has a number a ``Column``. Throws `UnicodeFailure`.
  func measure(_ line: UnsafeRawBufferPointer, into row: UnsafeMutablePointer<Int32>) throws {
    row.update(repeating: 0, count: Column.allCases.count)
    session.encode(line, offsets: .bytes, into: &encoding)
    guard let text = line.bindMemory(to: UInt8.self).baseAddress,
      onlyTokens ? countScalars(text, line, row) : try countScalarsAndWords(text, line, row)
    else { return }
    row[.lines] = 1
    row[.bytes] = Int32(line.count)
    countTokens(text, line, row)
  }

  /// False for a blank line, of which nothing is counted but its scalars. Throws `UnicodeFailure`.
  private func countScalarsAndWords(
    _ text: UnsafePointer<UInt8>, _ line: UnsafeRawBufferPointer,
    _ row: UnsafeMutablePointer<Int32>
  ) throws -> Bool {
    let isJoined = Self.holdsJoiningSpace(line)
    // Read here, or references are counted at every scalar.
    let (words, scalars, letters, kinds) = (words, scalars, letters, letterKinds.table)
    let looks = letters != nil
    var at = 0
    var start = -1
    var hasWord = false
    func countWord(to end: Int) throws {
      if start >= 0 {
        let word = UnsafeRawBufferPointer(rebasing: line[start..<end])
        // A line of Chinese is one word.
        let encoded = word.count == line.count ? encoding : nil
        try words.count(word, encoded: encoded, breaking: !isJoined, row)
      }
      start = -1
    }
    while at < line.count {
      let (scalar, end) = WellFormed.next(text, at)
      scalars.add(scalar)
      row[.characters] += 1
      if looks {
        var kind = scalar < LetterKinds.limit ? kinds[Int(scalar)] : LetterKinds.unseen
        if kind == LetterKinds.unseen, let letters { kind = letterKinds.see(scalar, letters) }
        if kind >= LetterKinds.own { row[.letters] += 1 }
        if kind == LetterKinds.foreign { row[.foreignLetters] += 1 }
      }
      if WhiteSpace.contains(scalar) {
        try countWord(to: at)
      } else if start < 0 {
        start = at
        hasWord = true
      }
      at = end
    }
    try countWord(to: line.count)
    if isJoined, hasWord { try words.countWords(of: line, row) }
    if !hasWord { row[.characters] = 0 }
    return hasWord
  }

  /// Whether NARROW NO-BREAK SPACE E2 80 AF is there: white space that joins words for ICU (its Word_Break is
  /// ExtendNumLet).
  private static func holdsJoiningSpace(_ line: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    while let found = line[at...].firstIndex(of: 0xE2) {
      if found + 2 < line.count, line[found + 1] == 0x80, line[found + 2] == 0xAF { return true }
      at = found + 1
    }
    return false
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

  func removeAll() {
    counts.update(repeating: 0, count: vocabulary)
    words.removeAll()
    scalars.removeAll()
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
