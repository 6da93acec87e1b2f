import XlingCore
import XlingTensor
import XlingTowers

/// Where the states of one tower's trunk stay from run to run, by the content of what was encoded.
public protocol TrunkStateStore: Sendable {
  /// Copies the states that are there, `counts` numbers each, to where `place` says for each place among
  /// `keys`, and says which they are.
  func read(
    _ keys: [[UInt8]], counts: [Int], into place: (Int) -> UnsafeMutablePointer<Float>
  ) throws -> [Bool]
  /// Keeps states, `states` being asked for each place among `keys`. One that cannot keep them (a full disk)
  /// says so itself: whoever computed them goes on.
  func save(_ keys: [[UInt8]], states: (Int) -> UnsafeBufferPointer<Float>) throws
  /// Keys that will be read next.
  func announce(_ keys: [[UInt8]])
  /// Of so many keys, which are there.
  func contains(_ keys: [[UInt8]]) -> [Bool]
}

/// The states that enter the lowest trained layer of a tower, taken from a store, or computed and kept there:
/// they have the same bits either way.
final class TrunkStates {
  typealias Key = FrozenFeatures.Key

  let width: Int
  private let store: any TrunkStateStore
  private var contents: [Key: [UInt8]] = [:]

  /// nil without a store, and where the model has no trunk on that side.
  init?(
    _ model: DualEncoder, _ side: ParameterRole.Side, _ store: (any TrunkStateStore)?
  ) {
    guard let store, let trunk = model.trunk(of: side) else { return nil }
    (width, self.store) = (trunk.width, store)
  }

  /// [rows of all keys, width] from `workspace`, in the order of keys. `rows` says how many each has, `content`
  /// what the store knows it by (nil keeps it nowhere); `compute` gives the states of those that are missing.
  /// Throws what they and the store throw.
  func gather(
    _ keys: [Key], in workspace: Workspace, rows: (Key) -> Int,
    content: (Key) throws -> [UInt8]?, compute: ([Key]) throws -> Matrix
  ) throws -> Matrix {
    let counts = keys.map(rows)
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let out = workspace.take(starts[keys.count], width)
    let known = try keys.map { try remembered($0, content) }
    let asked = keys.indices.filter { known[$0] != nil }
    let isThere = try store.read(
      asked.map { known[$0] ?? [] }, counts: asked.map { counts[$0] * width },
      into: { out.row(starts[asked[$0]]) })
    let found = Set(zip(asked, isThere).filter(\.1).map(\.0))
    let missing = keys.indices.filter { !found.contains($0) }
    guard !missing.isEmpty else { return out }
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let fresh = try compute(missing.map { keys[$0] })
    var first = 0
    for index in missing {
      out.row(starts[index]).update(from: fresh.row(first), count: counts[index] * width)
      first += counts[index]
    }
    let kept = missing.filter { known[$0] != nil }
    try store.save(kept.map { known[$0] ?? [] }) { place in
      let index = kept[place]
      return UnsafeBufferPointer(start: out.row(starts[index]), count: counts[index] * width)
    }
    return out
  }

  /// Those of keys that are not in the store; what is there may be read ahead.
  func announce(_ keys: [Key], content: (Key) throws -> [UInt8]?) -> [Key] {
    let known = keys.map { try? remembered($0, content) }
    let there = store.contains(known.map { $0 ?? [] })
    store.announce(zip(known, there).compactMap { $1 ? $0 : nil })
    return zip(keys, there).compactMap { $1 ? nil : $0 }
  }

  /// A picture's file is read once for it.
  private func remembered(_ key: Key, _ content: (Key) throws -> [UInt8]?) rethrows -> [UInt8]? {
    if let known = contents[key] { return known }
    let made = try content(key)
    contents[key] = made
    return made
  }
}
