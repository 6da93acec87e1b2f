/// Numbers that are written once and then only read, by any number of threads, without the
/// reference counting and bounds checks of an array in the innermost loops.
///
/// Tables that encoding reads have a `Reader`: their pointers and numbers, without an owner. A
/// session copies it once and keeps the owner by one reference besides, so that encoding neither
/// counts references to what threads share nor reads what lies beside a count: each change of one
/// would take its line of the cache from the other threads. A reader is valid while its owner lives.
final class ConstantBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  let base: UnsafePointer<Element>
  let count: Int
  /// The memory that it takes.
  var byteCount: Int { count * MemoryLayout<Element>.stride }

  /// `fill` writes every element.
  init(count: Int, _ fill: (UnsafeMutablePointer<Element>) -> Void) {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
    fill(memory)
    base = UnsafePointer(memory)
    self.count = count
  }

  convenience init(_ elements: [Element]) {
    self.init(count: elements.count) { memory in
      elements.withUnsafeBufferPointer { elements in
        guard let first = elements.baseAddress else { return }
        memory.initialize(from: first, count: elements.count)
      }
    }
  }

  deinit { base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element { base[index] }
}
