/// What a byte of raw text means to ``WordScan``, and the tokens of ASCII's lone characters.
final class ByteKinds: @unchecked Sendable {
  // Sound to share: everything is written in `init` only.

  /// Beyond ASCII: decode, then ask ``WordCodes``, whose kinds are the lower numbers.
  static let decode: UInt8 = 5
  /// Perhaps the beginning of an added token.
  static let attention: UInt8 = 6

  /// By byte, attention included, and without.
  private let kinds: UnsafeMutablePointer<UInt8>
  private let plain: UnsafeMutablePointer<UInt8>
  /// By byte below 128: the id of the piece that is this character.
  private let loneIds: UnsafeMutablePointer<Int32>

  init(_ codes: WordCodes, _ addedTokens: AddedTokens.Reader, loneId: (UInt8) -> Int32) {
    kinds = .allocate(capacity: 256)
    plain = .allocate(capacity: 256)
    loneIds = .allocate(capacity: 128)
    for byte in 0..<256 {
      let isASCII = byte < 128
      plain[byte] =
        isASCII ? UInt8(codes.reader[UInt32(byte)] & WordCodes.kindMask) : Self.decode
      kinds[byte] = addedTokens.mayBegin(UInt8(byte)) ? Self.attention : plain[byte]
      if isASCII { loneIds[byte] = loneId(UInt8(byte)) }
    }
  }

  deinit {
    kinds.deallocate()
    plain.deallocate()
    loneIds.deallocate()
  }

  /// Valid while this object lives.
  var reader: Reader {
    Reader(
      kinds: UnsafePointer(kinds), plain: UnsafePointer(plain), loneIds: UnsafePointer(loneIds))
  }

  struct Reader: BitwiseCopyable {
    let kinds: UnsafePointer<UInt8>
    let plain: UnsafePointer<UInt8>
    let loneIds: UnsafePointer<Int32>
  }
}
