import Foundation

extension SentencePieceModel {
  /// Reads a `.model` file's bytes; `file` names it in errors. Throws
  /// ``TokenizerFailure/badModel(file:offset:expected:found:)`` on anything that is malformed,
  /// unknown or does not belong together.
  public init(serialized: Data, file: String) throws(TokenizerFailure) {
    self.init()
    let malformed = serialized.withUnsafeBytes { buffer -> ProtobufReader.Malformed? in
      do throws(ProtobufReader.Malformed) {
        try read(buffer)
        try check(buffer.count)
        return nil
      } catch {
        return error
      }
    }
    if let malformed {
      throw .badModel(
        file: file, offset: malformed.offset, expected: malformed.expected,
        found: malformed.found)
    }
  }

  private mutating func read(
    _ buffer: UnsafeRawBufferPointer
  ) throws(ProtobufReader.Malformed) {
    var reader = ProtobufReader(buffer)
    pieces.reserve(bytes: buffer.count, count: buffer.count / 16)
    scores.reserveCapacity(buffer.count / 16)
    kinds.reserveCapacity(buffer.count / 16)
    while let field = try reader.next() {
      switch field.number {
      case 1: try readPiece(buffer, field.message())
      case 2: try readTrainer(buffer, field.message())
      case 3: try readNormalizer(buffer, field.message())
      // Samples of encodings, and rules for decoding.
      case 4, 5: _ = try field.message()
      case 200...: break
      default: throw field.unknown(in: "a model")
      }
    }
  }

