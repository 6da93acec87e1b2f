/// The loop over the bytes of one text. It cuts words and takes their tokens from the cache; it
/// stops wherever more has to be done, and goes on from where its caller leaves it.
struct WordScan {
  enum Stop {
    /// A stretch of letters, or one lone character, that the cache does not hold.
    case unseen(Range<Int>, hash: UInt64)
    /// A scalar that cannot be looked at alone.
    case complex(Int)
    case added(AddedTokens.Found)
  }

  let text: UnsafePointer<UInt8>
  let count: Int
  let offsets: OffsetUnit
  let unknown: Int32
  let codes: WordCodes.Reader
  let bytes: ByteKinds.Reader
  let addedTokens: AddedTokens.Reader
  /// Of added tokens that took white space with them.
  private(set) var surfaces = Surfaces()
  let cache: WordCache?
  /// Nil where chunks are not looked up.
  let ahead: UnsafeMutablePointer<ChunkAhead>?
  var chunk = Chunk()
  /// The next of `ahead`, and how many there are.
  var next = 0
  var seen = 0

  var tokens: TokenBuffer
  var unknownCount = 0
  /// The next byte to read, and its scalar.
  var at = 0
  var scalar: Int32 = 0

  var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: text, count: count) }

  /// Nil at the end of the text.
  mutating func run() -> Stop? {
    // Copies: read through `self`, all of it is copied for every word.
    let (text, count, raw, addedTokens) = (text, count, raw, addedTokens)
    let (kinds, plain, loneIds) = (bytes.kinds, bytes.plain, bytes.loneIds)
    let (blocks, codes) = (codes.blocks, codes.codes)
    while at < count {
      if let ahead, let cache, at >= chunk.end {
        keepChunk()
        if takeChunks(cache, ahead) { return nil }
      }
      var end = at
      var kind = UInt32(ByteKinds.decode)
      var length = 1
      while end < count {
        kind = UInt32(kinds[Int(text[end])])
        length = 1
        if kind == WordCodes.letter {
          end += 1
          continue
        }
        if kind == UInt32(ByteKinds.attention) {
          if Self.isAddedToken(raw, at: end, addedTokens) { break }
          kind = UInt32(plain[Int(text[end])])
        }
        if kind == UInt32(ByteKinds.decode) {
          let value: UInt32
          (value, length) = UTF8Scalar.decode(text, end, count)
          kind = codes[Int(blocks[Int(value >> 8)]) << 8 | Int(value & 0xFF)] & WordCodes.kindMask
        }
        if kind > WordCodes.empty { break }
        end += length
      }
      if end < count && kind == WordCodes.complex { return .complex(end) }
      if end > at, let hash = takeUnlessKnown(end) { return .unseen(at..<end, hash: hash) }
      if end == count { return nil }
      switch kind {
      case WordCodes.space:
        at += length
        scalar += 1
      case WordCodes.lone where length == 1:
        takeLone(loneIds[Int(text[at])])
      case WordCodes.lone:
        if let hash = takeUnlessKnown(at + length) {
          return .unseen(at..<at + length, hash: hash)
        }
      default:
        if let token = addedTokens.match(raw, at: at) {
          chunk.isKept = false
          return .added(token)
        }
      }
    }
    return nil
  }

  @inline(never)
  private static func isAddedToken(
    _ text: UnsafeRawBufferPointer, at: Int, _ addedTokens: AddedTokens.Reader
  ) -> Bool {
    addedTokens.match(text, at: at) != nil
  }

  @inline(__always)
  private mutating func takeLone(_ id: Int32) {
    let start = offsets == .bytes ? Int32(truncatingIfNeeded: at) : scalar
    tokens.reserve(1)
    tokens.append(id, start, start + 1)
    if id == unknown { unknownCount += 1 }
    at += 1
    scalar += 1
  }

  /// Takes the tokens of at..<end from the cache and moves on. If they are not there, nothing
  /// changes and the result is the hash to keep them by.
  @inline(__always)
  mutating func takeUnlessKnown(_ end: Int) -> UInt64? {
    let length = end - at
    guard let cache, length <= WordCache.maximumKey else { return 0 }
    let hash = WordCache.hash(text + at, length, readable: count - at)
    guard let entry = cache.find(hash, text + at, length, readable: count - at) else {
      return hash
    }
    take(entry)
    at = end
    return nil
  }

  @inline(__always)
  mutating func take(_ entry: UnsafeRawPointer) {
    let header = entry.load(as: UInt32.self)
    let found = Int(header >> 8 & 0xFF)
    let base = offsets == .bytes ? Int32(truncatingIfNeeded: at) : scalar
    let shift: UInt32 = offsets == .bytes ? 16 : 0
    tokens.reserve(found)
    var token = WordCache.tokens(entry, key: Int(header & 0xFF))
    for _ in 0..<found {
      let places = token.load(fromByteOffset: 4, as: UInt32.self) >> shift
      tokens.append(
        token.load(as: Int32.self), base + Int32(places & 0xFF), base + Int32(places >> 8 & 0xFF))
      token += 8
    }
    scalar += Int32(header >> 16 & 0xFF)
    unknownCount += Int(header >> 24)
  }

  /// Takes the tokens of a stretch from `at` to `end`, and moves on.
  mutating func take(_ word: SpelledWord, scalars: Int32, end: Int) {
    tokens.reserve(word.tokenCount)
    for index in 0..<word.tokenCount {
      let token = word.tokens[index]
      switch offsets {
      case .scalars:
        tokens.append(token.id, scalar + token.startScalar, scalar + token.endScalar)
      case .bytes:
        tokens.append(token.id, Int32(at) + token.startByte, Int32(at) + token.endByte)
      }
    }
    unknownCount += word.unknownCount
    scalar += scalars
    at = end
  }

  /// Takes an added token, which begins at `at`; the text before `lower` is done with.
  mutating func take(_ token: AddedTokens.Found, from lower: Int) {
    let extent = addedTokens.extent(of: token, at: at, in: lower..<count, text)
    let first = scalar - Int32(UTF8Scalar.count(text, extent.lowerBound..<at))
    scalar += Int32(UTF8Scalar.count(text, at..<extent.upperBound))
    at = extent.upperBound
    if extent.count > token.count {
      surfaces.append(token: tokens.count, raw[extent])
    }
    tokens.reserve(1)
    switch offsets {
    case .scalars: tokens.append(token.id, first, scalar)
    case .bytes: tokens.append(token.id, Int32(extent.lowerBound), Int32(extent.upperBound))
    }
  }

  /// Goes back to `start`, a byte before `at` with no added token between, and takes back the
  /// tokens that begin there or later.
  mutating func rewind(to start: Int) {
    scalar -= Int32(UTF8Scalar.count(text, start..<at))
    at = start
    let offset = offsets == .bytes ? Int32(start) : scalar
    while tokens.count > 0, tokens.starts[tokens.count - 1] >= offset {
      tokens.count -= 1
      if tokens.ids[tokens.count] == unknown { unknownCount -= 1 }
    }
  }
}
