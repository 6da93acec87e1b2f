/// One normalized text with its way back: what ``SentencePieceNormalizer`` writes. Memory is kept
/// from text to text.
final class NormalizedText {
  /// UTF-8; spaces are ▁ where the model escapes them.
  @exclusivity(unchecked) private(set) var bytes: UnsafeMutablePointer<UInt8>
  /// For every byte, and for the end, where its source unit starts in the original text.
  @exclusivity(unchecked) private(set) var origins: UnsafeMutablePointer<Int32>
  @exclusivity(unchecked) var count = 0
  /// Where the stretches start that no piece can cross, ascending; the first is 0 unless empty.
  @exclusivity(unchecked) var cuts: [Int32] = []
  private var capacity = 0
  private let padding = CacheLinePadding()

  init() {
    bytes = .allocateApart(capacity: 1)
    origins = .allocateApart(capacity: 1)
    reserve(256)
  }

  deinit {
    bytes.deallocate()
    origins.deallocate()
  }

  /// Makes room for `room` bytes more, and the end's origin.
  @inline(__always)
  func reserve(_ room: Int) {
    if count + room >= capacity { grow(count + room + 1) }
  }

  private func grow(_ least: Int) {
    capacity = max(least, 2 * capacity)
    let moreBytes = UnsafeMutablePointer<UInt8>.allocateApart(capacity: capacity)
    let moreOrigins = UnsafeMutablePointer<Int32>.allocateApart(capacity: capacity)
    moreBytes.update(from: bytes, count: count)
    moreOrigins.update(from: origins, count: count)
    bytes.deallocate()
    origins.deallocate()
    bytes = moreBytes
    origins = moreOrigins
  }
}
