/// The pieces of a vocabulary by id, in one block of bytes: 119,547 pieces of mBERT are 1.1 MB,
/// where as many arrays would be 7 MB. Immutable.
public struct WordPieces: Sendable {
  /// Longer pieces match no word; none are known.
  static let maximumBytes = 1_000
  private static let stretch = 64

  private let bytes: ConstantBuffer<UInt8>
  /// Where every 64th piece begins.
  private let bases: ConstantBuffer<UInt32>
  /// Where each piece ends, counted from its stretch's base.
  private let ends: ConstantBuffer<UInt16>

  /// Pieces are at most 1,000 bytes long.
  public init(_ pieces: some Sequence<[UInt8]>) {
    var builder = Builder()
    for piece in pieces { builder.append(piece) }
    self.init(builder)
  }

  init(_ builder: Builder) {
    bytes = ConstantBuffer(builder.bytes)
    bases = ConstantBuffer(builder.bases)
    ends = ConstantBuffer(builder.ends)
  }

  /// Takes pieces one by one.
  struct Builder {
    fileprivate var bytes: [UInt8] = []
    fileprivate var bases: [UInt32] = []
    fileprivate var ends: [UInt16] = []

    init(expecting pieces: Int = 0, bytes count: Int = 0) {
      bytes.reserveCapacity(count)
      ends.reserveCapacity(pieces)
    }

    var count: Int { ends.count }

    mutating func append(_ piece: some Collection<UInt8>) {
      precondition(piece.count <= WordPieces.maximumBytes, "a piece of \(piece.count) bytes")
      if ends.count % WordPieces.stretch == 0 { bases.append(UInt32(bytes.count)) }
      bytes.append(contentsOf: piece)
      ends.append(UInt16(bytes.count - Int(bases[bases.count - 1])))
    }
  }

  public var count: Int { ends.count }

  /// The bytes of a piece for as long as this value lives, unchecked.
  @inline(__always)
  func buffer(_ id: Int) -> UnsafeBufferPointer<UInt8> {
    let base = Int(bases[id / Self.stretch])
    let start = id % Self.stretch == 0 ? 0 : Int(ends[id - 1])
    return UnsafeBufferPointer(start: bytes.base + base + start, count: Int(ends[id]) - start)
  }
}

extension WordPieces: RandomAccessCollection, Equatable {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(id: Int) -> [UInt8] {
    precondition(indices.contains(id), "no piece has the id \(id)")
    return Array(buffer(id))
  }

  public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
}
