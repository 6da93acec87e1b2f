/// Numbers that are written once and then only read, by any number of threads, without the
/// reference counting and bounds checks of an array in the innermost loops.
final class ConstantBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  let base: UnsafePointer<Element>
  let count: Int

  init(_ elements: [Element]) {
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, elements.count))
    _ = copy.update(fromContentsOf: elements)
    base = UnsafePointer(copy.baseAddress.unsafelyUnwrapped)
    count = elements.count
  }

  deinit { base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element { base[index] }
}
