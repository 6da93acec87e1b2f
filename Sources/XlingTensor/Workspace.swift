import Foundation
import XlingCore

/// Memory of one training or evaluation step: taken in order, given back all at once.
///
/// A step takes the same sizes again and again, so nothing is allocated after the first one and no
/// page is touched for the first time twice. Not thread-safe: one workspace a thread of control.
public final class Workspace {
  /// A place to return to: everything taken after it is given back by ``release(to:)``.
  public struct Mark {
    fileprivate let block: Int
    fileprivate let used: Int
    fileprivate let taken: Int

    fileprivate static var start: Mark { Mark(block: 0, used: 0, taken: 0) }
  }

  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var block = 0
  private var used = 0
  private var taken = 0
  private var mostTaken = 0
  private let blockBytes: Int

  private var second: Workspace?

  /// For what only the layer at hand reads, while what it keeps for the way back lies in this one: a stack
  /// of its own, so that it can be given back although others were taken later.
  public var passing: Workspace {
    if let second { return second }
    let made = Workspace(blockBytes: blockBytes)
    second = made
    return made
  }

  /// This one for what the way back reads; else ``passing``.
  public func room(kept: Bool) -> Workspace { kept ? self : passing }

  public init(blockBytes: Int = 32 << 20) { self.blockBytes = blockBytes }

  deinit { for block in blocks { free(block.baseAddress) } }

  /// The most bytes that were in use at once, and the most of ``passing``, at whatever time, on top.
  public var peak: Int { mostTaken + (second?.peak ?? 0) }

  /// An uninitialized matrix, 64-byte aligned.
  public func take(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(floats(rows * columns), rows: rows, columns: columns)
  }

  public func zeros(_ rows: Int, _ columns: Int) -> Matrix {
    let matrix = take(rows, columns)
    matrix.fill(0)
    return matrix
  }

  /// `count` uninitialized floats, 64-byte aligned.
  public func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    bytes(count * MemoryLayout<Float>.stride).assumingMemoryBound(to: Float.self)
  }

  private func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let size = (max(count, 1) + 63) & ~63
    taken += size
    mostTaken = max(mostTaken, taken)
    if block < blocks.count, used + size <= blocks[block].count {
      defer { used += size }
      return blocks[block].baseAddress! + used
    }
    if block < blocks.count, used > 0 { block += 1 }
    used = size
    if block < blocks.count, blocks[block].count < size {
      // Nothing lies in it: a larger one takes its place, lest small ones be held that nothing fits into.
      free(blocks[block].baseAddress)
      blocks[block] = allocate(size)
    } else if block == blocks.count {
      blocks.append(allocate(size))
    }
    return blocks[block].baseAddress!
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawBufferPointer {
    let bytes = (max(blockBytes, size) + 63) & ~63
    guard let memory = aligned_alloc(64, bytes) else {
      OutOfMemory.end("\(bytes) bytes of a step's activations")
    }
    return UnsafeMutableRawBufferPointer(start: memory, count: bytes)
  }

  public func mark() -> Mark { Mark(block: block, used: used, taken: taken) }

  public func release(to mark: Mark) {
    block = mark.block
    used = mark.used
    taken = mark.taken
  }

  /// Gives back all of it, ``passing`` too.
  ///
  /// Several blocks become one, a little larger than the most that was in use: at the end of a block a matrix that does
  /// not fit leaves a gap, and batches of other sizes leave others, until nearly all of every block was touched (an eighth
  /// of a step's memory). Pages that are never touched cost nothing.
  public func reset() {
    release(to: .start)
    second?.reset()
    guard blocks.count > 1 else { return }
    for block in blocks { free(block.baseAddress) }
    blocks = [allocate(mostTaken + mostTaken / 8)]
  }

  /// What `body` takes, of ``passing`` too, is given back behind it.
  public func scope<Result>(_ body: () throws -> Result) rethrows -> Result {
    let (own, passed) = (mark(), second?.mark() ?? .start)
    defer {
      release(to: own)
      second?.release(to: passed)
    }
    return try body()
  }
}
