import XlingCore
import XlingTensor

/// States of a wholly frozen tower that runs keep which train something above them. Whoever needs the tower's
/// vectors alone reads them off the states that are there, to the same bits, and runs no layer below them again.
public struct StatesBelow: Sendable {
  typealias Key = FrozenFeatures.Key

  private let store: any TrunkStateStore
  /// Layers below the states, which are of all rows.
  let depth: Int
  /// Numbers of a row.
  private let width: Int

  public init(_ store: any TrunkStateStore, depth: Int, width: Int) {
    (self.store, self.depth, self.width) = (store, depth, width)
  }

  /// [keys, `outputs`] from `workspace`, in the order of keys. `rows` says how many states each has, `content` what
  /// the store knows it by (nil: not at all); `pool` makes vectors of states, `compute` of keys whose states are
  /// not there. Throws what they and the store throw.
  func vectors(
    _ keys: [Key], outputs: Int, in workspace: Workspace, rows: (Key) -> Int,
    content: (Key) throws -> [UInt8]?, pool: ([Key], Matrix) -> Matrix,
    compute: ([Key]) throws -> Matrix
  ) throws -> Matrix {
    let (found, states) = try read(keys, in: workspace, rows: rows, content: content)
    guard !found.isEmpty else { return try compute(keys) }
    guard found.count < keys.count else { return pool(keys, states) }
    let out = workspace.take(keys.count, outputs)
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    func fill(_ places: [Int], _ vectors: Matrix) {
      for (index, place) in places.enumerated() {
        out.row(place).update(from: vectors.row(index), count: outputs)
      }
    }
    fill(found, pool(found.map { keys[$0] }, states))
    let there = Set(found)
    let rest = keys.indices.filter { !there.contains($0) }
    fill(rest, try compute(rest.map { keys[$0] }))
    return out
  }

  /// Places of the keys whose states are there and whole, and these, key after key.
  private func read(
    _ keys: [Key], in workspace: Workspace, rows: (Key) -> Int, content: (Key) throws -> [UInt8]?
  ) throws -> (found: [Int], states: Matrix) {
    let known = try keys.map { try content($0) ?? [] }
    let isThere = store.contains(known)
    let asked = keys.indices.filter { isThere[$0] }
    let counts = asked.map { rows(keys[$0]) }
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let all = workspace.take(starts[asked.count], width)
    let isWhole = try store.read(
      asked.map { known[$0] }, counts: counts.map { $0 * width }, into: { all.row(starts[$0]) })
    // Those behind a damaged one move up.
    var (found, end): ([Int], Int) = ([], 0)
    for (place, index) in asked.enumerated() where isWhole[place] {
      if end < starts[place] {
        all.row(end).update(from: all.row(starts[place]), count: counts[place] * width)
      }
      found.append(index)
      end += counts[place]
    }
    return (found, all.slice(rows: 0..<end))
  }

  /// Those of keys whose states are not there; what is there may be read ahead.
  func announce(_ keys: [Key], content: (Key) throws -> [UInt8]?) -> [Key] {
    let known = keys.map { (try? content($0)) ?? [] }
    let isThere = store.contains(known)
    store.announce(zip(known, isThere).compactMap { $1 ? $0 : nil })
    return zip(keys, isThere).compactMap { $1 ? nil : $0 }
  }
}
