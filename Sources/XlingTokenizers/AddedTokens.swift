/// A token that is found in a text before it is cut otherwise.
struct AddedToken: Sendable, Equatable {
  var utf8: [UInt8]
  var id: Int32
  /// Takes the white space on that side with it.
  var stripsLeft = false
  var stripsRight = false
  /// Is no token where it stands inside a word.
  var isWord = false
}

/// Finds added tokens: leftmost, and of those that begin at one place the longest; letter for
/// letter.
struct AddedTokens: Sendable {
  /// By first byte, then the longest first; the first of equal length wins.
  let tokens: [AddedToken]
  private let found: ConstantBuffer<Found>
  private let bytes: ConstantBuffer<UInt8>
  /// By byte: where the tokens that begin with it start, and behind the last where they end.
  private let begins: ConstantBuffer<Int32>

  /// A token that was found.
  struct Found: BitwiseCopyable {
    let id: Int32
    /// Its own bytes: how many, and where they are kept.
    let count: Int
    fileprivate let start: Int
    fileprivate let stripsLeft: Bool
    fileprivate let stripsRight: Bool
    fileprivate let isWord: Bool
  }

  /// No token is empty.
  init(_ tokens: [AddedToken]) {
    let tokens = tokens.enumerated().sorted {
      let (left, right) = ($0.element.utf8, $1.element.utf8)
      if left[0] != right[0] { return left[0] < right[0] }
      return left.count != right.count ? left.count > right.count : $0.offset < $1.offset
    }.map(\.element)
    var begins = [Int32](repeating: 0, count: 257)
    var found: [Found] = []
    var bytes: [UInt8] = []
    for token in tokens {
      begins[Int(token.utf8[0]) + 1] += 1
      found.append(
        Found(
          id: token.id, count: token.utf8.count, start: bytes.count, stripsLeft: token.stripsLeft,
          stripsRight: token.stripsRight, isWord: token.isWord))
      bytes += token.utf8
    }
    for byte in 0..<256 { begins[byte + 1] += begins[byte] }
    self.tokens = tokens
    self.found = ConstantBuffer(found)
    self.bytes = ConstantBuffer(bytes)
    self.begins = ConstantBuffer(begins)
  }

  /// Valid while this value lives.
  var reader: Reader {
    Reader(isEmpty: tokens.isEmpty, found: found.base, bytes: bytes.base, begins: begins.base)
  }

  struct Reader: BitwiseCopyable {
    let isEmpty: Bool
    fileprivate let found: UnsafePointer<Found>
    fileprivate let bytes: UnsafePointer<UInt8>
    fileprivate let begins: UnsafePointer<Int32>
  }
}

extension AddedTokens.Reader {
  typealias Found = AddedTokens.Found

  /// Whether any token begins with the byte.
  @inline(__always)
  func mayBegin(_ byte: UInt8) -> Bool { begins[Int(byte)] != begins[Int(byte) + 1] }

  /// What a match at `at` takes: its own bytes, and white space beside it as its flags say, from
  /// `lower` on and up to `upper`.
  func extent(
    of token: Found, at: Int, in bounds: Range<Int>, _ text: UnsafePointer<UInt8>
  ) -> Range<Int> {
    var start = at
    while token.stripsLeft, start > bounds.lowerBound {
      let before = previous(text, start, bounds.lowerBound)
      guard WhiteSpace.contains(UTF8Scalar.decode(text, before, start).0) else { break }
      start = before
    }
    var end = at + token.count
    while token.stripsRight, end < bounds.upperBound {
      let (scalar, length) = UTF8Scalar.decode(text, end, bounds.upperBound)
      guard WhiteSpace.contains(scalar) else { break }
      end += length
    }
    return start..<end
  }

  /// Where the scalar ahead of a place begins.
  private func previous(_ text: UnsafePointer<UInt8>, _ at: Int, _ lower: Int) -> Int {
    var before = at - 1
    while before > lower, text[before] & 0xC0 == 0x80 { before -= 1 }
    return before
  }

  /// The token that begins at `at`, if any.
  @inline(__always)
  func match(_ utf8: UnsafeRawBufferPointer, at: Int) -> Found? {
    guard mayBegin(utf8[at]), let text = utf8.bindMemory(to: UInt8.self).baseAddress else {
      return nil
    }
    return longest(text, at, utf8.count)
  }

  private func longest(_ text: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Found? {
    let first = Int(text[at])
    for index in Int(begins[first])..<Int(begins[first + 1]) {
      let token = found[index]
      if at + token.count > count { continue }
      var same = 1
      while same < token.count, text[at + same] == bytes[token.start + same] { same += 1 }
      if same == token.count { return token }
    }
    return nil
  }

  /// Goes through a stretch from left to right: what lies between tokens, none of it empty, and
  /// tokens with what they take.
  @inline(__always)
  func cut(
    _ text: UnsafePointer<UInt8>, _ bounds: Range<Int>, between: (Range<Int>) -> Void,
    token: (Found, Range<Int>) -> Void
  ) {
    var done = bounds.lowerBound
    var at = done
    while at < bounds.upperBound {
      guard mayBegin(text[at]), let found = longest(text, at, bounds.upperBound) else {
        at += 1
        continue
      }
      let start = at
      // The search goes on behind a match, even where a longer word takes it.
      at += found.count
      if found.isWord, isInsideWord(text, start..<at, bounds) { continue }
      var extent = extent(of: found, at: start, in: bounds, text)
      if extent.lowerBound < done { extent = done..<max(done, extent.upperBound) }
      if extent.isEmpty { continue }
      if done < extent.lowerBound { between(done..<extent.lowerBound) }
      token(found, extent)
      done = extent.upperBound
    }
    if done < bounds.upperBound { between(done..<bounds.upperBound) }
  }

  private func isInsideWord(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ bounds: Range<Int>
  ) -> Bool {
    if range.lowerBound > bounds.lowerBound {
      let before = previous(text, range.lowerBound, bounds.lowerBound)
      if ScalarSet.words.contains(UTF8Scalar.decode(text, before, range.lowerBound).0) {
        return true
      }
    }
    return range.upperBound < bounds.upperBound
      && ScalarSet.words.contains(UTF8Scalar.decode(text, range.upperBound, bounds.upperBound).0)
  }
}
