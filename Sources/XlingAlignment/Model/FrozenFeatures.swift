import XlingCore
import XlingTensor

/// Where pooled vectors of one frozen tower stay from run to run, by the content of what was encoded.
public protocol FrozenFeatureStore: Sendable {
  /// Writes the rows that are there, each of `width` numbers, to where `place` says for each place among
  /// `keys`, and says which they are.
  func read(
    _ keys: [[UInt8]], width: Int, into place: (Int) -> UnsafeMutablePointer<Float>
  ) throws -> [Bool]
  /// Keeps rows, `row` being asked for each place among `keys`.
  func save(_ keys: [[UInt8]], row: (Int) -> UnsafeBufferPointer<Float>) throws
}

/// The stores of both towers: of vectors of wholly frozen ones, and of the states that enter the lowest
/// trained layer of others.
public struct FrozenFeatureStores: Sendable {
  public let text: (any FrozenFeatureStore)?
  public let image: (any FrozenFeatureStore)?
  public let textTrunk: (any TrunkStateStore)?
  public let imageTrunk: (any TrunkStateStore)?
  /// What others keep of layers of wholly frozen towers.
  public let textBelow: StatesBelow?
  public let imageBelow: StatesBelow?

  public init(
    text: (any FrozenFeatureStore)?, image: (any FrozenFeatureStore)?,
    textTrunk: (any TrunkStateStore)? = nil, imageTrunk: (any TrunkStateStore)? = nil,
    textBelow: StatesBelow? = nil, imageBelow: StatesBelow? = nil
  ) {
    (self.text, self.image) = (text, image)
    (self.textTrunk, self.imageTrunk) = (textTrunk, imageTrunk)
    (self.textBelow, self.imageBelow) = (textBelow, imageBelow)
  }
}

/// Pooled vectors of a frozen tower, each computed when it is first drawn, and never again where a store
/// keeps it. A row does not depend on the batch it is computed in, so training on them gives the bits of
/// training without them.
final class FrozenFeatures {
  struct Key: Hashable {
    let image: Int
    /// On the image side the view, 0 without.
    let caption: Int

    init(image: Int, caption: Int) { (self.image, self.caption) = (image, caption) }

    /// Of a caption or picture that stands for itself.
    init(_ place: Int) { self.init(image: place, caption: 0) }
  }

  /// Rows that a tower computes together: heads take batches of hundreds, of whose pictures a tower's states would be
  /// gigabytes.
  private static let computedAtOnce = 64

  private let width: Int
  private let store: (any FrozenFeatureStore)?
  private var rowOf: [Key: Int] = [:]
  private var rows: [Float] = []
  /// By what the store knows keys that it was asked for in vain; empty: by nothing.
  private var known: [Key: [UInt8]] = [:]

  init(width: Int, store: (any FrozenFeatureStore)? = nil) {
    (self.width, self.store) = (width, store)
  }

  /// Keys that will be gathered next: takes over what the store has of them, and returns those that will have to be
  /// computed. Throws what `content` and the store throw.
  func announce(_ keys: [Key], content: (Key) throws -> [UInt8]?) throws -> [Key] {
    try recall(keys.filter { rowOf[$0] == nil }, content)
    return keys.filter { rowOf[$0] == nil }
  }

  /// [keys, width] from `workspace`; `compute` gives the rows of those that were never seen, `content` what
  /// a store knows them by (nil keeps them in no store). Throws what they and the store throw.
  func gather(
    _ keys: [Key], in workspace: Workspace, content: (Key) throws -> [UInt8]?,
    compute: ([Key]) throws -> Matrix
  ) throws -> Matrix {
    let out = workspace.take(keys.count, width)
    let unseen = keys.filter { rowOf[$0] == nil }
    if !unseen.isEmpty {
      try recall(unseen, content)
      let missing = unseen.filter { rowOf[$0] == nil }
      for first in stride(from: 0, to: missing.count, by: Self.computedAtOnce) {
        let part = missing[first..<min(first + Self.computedAtOnce, missing.count)]
        try fill(Array(part), in: workspace, compute)
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

  private func fill(
    _ missing: [Key], in workspace: Workspace, _ compute: ([Key]) throws -> Matrix
  ) throws {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let fresh = try compute(missing)
    try save(
      missing.enumerated().compactMap { index, key in
        known[key].map { ($0, fresh.row(index)) }
      })
    for (index, key) in missing.enumerated() { keep(fresh.row(index), as: key) }
  }

  /// Takes over what the store has of keys that were not gathered: perhaps only now, from a validation, say.
  private func recall(_ keys: [Key], _ content: (Key) throws -> [UInt8]?) throws {
    guard let store else { return }
    for key in keys where known[key] == nil { known[key] = try content(key) ?? [] }
    let asked = Set(keys).compactMap { key in
      known[key].flatMap { $0.isEmpty ? nil : (key: key, content: $0) }
    }
    guard !asked.isEmpty else { return }
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: asked.count * width) { found in
      guard let base = found.baseAddress else { return }
      let isThere = try store.read(
        asked.map(\.content), width: width, into: { base + $0 * width })
      for (index, one) in asked.enumerated() where isThere[index] {
        keep(base + index * width, as: one.key)
      }
    }
  }

  private func save(_ fresh: [([UInt8], UnsafeMutablePointer<Float>)]) throws {
    let fresh = fresh.filter { !$0.0.isEmpty }
    guard let store, !fresh.isEmpty else { return }
    try store.save(fresh.map(\.0)) {
      UnsafeBufferPointer(start: fresh[$0].1, count: width)
    }
  }

  private func keep(_ row: UnsafeMutablePointer<Float>, as key: Key) {
    known[key] = nil
    guard rowOf[key] == nil else { return }
    rowOf[key] = rows.count / width
    rows.append(contentsOf: UnsafeBufferPointer(start: row, count: width))
  }
}

extension Digest {
  /// What a store knows a caption by: its ids, which hold all that tokenizer, preprocessing and truncation
  /// did.
  public static func key(ids: [Int32]) -> [UInt8] {
    let digest = Digest()
    digest.update("text \(ids.count)\n")
    ids.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  /// Of a picture by its file's hash, and what is done to it.
  static func key(pictureHash: [UInt8], preprocessing: String) -> [UInt8] {
    let digest = Digest()
    digest.update("picture of \(preprocessing.utf8.count):\(preprocessing)\n")
    pictureHash.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }
}
