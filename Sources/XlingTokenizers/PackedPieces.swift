/// The pieces of a vocabulary by id, in one block of bytes: 119,547 pieces of mBERT are 1.1 MB,
/// where as many arrays would be 7 MB. Immutable.
public struct PackedPieces: Sendable {
  /// No piece may be longer.
  static let maximumBytes = 4_096
  /// As many pieces have starts that fit 16 bits.
  private static let stretch = 16

  private let bytes: ConstantBuffer<UInt8>
  /// Where every 16th piece begins, the one behind the last included.
  private let bases: ConstantBuffer<UInt32>
  /// Where each piece and the one behind the last begin, counted from their stretches' bases.
  private let starts: ConstantBuffer<UInt16>

  /// Pieces are at most 4,096 bytes long.
  public init(_ pieces: some Sequence<[UInt8]>) {
    var builder = Builder()
    for piece in pieces { builder.append(piece) }
    self.init(builder)
  }

  init(_ builder: consuming Builder) {
    builder.addStart()
    bytes = ConstantBuffer(builder.bytes)
    bases = ConstantBuffer(builder.bases)
    starts = ConstantBuffer(builder.starts)
  }

  /// Pieces are at most 4,096 bytes long.
  init(_ pieces: PieceList) {
    bytes = ConstantBuffer(pieces.bytes)
    bases = ConstantBuffer(count: pieces.count / Self.stretch + 1) { bases in
      for stretch in 0...pieces.count / Self.stretch {
        bases[stretch] = UInt32(pieces.start(stretch * Self.stretch))
      }
    }
    let bases = bases
    starts = ConstantBuffer(count: pieces.count + 1) { starts in
      for id in 0...pieces.count {
        starts[id] = UInt16(pieces.start(id) - Int(bases[id / Self.stretch]))
      }
    }
  }

  /// Takes pieces one by one.
  struct Builder {
    fileprivate var bytes: [UInt8] = []
    fileprivate var bases: [UInt32] = []
    fileprivate var starts: [UInt16] = []

    init(expecting pieces: Int = 0, bytes count: Int = 0) {
      bytes.reserveCapacity(count)
      starts.reserveCapacity(pieces + 1)
    }

    var count: Int { starts.count }

    mutating func append(_ piece: some Collection<UInt8>) {
      precondition(piece.count <= PackedPieces.maximumBytes, "a piece of \(piece.count) bytes")
      addStart()
      bytes.append(contentsOf: piece)
    }

    fileprivate mutating func addStart() {
      if starts.count % PackedPieces.stretch == 0 { bases.append(UInt32(bytes.count)) }
      starts.append(UInt16(bytes.count - Int(bases[bases.count - 1])))
    }
  }

  public var count: Int { starts.count - 1 }

  /// The memory that it takes.
  var byteCount: Int { bytes.byteCount + bases.byteCount + starts.byteCount }

  /// The bytes of a piece for as long as this value lives, unchecked.
  @inline(__always)
  func buffer(_ id: Int) -> UnsafeBufferPointer<UInt8> { reader.buffer(id) }

  /// Valid while this value lives.
  var reader: Reader { Reader(bytes: bytes.base, bases: bases.base, starts: starts.base) }

  struct Reader: BitwiseCopyable, @unchecked Sendable {
    fileprivate let bytes: UnsafePointer<UInt8>
    fileprivate let bases: UnsafePointer<UInt32>
    fileprivate let starts: UnsafePointer<UInt16>

    /// The bytes of a piece, unchecked.
    @inline(__always)
    func buffer(_ id: Int) -> UnsafeBufferPointer<UInt8> {
      let start = start(id)
      return UnsafeBufferPointer(start: bytes + start, count: self.start(id + 1) - start)
    }

    @inline(__always)
    private func start(_ id: Int) -> Int {
      Int(bases[id / PackedPieces.stretch]) + Int(starts[id])
    }
  }
}

extension PackedPieces: RandomAccessCollection, Equatable {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(id: Int) -> [UInt8] {
    precondition(indices.contains(id), "no piece has the id \(id)")
    return Array(buffer(id))
  }

  public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
}
