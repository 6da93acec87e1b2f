/// A token that is found in raw text before anything else is done to it.
struct AddedToken: Sendable, Equatable {
  var utf8: [UInt8]
  var id: Int32
  /// Takes the white space on that side with it.
  var stripsLeft = false
  var stripsRight = false
}

/// Finds added tokens: leftmost, and of those that begin at one place the longest; letter for
/// letter.
struct AddedTokens: Sendable {
  /// Longest first; the first of equal length wins.
  let tokens: [AddedToken]
  private let found: ConstantBuffer<Found>
  private let bytes: ConstantBuffer<UInt8>
  /// By byte: whether any token begins with it.
  private let begins: ConstantBuffer<Bool>

  /// A token that was found.
  struct Found: BitwiseCopyable {
    let id: Int32
    /// Its own bytes: how many, and where they are kept.
    let count: Int
    fileprivate let start: Int
    fileprivate let stripsLeft: Bool
    fileprivate let stripsRight: Bool
  }

  /// No token is empty.
  init(_ tokens: [AddedToken]) {
    let tokens = tokens.enumerated().sorted {
      let (left, right) = ($0.element.utf8.count, $1.element.utf8.count)
      return left != right ? left > right : $0.offset < $1.offset
    }.map(\.element)
    var begins = [Bool](repeating: false, count: 256)
    var found: [Found] = []
    var bytes: [UInt8] = []
    for token in tokens {
      begins[Int(token.utf8[0])] = true
      found.append(
        Found(
          id: token.id, count: token.utf8.count, start: bytes.count, stripsLeft: token.stripsLeft,
          stripsRight: token.stripsRight))
      bytes += token.utf8
    }
    self.tokens = tokens
    self.found = ConstantBuffer(found)
    self.bytes = ConstantBuffer(bytes)
    self.begins = ConstantBuffer(begins)
  }

  /// Valid while this value lives.
  var reader: Reader {
    Reader(count: found.count, found: found.base, bytes: bytes.base, begins: begins.base)
  }

  struct Reader: BitwiseCopyable {
    fileprivate let count: Int
    fileprivate let found: UnsafePointer<Found>
    fileprivate let bytes: UnsafePointer<UInt8>
    fileprivate let begins: UnsafePointer<Bool>
  }
}

extension AddedTokens.Reader {
  typealias Found = AddedTokens.Found

  /// Whether any token begins with the byte.
  func mayBegin(_ byte: UInt8) -> Bool { begins[Int(byte)] }

  /// What a match at `at` takes: its own bytes, and white space beside it as its flags say, from
  /// `lower` on.
  func extent(
    of token: Found, at: Int, from lower: Int, _ utf8: UnsafeRawBufferPointer
  ) -> Range<Int> {
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return at..<at }
    var start = at
    while token.stripsLeft, start > lower {
      var before = start - 1
      while before > lower, text[before] & 0xC0 == 0x80 { before -= 1 }
      guard Self.isWhiteSpace(UTF8Scalar.decode(text, before, start).0) else { break }
      start = before
    }
    var end = at + token.count
    while token.stripsRight, end < utf8.count {
      let (scalar, length) = UTF8Scalar.decode(text, end, utf8.count)
      guard Self.isWhiteSpace(scalar) else { break }
      end += length
    }
    return start..<end
  }

  /// White_Space, which has not changed since Unicode 6.3.
  private static func isWhiteSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// The token that begins at `at`, if any.
  @inline(__always)
  func match(_ utf8: UnsafeRawBufferPointer, at: Int) -> Found? {
    begins[Int(utf8[at])] ? longest(utf8, at) : nil
  }

  private func longest(_ utf8: UnsafeRawBufferPointer, _ at: Int) -> Found? {
    for index in 0..<count where at + found[index].count <= utf8.count {
      let token = found[index]
      var same = 0
      while same < token.count, utf8[at + same] == bytes[token.start + same] { same += 1 }
      if same == token.count { return token }
    }
    return nil
  }
}
