import XlingTensor

/// Pooled vectors of a frozen tower, each computed when it is first drawn. A row does not depend
/// on the batch it is computed in, so training on them gives the bits of training without them.
final class FrozenFeatures {
  struct Key: Hashable {
    let image: Int
    /// Zero on the image side.
    let caption: Int
  }

  private let width: Int
  private var rowOf: [Key: Int] = [:]
  private var rows: [Float] = []

  init(width: Int) { self.width = width }

  /// [keys, width] from `workspace`; `compute` gives the rows of those not seen before.
  func gather(
    _ keys: [Key], in workspace: Workspace, compute: ([Key]) throws -> Matrix
  ) rethrows -> Matrix {
    let out = workspace.take(keys.count, width)
    let missing = keys.filter { rowOf[$0] == nil }
    if !missing.isEmpty {
      let mark = workspace.mark()
      defer { workspace.release(to: mark) }
      let fresh = try compute(missing)
      for (index, key) in missing.enumerated() where rowOf[key] == nil {
        rowOf[key] = rows.count / width
        rows.append(contentsOf: UnsafeBufferPointer(start: fresh.row(index), count: width))
      }
    }
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for (index, key) in keys.enumerated() {
        guard let row = rowOf[key] else { continue }
        out.row(index).update(from: base + row * width, count: width)
      }
    }
    return out
  }
}
