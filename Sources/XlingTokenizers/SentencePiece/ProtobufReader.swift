/// Protocol Buffers' wire format, read strictly: every length is checked against what surrounds
/// it before anything is looked at, and nothing is allocated by a length that a file claims.
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// A length-delimited field: where its bytes lie in the whole buffer.
    case bytes(Range<Int>)
  }

  struct Field {
    let number: Int
    let value: Value
    /// Where the field's key starts, for errors.
    let offset: Int
  }

  /// What is wrong with the bytes, and where.
  struct Malformed: Error, Equatable {
    let offset: Int
    let expected: String
    let found: String
  }

  let buffer: UnsafeRawBufferPointer
  private var at: Int
  private let end: Int

  init(_ buffer: UnsafeRawBufferPointer, in range: Range<Int>? = nil) {
    self.buffer = buffer
    at = range?.lowerBound ?? 0
    end = range?.upperBound ?? buffer.count
  }

  /// The next field, or nil at the end. Groups, which proto2 gave up, are malformed here.
  mutating func next() throws(Malformed) -> Field? {
    if at == end { return nil }
    let offset = at
    let key = try varint()
    guard key >> 3 >= 1, key >> 3 <= 0x1FFF_FFFF else {
      throw Malformed(offset: offset, expected: "a field number", found: "\(key >> 3)")
    }
    let value: Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try fixed(8))
    case 2: value = .bytes(try length())
    case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
    default:
      throw Malformed(
        offset: offset, expected: "a wire type of 0, 1, 2 or 5", found: "\(key & 7)")
    }
    return Field(number: Int(key >> 3), value: value, offset: offset)
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    let offset = at
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
      guard at < end else {
        throw Malformed(offset: offset, expected: "a whole number", found: "the end")
      }
      let byte = buffer[at]
      at += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Malformed(
      offset: offset, expected: "a number of at most 10 bytes", found: "more bytes")
  }

  private mutating func fixed(_ size: Int) throws(Malformed) -> UInt64 {
    guard end - at >= size else {
      throw Malformed(offset: at, expected: "\(size) bytes", found: "\(end - at) to the end")
    }
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(buffer[at + index]) << UInt64(8 * index) }
    at += size
    return value
  }

  private mutating func length() throws(Malformed) -> Range<Int> {
    let offset = at
    let length = try varint()
    guard length <= UInt64(end - at) else {
      throw Malformed(
        offset: offset, expected: "a length of at most \(end - at)", found: "\(length)")
    }
    defer { at += Int(length) }
    return at..<at + Int(length)
  }
}

/// The same format, written: fields in the order of the calls.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ number: Int, _ value: UInt64) {
    append(UInt64(number) << 3)
    append(value)
  }

  mutating func flag(_ number: Int, _ value: Bool) { varint(number, value ? 1 : 0) }

  /// An int32: negative ones are sign-extended to 64 bits, as the format wants it.
  mutating func integer(_ number: Int, _ value: Int) {
    varint(number, UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ number: Int, _ value: Float) {
    append(UInt64(number) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func bytes(_ number: Int, _ value: some Collection<UInt8>) {
    append(UInt64(number) << 3 | 2)
    append(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  private mutating func append(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}
