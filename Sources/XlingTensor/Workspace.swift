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
  }

  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var block = 0
  private var used = 0
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

  /// Bytes held, whether in use or not; those of ``passing``, too.
  public var capacity: Int {
    blocks.reduce(0) { $0 + $1.count } + (second?.capacity ?? 0)
  }

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
    while block < blocks.count {
      if used + size <= blocks[block].count {
        defer { used += size }
        return blocks[block].baseAddress! + used
      }
      block += 1
      used = 0
    }
    let bytes = max(blockBytes, size)
    guard let memory = aligned_alloc(64, (bytes + 63) & ~63) else {
      OutOfMemory.end("\(bytes) bytes of a step's activations")
    }
    blocks.append(UnsafeMutableRawBufferPointer(start: memory, count: bytes))
    used = size
    return blocks[block].baseAddress!
  }

  public func mark() -> Mark { Mark(block: block, used: used) }

  public func release(to mark: Mark) {
    block = mark.block
    used = mark.used
  }

  public func reset() { release(to: Mark(block: 0, used: 0)) }
}
