/// Numbers that are written once and then only read, by any number of threads, without the
/// reference counting and bounds checks of an array in the innermost loops.
final class ConstantBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  let base: UnsafePointer<Element>
  let count: Int

  /// `fill` writes every element.
  init(count: Int, _ fill: (UnsafeMutablePointer<Element>) -> Void) {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
    fill(memory)
    base = UnsafePointer(memory)
    self.count = count
  }

  convenience init(_ elements: [Element]) {
    self.init(count: elements.count) { memory in
      for at in elements.indices { memory[at] = elements[at] }
    }
  }

  deinit { base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element { base[index] }
}
