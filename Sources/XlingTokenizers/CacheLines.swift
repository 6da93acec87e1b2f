/// Pads what one thread writes, so that no line of the processors' caches is written by one thread
/// and used by another: such a line travels between their cores at every turn. As the last property
/// of a class it keeps the object behind away. Two lines of 64 bytes, since they are fetched in
/// pairs.
struct CacheLinePadding: BitwiseCopyable {
  static let byteCount = 128
  private typealias Quarter = (UInt64, UInt64, UInt64, UInt64)
  private let words: (Quarter, Quarter, Quarter, Quarter) = (
    (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)
  )
}

extension UnsafeMutablePointer {
  /// Memory for one thread's elements, in lines of the cache that hold nothing else.
  static func allocateApart(capacity: Int) -> UnsafeMutablePointer {
    let line = CacheLinePadding.byteCount
    let bytes = capacity * MemoryLayout<Pointee>.stride
    return UnsafeMutableRawPointer.allocate(
      byteCount: max(1, (bytes + line - 1) / line) * line, alignment: line
    ).bindMemory(to: Pointee.self, capacity: capacity)
  }
}
