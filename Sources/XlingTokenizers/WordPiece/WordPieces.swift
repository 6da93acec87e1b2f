/// The pieces of a vocabulary by id, in one block of bytes: 119,547 pieces of mBERT are 1.1 MB,
/// where as many arrays would be 7 MB.
public struct WordPieces: Sendable, Equatable {
  /// Longer pieces match no word; none are known.
  static let maximumBytes = 1_000
  private static let stretch = 64

  private var bytes: [UInt8] = []
  /// Where every 64th piece begins.
  private var bases: [UInt32] = []
  /// Where each piece ends, counted from its stretch's base.
  private var ends: [UInt16] = []

  public init() {}

  /// Pieces are at most 1,000 bytes long.
  public init(_ pieces: some Sequence<[UInt8]>) {
    for piece in pieces { append(piece) }
  }

  public var count: Int { ends.count }

  mutating func reserve(pieces: Int, bytes: Int) {
    self.bytes.reserveCapacity(bytes)
    ends.reserveCapacity(pieces)
    bases.reserveCapacity(pieces / Self.stretch + 1)
  }

  mutating func append(_ piece: some Collection<UInt8>) {
    precondition(piece.count <= Self.maximumBytes, "a piece of \(piece.count) bytes")
    if ends.count % Self.stretch == 0 { bases.append(UInt32(bytes.count)) }
    bytes.append(contentsOf: piece)
    ends.append(UInt16(bytes.count - Int(bases[bases.count - 1])))
  }

  @inline(__always)
  func range(_ id: Int) -> Range<Int> {
    let base = Int(bases[id / Self.stretch])
    let start = id % Self.stretch == 0 ? 0 : Int(ends[id - 1])
    return base + start..<base + Int(ends[id])
  }

  /// `id` lies in 0..<count.
  public subscript(id: Int) -> ArraySlice<UInt8> { bytes[range(id)] }

  @inline(__always)
  func withUnsafeBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result?) -> Result? {
    bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap(body) }
  }
}

extension WordPieces: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }
}
