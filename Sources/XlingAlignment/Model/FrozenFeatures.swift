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

  public init(
    text: (any FrozenFeatureStore)?, image: (any FrozenFeatureStore)?,
    textTrunk: (any TrunkStateStore)? = nil, imageTrunk: (any TrunkStateStore)? = nil
  ) {
    (self.text, self.image) = (text, image)
    (self.textTrunk, self.imageTrunk) = (textTrunk, imageTrunk)
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

  private let width: Int
  private let store: (any FrozenFeatureStore)?
  private var rowOf: [Key: Int] = [:]
  private var rows: [Float] = []

  init(width: Int, store: (any FrozenFeatureStore)? = nil) {
    (self.width, self.store) = (width, store)
  }

  /// Whether a row was gathered before.
  func has(_ key: Key) -> Bool { rowOf[key] != nil }

  /// [keys, width] from `workspace`; `compute` gives the rows of those that were never seen, `content` what
  /// a store knows them by (nil keeps them in no store). Throws what they and the store throw.
  func gather(
    _ keys: [Key], in workspace: Workspace, content: (Key) throws -> [UInt8]?,
    compute: ([Key]) throws -> Matrix
  ) throws -> Matrix {
    let out = workspace.take(keys.count, width)
    let unseen = keys.filter { rowOf[$0] == nil }
    if !unseen.isEmpty {
      let mark = workspace.mark()
      defer { workspace.release(to: mark) }
      let contents = store == nil ? [:] : try contents(of: unseen, content)
      try recall(contents, in: workspace)
      let missing = unseen.filter { rowOf[$0] == nil }
      if !missing.isEmpty {
        let fresh = try compute(missing)
        for (index, key) in missing.enumerated() { keep(fresh.row(index), as: key) }
        try save(
          missing.enumerated().compactMap { index, key in
            contents[key].map { ($0, fresh.row(index)) }
          })
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

  private func contents(
    of keys: [Key], _ content: (Key) throws -> [UInt8]?
  ) throws -> [Key: [UInt8]] {
    var contents: [Key: [UInt8]] = [:]
    for key in keys where contents[key] == nil { contents[key] = try content(key) }
    return contents
  }

  /// Takes over what the store has.
  private func recall(_ contents: [Key: [UInt8]], in workspace: Workspace) throws {
    guard let store, !contents.isEmpty else { return }
    let keys = Array(contents.keys)
    let found = workspace.take(keys.count, width)
    let isThere = try store.read(
      keys.map { contents[$0] ?? [] }, width: width, into: { found.row($0) })
    for (index, key) in keys.enumerated() where isThere[index] { keep(found.row(index), as: key) }
  }

  private func save(_ fresh: [([UInt8], UnsafeMutablePointer<Float>)]) throws {
    guard let store, !fresh.isEmpty else { return }
    try store.save(fresh.map(\.0)) {
      UnsafeBufferPointer(start: fresh[$0].1, count: width)
    }
  }

  private func keep(_ row: UnsafeMutablePointer<Float>, as key: Key) {
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
