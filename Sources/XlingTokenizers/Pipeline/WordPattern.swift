/// What a scalar is to the expressions that cut words.
enum PatternClass {
  static let other: UInt8 = 0
  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 3

  /// By scalar.
  static let table = {
    var all = [UInt8](repeating: other, count: ScalarTable<UInt8>.codePointCount)
    func mark(_ ranges: [UInt32], _ value: UInt8) {
      for at in stride(from: 0, to: ranges.count, by: 2) {
        for scalar in ranges[at]...ranges[at + 1] { all[Int(scalar)] = value }
      }
    }
    mark(PatternTables.letters, letter)
    mark(PatternTables.numbers, number)
    for scalar in UInt32(0)..<0x3001 where WhiteSpace.contains(scalar) { all[Int(scalar)] = space }
    return Shared(ScalarTable(all).storage())
  }()

  /// Sound to share: nothing is written behind `init`.
  final class Shared: @unchecked Sendable {
    private let storage: ScalarTable<UInt8>.Storage
    let reader: Reader

    init(_ storage: ScalarTable<UInt8>.Storage) {
      self.storage = storage
      reader = Reader(blocks: storage.blocks, values: storage.values)
    }
  }

  /// Valid as long as the process lives.
  struct Reader: BitwiseCopyable, @unchecked Sendable {
    fileprivate let blocks: UnsafePointer<UInt16>
    fileprivate let values: UnsafePointer<UInt8>

    @inline(__always)
    subscript(scalar: UInt32) -> UInt8 {
      values[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }
  }
}

/// The expressions that cut texts ahead of byte-level merges, each followed by hand from left to
/// right.
enum WordPattern: Sendable, Equatable {
  /// GPT-2's and RoBERTa's: a contraction, or letters, numbers or other characters, each with one
  /// space ahead of it, or white space but its last character.
  case gpt2
  /// Llama 3's: contractions in any case, numbers of at most three digits (Qwen's: one), line ends
  /// apart.
  case llama3(digits: Int)
  /// CLIP's: without spaces; numbers digit by digit. Its two markers are words where `hasMarkers`.
  case clip(hasMarkers: Bool)
  /// The same of a text that is lower-cased only afterwards, without markers.
  case clipInAnyCase

  /// The expression as a tokenizer.json has it; nil for others.
  init?(expression: String) {
    let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    let head = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
    let clip = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
    let gpt2 = #"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    switch expression {
    case "'s|'t|'re|'ve|'m|'ll|'d" + gpt2, "'(?:[sdmt]|ll|ve|re)" + gpt2: self = .gpt2
    case head + #"\p{N}{1,3}"# + tail: self = .llama3(digits: 3)
    case head + #"\p{N}"# + tail: self = .llama3(digits: 1)
    case clip: self = .clip(hasMarkers: false)
    case #"<\|startoftext\|>|<\|endoftext\|>|"# + clip: self = .clip(hasMarkers: true)
    default: return nil
    }
  }

  /// Where the match ends that begins at `at`; nil where none begins (CLIP's white space). `text` is
  /// well-formed.
  @inline(__always)
  func end(
    _ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int, _ classes: PatternClass.Reader
  ) -> Int? {
    let scan = PatternScan(text: text, count: count, classes: classes)
    return switch self {
    case .gpt2: scan.gpt2(at)
    case .llama3(let digits): scan.llama3(at, digits)
    case .clip(let hasMarkers): scan.clip(at, hasMarkers, caseBit: 0)
    case .clipInAnyCase: scan.clip(at, false, caseBit: 0x20)
    }
  }

  var name: String {
    switch self {
    case .gpt2: "GPT-2"
    case .llama3(let digits): digits == 3 ? "Llama 3" : "Qwen 2"
    case .clip, .clipInAnyCase: "CLIP"
    }
  }
}

/// A text that an expression is matched against.
private struct PatternScan {
  let text: UnsafePointer<UInt8>
  let count: Int
  let classes: PatternClass.Reader

  @inline(__always)
  private func look(_ at: Int) -> (kind: UInt8, next: Int) {
    let byte = text[at]
    if byte < 0x80 { return (classes[UInt32(byte)], at + 1) }
    let (scalar, length) = UTF8Scalar.decode(text, at, count)
    return (classes[scalar], at + length)
  }

  /// Where a run of one class ends.
  @inline(__always)
  private func run(_ start: Int, _ kind: UInt8) -> Int {
    var at = start
    while at < count {
      let (found, next) = look(at)
      if found != kind { break }
      at = next
    }
    return at
  }

