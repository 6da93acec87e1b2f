/// Tokens of one text while it is encoded: three growing arrays without checks or zeroing.
struct TokenBuffer {
  private(set) var ids: UnsafeMutablePointer<Int32>
  private(set) var starts: UnsafeMutablePointer<Int32>
  private(set) var ends: UnsafeMutablePointer<Int32>
  private(set) var capacity: Int
  var count = 0

  init() {
    capacity = 256
    ids = .allocateApart(capacity: capacity)
    starts = .allocateApart(capacity: capacity)
    ends = .allocateApart(capacity: capacity)
  }

  func deallocate() {
    ids.deallocate()
    starts.deallocate()
    ends.deallocate()
  }

  /// Makes room for `more` tokens.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: max(count + more, 2 * capacity)) }
  }

  @inline(never)
  private mutating func grow(to size: Int) {
    for path in [\TokenBuffer.ids, \TokenBuffer.starts, \TokenBuffer.ends] {
      let old = self[keyPath: path]
      let new = UnsafeMutablePointer<Int32>.allocateApart(capacity: size)
      new.initialize(from: old, count: count)
      old.deallocate()
      self[keyPath: path] = new
    }
    capacity = size
  }

  /// There must be room.
  @inline(__always)
  mutating func append(_ id: Int32, _ start: Int32, _ end: Int32) {
    ids[count] = id
    starts[count] = start
    ends[count] = end
    count += 1
  }

  /// Replaces the tokens of `encoding`.
  func copy(into encoding: inout Encoding) {
    encoding.ids.append(contentsOf: UnsafeBufferPointer(start: ids, count: count))
    encoding.starts.append(contentsOf: UnsafeBufferPointer(start: starts, count: count))
    encoding.ends.append(contentsOf: UnsafeBufferPointer(start: ends, count: count))
  }
}
