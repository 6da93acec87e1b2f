import Foundation

/// Plain memory that grows, for one owner, who deallocates it.
struct Grown<Element: BitwiseCopyable> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(1, capacity)
    base = .allocate(capacity: self.capacity)
  }

  /// `count` elements of zero bytes.
  init(zeros count: Int) {
    self.init(capacity: count)
    UnsafeMutableRawPointer(base).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
    self.count = count
  }

  func deallocate() { base.deallocate() }

  var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }

  subscript(at: Int) -> Element {
    @inline(__always) get { base[at] }
    @inline(__always) nonmutating set { base[at] = newValue }
  }

  mutating func append(_ element: Element) {
    if count == capacity { grow(to: 2 * capacity) }
    (base + count).initialize(to: element)
    count += 1
  }

  /// Gives memory beyond `keeping` elements back.
  mutating func removeAll(keeping: Int) {
    count = 0
    guard capacity > keeping else { return }
    deallocate()
    capacity = max(1, keeping)
    base = .allocate(capacity: capacity)
  }

  private mutating func grow(to larger: Int) {
    let new = UnsafeMutablePointer<Element>.allocate(capacity: larger)
    new.update(from: base, count: count)
    base.deallocate()
    (base, capacity) = (new, larger)
  }
}

extension Grown where Element == UInt8 {
  mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) {
    if count + bytes.count > capacity { grow(to: max(2 * capacity, count + bytes.count)) }
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    if let from = bytes.baseAddress { memcpy(base + count, from, bytes.count) }
    count += bytes.count
  }
}
