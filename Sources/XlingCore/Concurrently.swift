/// `body` for every item, in parallel, `grain` items a piece of work; results in the items' order.
/// Of several errors the first in that order is thrown.
public func concurrently<Item: Sendable, Output: Sendable>(
  _ items: [Item], grain: Int = 1, _ body: @Sendable (Item) throws -> Output
) throws -> [Output] {
  var results = [Result<Output, any Error>?](repeating: nil, count: items.count)
  results.withUnsafeMutableBufferPointer { slots in
    // One slot is written by one thread only, and read after all are done.
    nonisolated(unsafe) let slots = slots
    Parallel.ranges(items.count, grain: grain) { range in
      for index in range { slots[index] = Result { try body(items[index]) } }
    }
  }
  return try results.compactMap { try $0?.get() }
}
