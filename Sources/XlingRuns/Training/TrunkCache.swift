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
    return try StateCache(about, besideStore: store, budget: bytes) {
      ProgressBar.toStandardError("xling: warning: \($0)\n")
    }.map(TrunkCache.init)
  }

  /// nil where the side has no trunk. Reads every weight of it.
  func trunkDescription(
    _ side: ParameterRole.Side, of identity: RunIdentity
  ) -> TrunkDescription? {
    guard let trunk = trunk(of: side) else { return nil }
    return TrunkDescription(
      hash: trunkHash(side, identity, trunk), side: "\(side)",
      tower: identity.tower(of: side).folder,
      depth: trunk.depth, layers: trunk.layers, width: trunk.width, precision: precision.rawValue)
  }

  /// SHA-256 of all that decides the bits of a trunk's states: the tower's architecture, every parameter of the
  /// trunk, which rows of the last layer are read where no layer follows, the precision, and the BLAS kernels,
  /// which round in their own ways.
  private func trunkHash(
    _ side: ParameterRole.Side, _ identity: RunIdentity, _ trunk: Trunk
  ) -> String {
    let digest = Digest()
    let form = identity.tower(of: side).configurationHash
    digest.update("states \(side) \(trunk.depth) \(form)\n")
    if side == .image, let heads = identity.configuration.imageHeads {
      digest.update("\(heads) heads\n")
    }
    digest.update("\(precision.kernels) \(Version.numerics)\n")
    if side == .text { digest.update(text.addsTokenTypes ? "types\n" : "no types\n") }
    // Inserted layers count among the tower's, and stand above: whether one follows decides the rows.
    let isLast = trunk.depth == trunk.layers
    digest.update(isLast ? "\(rowsOfLast(side))\n" : "all rows\n")
    for parameter in trunkParameters(of: side) {
      digest.update("\(parameter.name) \(parameter.shape)\n")
      digest.update(UnsafeRawBufferPointer(start: parameter.value, count: parameter.count * 4))
    }
    return digest.hexadecimal()
  }

  private func rowsOfLast(_ side: ParameterRole.Side) -> String {
    switch side {
    case .image: image.pooling == .cls ? "first row" : "all rows"
    case .text:
      textHead.readsTokens
        ? "all rows" : "rows of \(text.pooling.description) \(text.promptTokens)"
    }
  }
}
