import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTensor
import XlingTowers

/// Pooled vectors of one frozen tower in a file beside a store: made by whichever
/// run comes first, for all that train something else on the same tower and pictures.
final class FrozenFeatureCache: FrozenFeatureStore {
  private let rows: EmbeddingCache
  /// The hash of everything that decides the tower's vectors.
  private let tower: String
  /// "captions" or "pictures".
  private let what: String
  private let damaged = Damaged()

  /// Rows that are to be put in the place of damaged ones. Written by one training, which reads before it saves.
  private final class Damaged: @unchecked Sendable {
    var keys: Set<EmbeddingCache.Key> = []
  }

  init(_ rows: EmbeddingCache, tower: String, what: String) {
    (self.rows, self.tower, self.what) = (rows, tower, what)
  }

  func read(
    _ keys: [[UInt8]], width: Int, into place: (Int) -> UnsafeMutablePointer<Float>
  ) throws -> [Bool] {
    let kept = try rows.read(keys, model: tower, width: width, into: place)
    damaged.keys.formUnion(kept.damaged)
    if !kept.damaged.isEmpty {
      ProgressBar.toStandardError(
        "xling: warning: \(kept.damaged.count) vectors of \(what) in \(rows.path) are damaged; "
          + "they are computed anew\n")
    }
    return kept.isFound
  }

  func save(_ keys: [[UInt8]], row: (Int) -> UnsafeBufferPointer<Float>) throws {
    try rows.save(keys, model: tower, damaged: damaged.keys, row: row)
    damaged.keys.subtract(keys)
  }
}

extension DualEncoder {
  /// Where the vectors of this model's frozen towers, and the states of its trunks, are kept beside the store at
  /// `path`; nil where nothing is frozen, and on a medium that keeps nothing. `ofTrainedTowers`: vectors of a
  /// tower that a finished run trained are kept as well, which is of use to whoever builds on that run alone.
  /// Throws `ExperimentFailure`.
  public func frozenFeatures(
    besideStore path: String, of identity: RunIdentity, trunks budget: TrunkBudget = .nothing,
    ofTrainedTowers: Bool = true
  ) throws -> FrozenFeatureStores? {
    let keepsText =
      !textIsTrained && !textHead.readsTokens && (ofTrainedTowers || isLocked(.text))
    let keepsImages = !imageIsTrained && (ofTrainedTowers || isLocked(.image))
    let rows = try keepsText || keepsImages ? EmbeddingCache.beside(store: path, .features) : nil
    func cache(
      _ side: ParameterRole.Side, _ isKept: Bool, _ source: TowerSource, _ what: String
    ) -> FrozenFeatureCache? {
      guard let rows, isKept else { return nil }
      return FrozenFeatureCache(
        rows, tower: pooledHash(side, source, identity.configuration), what: what)
    }
    let textTrunk = try trunkCache(.text, of: identity, besideStore: path, budget)
    let imageTrunk = try trunkCache(.image, of: identity, besideStore: path, budget)
    guard rows != nil || textTrunk != nil || imageTrunk != nil else { return nil }
    return FrozenFeatureStores(
      text: cache(.text, keepsText, identity.text, "captions"),
      image: cache(.image, keepsImages, identity.image, "pictures"),
      textTrunk: textTrunk, imageTrunk: imageTrunk,
      textBelow: try keepsText ? statesBelow(.text, of: identity, besideStore: path) : nil,
      imageBelow: try keepsImages ? statesBelow(.image, of: identity, besideStore: path) : nil)
  }

  /// SHA-256 of all that decides the bits of a frozen tower's vectors: its architecture, how it pools, every
  /// parameter, and the BLAS kernels, which round in their own ways.
  private func pooledHash(
    _ side: ParameterRole.Side, _ source: TowerSource, _ configuration: AlignmentConfiguration
  ) -> String {
    let digest = Digest()
    digest.update("pooled \(side) \(source.configurationHash)\n")
    digest.update("\(precision.kernels) \(Version.numerics)\n")
    switch side {
    case .text:
      let output = configuration.textOutput
      digest.update(output.map { "\($0.pooling.description) \($0.promptTokens ?? 0)" } ?? "[CLS]")
      digest.update("\n\(text.head?.description ?? "no head")\n")
      // Named only where they are left out, so that what was kept before is found.
      if !text.addsTokenTypes { digest.update("no token types\n") }
    case .image:
      digest.update("\(configuration.imagePooling?.rawValue ?? "cls")\n")
      if let heads = configuration.imageHeads { digest.update("\(heads) heads\n") }
    }
    for (name, parameter) in parameters(of: side) {
      digest.update("\(name) \(parameter.shape)\n")
      digest.update(UnsafeRawBufferPointer(start: parameter.value, count: parameter.count * 4))
    }
    return digest.hexadecimal()
  }
}
