import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTensor
import XlingTowers

/// The states of a trunk in a folder beside a store.
final class TrunkCache: TrunkStateStore {
  let states: StateCache

  init(_ states: StateCache) { self.states = states }

  func read(
    _ keys: [[UInt8]], counts: [Int], into place: (Int) -> UnsafeMutablePointer<Float>
  ) -> [Bool] { states.read(keys, counts: counts, into: place) }

  func save(_ keys: [[UInt8]], states: (Int) -> UnsafeBufferPointer<Float>) {
    self.states.save(keys, states: states)
  }

  func announce(_ keys: [[UInt8]]) { states.announce(keys) }

  func contains(_ keys: [[UInt8]]) -> [Bool] { states.contains(keys) }
}

/// What may be written of the states of trunks.
public struct TrunkBudget: Sendable {
  /// Bytes at most, by side; of a side that is not named nothing is used.
  var bytes: [ParameterRole.Side: Int?]

  /// Nothing is used.
  public static let nothing = TrunkBudget(bytes: [:])
}

extension DualEncoder {
  /// nil where the budget says nothing of the side or nothing is there and nothing may be written. Throws
  /// `FileFailure`.
  func trunkCache(
    _ side: ParameterRole.Side, of identity: RunIdentity, besideStore store: String,
    _ budget: TrunkBudget
  ) throws -> TrunkCache? {
    guard let bytes = budget.bytes[side], let about = trunkDescription(side, of: identity) else {
      return nil
    }
    return try stateCache(about, besideStore: store, budget: bytes).map(TrunkCache.init)
  }

  /// States of the most layers of a wholly frozen tower that others keep beside the store; nil where nobody does.
  /// Throws `FileFailure`.
  func statesBelow(
    _ side: ParameterRole.Side, of identity: RunIdentity, besideStore store: String
  ) throws -> StatesBelow? {
    guard trunk(of: side) == nil, isLocked(side) else { return nil }
    let (width, layers) =
      side == .text
      ? (text.width, text.encoder.layers.count) : (image.width, image.encoder.layers.count)
    let there = CacheInventory(besideStore: store).trunkDescriptions.filter {
      $0.side == "\(side)" && $0.width == width && $0.depth <= layers
        && $0.precision == precision.rawValue
    }
    let depths = Dictionary(grouping: there, by: \.depth).sorted { $0.key > $1.key }
    for (depth, kept) in depths {
      let hash = trunkHash(side, identity, depth: depth, rows: Self.allRows)
      guard let about = kept.first(where: { $0.hash == hash }),
        let states = try stateCache(about, besideStore: store, budget: nil)
      else { continue }
      return StatesBelow(TrunkCache(states), depth: depth, width: width)
    }
    return nil
  }

  private func stateCache(
    _ about: TrunkDescription, besideStore store: String, budget: Int?
  ) throws -> StateCache? {
    try StateCache(about, besideStore: store, budget: budget) {
      ProgressBar.toStandardError("xling: warning: \($0)\n")
    }
  }

  /// nil where the side has no trunk. Reads every weight of it.
  func trunkDescription(
    _ side: ParameterRole.Side, of identity: RunIdentity
  ) -> TrunkDescription? {
    guard let trunk = trunk(of: side) else { return nil }
    return TrunkDescription(
      hash: trunkHash(side, identity, depth: trunk.depth, rows: rows(side, trunk)), side: "\(side)",
      tower: identity.tower(of: side).folder,
      depth: trunk.depth, layers: trunk.layers, width: trunk.width, precision: precision.rawValue)
  }

  /// SHA-256 of all that decides the bits of a trunk's states: the tower's architecture, every parameter of the
  /// trunk, which rows of the last layer are read where no layer follows, the precision, and the BLAS kernels,
  /// which round in their own ways.
  private func trunkHash(
    _ side: ParameterRole.Side, _ identity: RunIdentity, depth: Int, rows: String
  ) -> String {
    let digest = Digest()
    let form = identity.tower(of: side).configurationHash
    digest.update("states \(side) \(depth) \(form)\n")
    if side == .image, let heads = identity.configuration.imageHeads {
      digest.update("\(heads) heads\n")
    }
    digest.update("\(precision.kernels) \(Version.numerics)\n")
    if side == .text { digest.update(text.addsTokenTypes ? "types\n" : "no types\n") }
    digest.update("\(rows)\n")
    for parameter in trunkParameters(of: side, depth: depth) {
      digest.update("\(parameter.name) \(parameter.shape)\n")
      digest.update(UnsafeRawBufferPointer(start: parameter.value, count: parameter.count * 4))
    }
    return digest.hexadecimal()
  }

  private static let allRows = "all rows"

  /// Inserted layers count among the tower's, and stand above: whether one follows decides which rows are states.
  private func rows(_ side: ParameterRole.Side, _ trunk: Trunk) -> String {
    trunk.depth == trunk.layers ? rowsOfLast(side) : Self.allRows
  }

  private func rowsOfLast(_ side: ParameterRole.Side) -> String {
    switch side {
    case .image: image.pooling == .cls ? "first row" : Self.allRows
    case .text:
      textHead.readsTokens
        ? Self.allRows : "rows of \(text.pooling.description) \(text.promptTokens)"
    }
  }
}