  private mutating func readPiece(
    _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(ProtobufReader.Malformed) {
    let (text, score, kind) =
      if let (text, score) = Self.usualPiece(buffer, range) {
        (text, score, Kind.normal)
      } else {
        try Self.pieceFields(buffer, range)
      }
    guard 1...PackedPieces.maximumBytes ~= text.count else {
      throw .init(
        offset: range.lowerBound, expected: "a piece of 1 to \(PackedPieces.maximumBytes) bytes",
        found: "\(text.count) bytes")
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[text])
    guard !bytes.contains(0), UTF8Scalar.isWellFormed(bytes) else {
      throw .init(
        offset: text.lowerBound, expected: "a piece in UTF-8 without NUL",
        found: "\(bytes.map { String($0, radix: 16) }.prefix(16).joined(separator: " "))")
    }
    guard score.isFinite else {
      throw .init(offset: range.lowerBound, expected: "a finite score", found: "\(score)")
    }
    pieces.append(bytes)
    scores.append(score)
    kinds.append(kind)
  }

  /// Text and score of a piece that has both in this order and nothing else, as nearly all have.
  @inline(__always)
  private static func usualPiece(
    _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> (text: Range<Int>, score: Float)? {
    // Key 1, one byte of length; key 2, four bytes of float.
    let (start, end) = (range.lowerBound + 2, range.upperBound - 5)
    guard start < end, end - start < 0x80, buffer[start - 2] == 0x0A,
      buffer[start - 1] == UInt8(end - start), buffer[end] == 0x15
    else { return nil }
    let bits = buffer.loadUnaligned(fromByteOffset: end + 1, as: UInt32.self)
    return (start..<end, Float(bitPattern: UInt32(littleEndian: bits)))
  }

  private static func pieceFields(
    _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(ProtobufReader.Malformed) -> (text: Range<Int>, score: Float, kind: Kind) {
    var reader = ProtobufReader(buffer, in: range)
    var text = 0..<0
    var score: Float = 0
    var kind = Kind.normal
    while let field = try reader.next() {
      switch field.number {
      case 1: text = try field.message()
      case 2: score = try field.float()
      case 3:
        let number = try field.integer()
        guard let known = UInt8(exactly: number).flatMap(Kind.init) else {
          throw field.bad("a piece type from 1 to 6", "\(number)")
        }
        kind = known
      case 200...: break
      default: throw field.unknown(in: "a piece")
      }
    }
    return (text, score, kind)
  }

  private mutating func readTrainer(
    _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(ProtobufReader.Malformed) {
    var reader = ProtobufReader(buffer, in: range)
    var ids = [41: 1, 42: 2, 43: -1]
    while let field = try reader.next() {
      switch field.number {
      case 3:
        let number = try field.integer()
        guard let known = Algorithm(rawValue: number) else {
          let names = [3: "WORD", 4: "CHAR"]
          throw field.bad("a Unigram or BPE model", names[number] ?? "model type \(number)")
        }
        algorithm = known
      case 24: whitespaceIsSuffix = try field.flag()
      case 35: byteFallback = try field.flag()
      case 41, 42, 43: ids[field.number] = try field.integer()
      // How the model was trained.
      default: break
      }
    }
    startId = ids[41].flatMap { $0 >= 0 ? $0 : nil }
    endId = ids[42].flatMap { $0 >= 0 ? $0 : nil }
    paddingId = ids[43].flatMap { $0 >= 0 ? $0 : nil }
  }

  private mutating func readNormalizer(
    _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(ProtobufReader.Malformed) {
    var reader = ProtobufReader(buffer, in: range)
    while let field = try reader.next() {
      switch field.number {
      case 1: normalizerName = String(decoding: buffer[try field.message()], as: UTF8.self)
      case 2: charsmap = Array(buffer[try field.message()])
      case 3: addsDummyPrefix = try field.flag()
      case 4: removesExtraWhitespace = try field.flag()
      case 5: escapesWhitespace = try field.flag()
      // The rules' source text, which training compiled.
      case 6: _ = try field.message()
      case 200...: break
      default: throw field.unknown(in: "the normalizer's settings")
      }
    }
  }

  /// What only the whole file can tell. `size` is where it ends.
  private func check(_ size: Int) throws(ProtobufReader.Malformed) {
    func bad(_ expected: String, _ found: String) -> ProtobufReader.Malformed {
      .init(offset: size, expected: expected, found: found)
    }
    let unknowns = kinds.count { $0 == .unknown }
    guard unknowns == 1 else { throw bad("one unknown piece", "\(unknowns)") }
    for id in [startId, endId, paddingId].compactMap({ $0 }) where id >= count {
      throw bad("ids of special tokens below \(count)", "\(id)")
    }
    let bytePieces = Set(pieces.indices(of: .byte, kinds).map { Array(pieces[$0]) })
    guard bytePieces.isSubset(of: Set((0...255).map { Self.bytePiece(UInt8($0)) })) else {
      throw bad("byte pieces named <0x00> to <0xFF>", "another name")
    }
    guard !byteFallback || bytePieces.count == 256 else {
      throw bad("256 byte pieces, since it falls back to bytes", "\(bytePieces.count)")
    }
  }

  static func bytePiece(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], 0x3E]
  }
}

extension PieceList {
  fileprivate func indices(
    of kind: SentencePieceModel.Kind, _ kinds: [SentencePieceModel.Kind]
  ) -> [Int] {
    (0..<count).filter { kinds[$0] == kind }
  }
}

extension ProtobufReader.Field {
  func bad(_ expected: String, _ found: String) -> ProtobufReader.Malformed {
    .init(offset: offset, expected: expected, found: found)
  }

  func unknown(in message: String) -> ProtobufReader.Malformed {
    bad("no field \(number) in \(message): it may change how text is cut", "field \(number)")
  }

  func message() throws(ProtobufReader.Malformed) -> Range<Int> {
    guard case .bytes(let range) = value else {
      throw bad("field \(number) with a length", "another wire type")
    }
    return range
  }

  func integer() throws(ProtobufReader.Malformed) -> Int {
    guard case .varint(let value) = value, let number = Int32(exactly: Int64(bitPattern: value))
    else { throw bad("field \(number) as a 32-bit number", "something else") }
    return Int(number)
  }

  func flag() throws(ProtobufReader.Malformed) -> Bool {
    guard case .varint(let value) = value, value <= 1 else {
      throw bad("field \(number) as 0 or 1", "something else")
    }
    return value == 1
  }

  func float() throws(ProtobufReader.Malformed) -> Float {
    guard case .fixed32(let bits) = value else {
      throw bad("field \(number) as a 32-bit float", "another wire type")
    }
    return Float(bitPattern: bits)
  }
}