  /// `\s+(?!\S)|\s+` where white space stands: all of it at the end of the text, else all but the
  /// last character, if there are two.
  @inline(__always)
  private func space(_ start: Int) -> Int {
    var (at, last) = (start, start)
    while at < count {
      let (found, next) = look(at)
      if found != PatternClass.space { break }
      (last, at) = (at, next)
    }
    return at < count && last > start ? last : at
  }

  @inline(__always)
  private func contraction(_ at: Int, caseBit: UInt8 = 0) -> Int? {
    guard at + 1 < count else { return nil }
    switch text[at + 1] | caseBit {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return at + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return at + 2 < count && text[at + 2] | caseBit == UInt8(ascii: "e") ? at + 3 : nil
    case UInt8(ascii: "l"):
      return at + 2 < count && text[at + 2] | caseBit == UInt8(ascii: "l") ? at + 3 : nil
    default: return nil
    }
  }

  /// In any case; the long s is one too.
  private func contractionInAnyCase(_ at: Int) -> Int? {
    guard at + 1 < count else { return nil }
    func lower(_ index: Int) -> UInt8 { index < count ? text[index] | 0x20 : 0 }
    switch lower(at + 1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return at + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return lower(at + 2) == UInt8(ascii: "e") ? at + 3 : nil
    case UInt8(ascii: "l"): return lower(at + 2) == UInt8(ascii: "l") ? at + 3 : nil
    default:
      return at + 2 < count && text[at + 1] == 0xC5 && text[at + 2] == 0xBF ? at + 3 : nil
    }
  }

  @inline(__always)
  func gpt2(_ start: Int) -> Int {
    var at = start
    if text[at] == 0x20, at + 1 < count, look(at + 1).kind != PatternClass.space {
      at += 1
    } else if text[at] == UInt8(ascii: "'"), let end = contraction(at) {
      return end
    }
    let (kind, next) = look(at)
    return kind == PatternClass.space ? space(at) : run(next, kind)
  }

  @inline(__always)
  func llama3(_ start: Int, _ digits: Int) -> Int {
    if text[start] == UInt8(ascii: "'"), let end = contractionInAnyCase(start) { return end }
    let (kind, next) = look(start)
    if kind == PatternClass.letter { return run(next, kind) }
    if kind == PatternClass.number { return numbers(next, digits) }
    let isLineEnd = text[start] == 0x0D || text[start] == 0x0A
    if !isLineEnd, next < count {
      let (following, end) = look(next)
      if following == PatternClass.letter { return run(end, following) }
      if following == PatternClass.other, text[start] == 0x20 {
        return lineEnds(run(end, PatternClass.other))
      }
    }
    if kind == PatternClass.other { return lineEnds(run(next, PatternClass.other)) }
    return lastLineEnd(start) ?? space(start)
  }

  private func numbers(_ start: Int, _ digits: Int) -> Int {
    var at = start
    for _ in 1..<max(1, digits) where at < count {
      let (kind, next) = look(at)
      if kind != PatternClass.number { break }
      at = next
    }
    return at
  }

  private func lineEnds(_ start: Int) -> Int {
    var at = start
    while at < count, text[at] == 0x0D || text[at] == 0x0A { at += 1 }
    return at
  }

  /// Behind the last line end of the white space at `start`.
  private func lastLineEnd(_ start: Int) -> Int? {
    var at = start
    var last: Int?
    while at < count {
      let (kind, next) = look(at)
      if kind != PatternClass.space { break }
      if text[at] == 0x0D || text[at] == 0x0A { last = next }
      at = next
    }
    return last
  }

  @inline(__always)
  func clip(_ start: Int, _ hasMarkers: Bool, caseBit: UInt8) -> Int? {
    let (kind, next) = look(start)
    switch kind {
    case PatternClass.space: return nil
    case PatternClass.letter: return run(next, kind)
    case PatternClass.number: return next
    default: break
    }
    if text[start] == UInt8(ascii: "'"), let end = contraction(start, caseBit: caseBit) {
      return end
    }
    if hasMarkers, text[start] == UInt8(ascii: "<") {
      for marker in ["<|startoftext|>", "<|endoftext|>"] where start + marker.utf8.count <= count {
        let bytes = UnsafeBufferPointer(start: text + start, count: marker.utf8.count)
        if bytes.elementsEqual(marker.utf8) { return start + marker.utf8.count }
      }
    }
    return run(next, PatternClass.other)
  }
}
