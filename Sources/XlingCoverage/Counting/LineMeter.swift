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
  private let encodesWordByWord: Bool
  @exclusivity(unchecked) private var encoding = Encoding()
  /// Where the words of a line lie.
  @exclusivity(unchecked) private var stretches: [Range<Int>] = []
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
    unknown = tokenizer.special.unknown ?? -1
    isByte = pieces.isByte
    decodes = pieces.decodes
    encodesWordByWord = tokenizer.encodesWordByWord && !decodes && isByte == nil
    vocabulary = tokenizer.vocabularySize
    counts = .allocate(capacity: vocabulary)
    counts.initialize(repeating: 0, count: vocabulary)
    words = WordMeter(tokenizer, session, counts: counts, limit: limit)
  }

  deinit { counts.deallocate() }

  /// A well-formed line without its end; `row` has a number a ``Column``. Throws `UnicodeFailure`.
  func measure(_ line: UnsafeRawBufferPointer, into row: UnsafeMutablePointer<Int32>) throws {
    row.update(repeating: 0, count: Column.allCases.count)
    guard let text = line.bindMemory(to: UInt8.self).baseAddress else { return }
    if onlyTokens {
      guard countScalars(text, line, row) else { return }
      countTokens(line, row)
    } else {
      let spaces = look(text, line, row)
      guard !stretches.isEmpty else {
        row[.characters] = 0
        return
      }
      // A line of Chinese is one word, which need not be looked up.
      if spaces == .plain, encodesWordByWord, stretches.count > 1 {
        for stretch in stretches { try words.count(line[stretch], row, tallying: true) }
        row[.tokens] = row[.wordTokens]
      } else {
        try countWords(line, spaces, row)
      }
    }
    row[.lines] = 1
    row[.bytes] = Int32(line.count)
    let framed = Int(row[.tokens]) + frame
    for length in Column.lengths where framed > length.tokens { row[length.column] = 1 }
  }

  private func countWords(
    _ line: UnsafeRawBufferPointer, _ spaces: Spaces, _ row: UnsafeMutablePointer<Int32>
  ) throws {
    countTokens(line, row)
    for stretch in stretches {
      // A line of Chinese is one word.
      let encoded = stretch.count == line.count ? encoding : nil
      try words.count(line[stretch], row, encoded: encoded, breaking: spaces != .joining)
    }
    if spaces == .joining { try words.countWords(of: line, row) }
  }

  /// White space of a line.
  private enum Spaces {
    /// What every tokenizer takes for white space, and nothing composes with.
    case plain
    case others
    /// NARROW NO-BREAK SPACE is among it, which joins words for ICU (its Word_Break is ExtendNumLet).
    case joining
  }

  /// Counts scalars and letters, and finds the words between white space.
  private func look(
    _ text: UnsafePointer<UInt8>, _ line: UnsafeRawBufferPointer,
    _ row: UnsafeMutablePointer<Int32>
  ) -> Spaces {
    // Read here, or references are counted at every scalar.
    let (scalars, letters, kinds) = (scalars, letters, letterKinds.table)
    let looks = letters != nil
    var spaces = Spaces.plain
    var (characters, own, foreign): (Int32, Int32, Int32) = (0, 0, 0)
    var at = 0
    var start = -1
    stretches.removeAll(keepingCapacity: true)
    while at < line.count {
      let (scalar, end) = WellFormed.next(text, at)
      scalars.add(scalar)
      characters += 1
      if looks {
        var kind = scalar < LetterKinds.limit ? kinds[Int(scalar)] : LetterKinds.unseen
        if kind == LetterKinds.unseen, let letters { kind = letterKinds.see(scalar, letters) }
        if kind == LetterKinds.own { own += 1 }
        if kind == LetterKinds.foreign { foreign += 1 }
      }
      if WhiteSpace.contains(scalar) {
        if start >= 0 { stretches.append(start..<at) }
        start = -1
        if scalar == 0x202F {
          spaces = .joining
        } else if spaces == .plain, !WhiteSpace.isPlain(scalar) {
          spaces = .others
        }
      } else if start < 0 {
        start = at
      }
      at = end
    }
    if start >= 0 { stretches.append(start..<line.count) }
    row[.characters] = characters
    row[.letters] = own + foreign
    row[.foreignLetters] = foreign
    return spaces
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
    _ line: UnsafeRawBufferPointer, _ row: UnsafeMutablePointer<Int32>
  ) {
    session.encode(line, offsets: .bytes, into: &encoding)
    row[.tokens] = Int32(encoding.count)
    var unknowns = 0
    encoding.ids.withUnsafeBufferPointer { ids in
      for id in ids {
        counts[Int(id)] += 1
        if id == unknown { unknowns += 1 }
      }
      if let isByte { row[.byteTokens] = Int32(ids.count { isByte[Int($0)] }) }
    }
    if unknowns > 0 { encoding.addUnknown(unknown, of: line, row) }
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
