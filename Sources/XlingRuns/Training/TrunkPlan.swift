import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingTensor

/// What a training is to keep of the states of trunks.
public struct TrunkWish: Sendable, Equatable {
  /// Keep them whatever they take.
  public var isForced = false
  /// Bytes that all trunks beside a store may take before more are made only where they are forced; nil:
  /// ``CacheLimit``.
  public var limit: Int?
  /// Sides whose states other runs are known to ask for, too: they are kept although this run alone sees each too
  /// rarely.
  public var shared: Set<ParameterRole.Side>

  public init(isForced: Bool = false, limit: Int? = nil, shared: Set<ParameterRole.Side> = []) {
    (self.isForced, self.limit, self.shared) = (isForced, limit, shared)
  }
}

/// What is kept of each side in a training, decided before anything is computed.
public struct TrunkPlan: Sendable {
  /// What becomes of one side's states.
  public enum Verdict: Sendable, Equatable {
    /// They are kept; so many bytes are there already.
    case kept(there: Int)
    /// Those that are there are used, and no more are made: each would be seen too rarely.
    case seenRarely
    case overLimit(limit: Int, taken: Int)
    case diskTooSmall(free: Int)
    case hindered(TrunkHindrance)
  }

  public struct Side: Sendable, Equatable {
    public let side: ParameterRole.Side
    /// nil where the side has no trunk.
    public let demand: TrunkDemand?
    public let verdict: Verdict
  }

  /// Of sides whose states are no matter (wholly frozen towers keep vectors) there is nothing.
  public private(set) var sides: [Side] = []
  /// Where states are kept.
  public let folder: String
  public private(set) var budget = TrunkBudget.nothing

  /// States are made unasked where each is seen more often than this: writing and checking cost something.
  static let leastTimes = 2.0

  /// `free`: bytes that may still be written, as far as it is known without asking the disk. Throws
  /// ``CacheFailure/diskTooSmall(path:needed:free:)`` and `AlignmentFailure.configuration` for states
  /// that are forced and cannot be kept, `CacheFailure.limit`.
  public init(
    _ model: DualEncoder, _ identity: RunIdentity, training: any PairSource,
    validation: (any PairSource)?, besideStore store: String, _ wish: TrunkWish, free: Int? = nil
  ) throws {
    folder = StateCache.root(besideStore: store)
    let configuration = identity.configuration
    let limit = try wish.limit ?? CacheLimit.ofEnvironment()
    var taken = CacheInventory.bytes(of: folder)
    var free = free ?? CacheInventory.free(at: folder)
    for side in [ParameterRole.Side.text, .image] {
      let demand = model.trunkDemand(
        of: side, configuration, training: training, validation: validation)
      if let hindrance = model.trunkHindrance(of: side, configuration) {
        sides.append(Side(side: side, demand: demand, verdict: .hindered(hindrance)))
        continue
      }
      guard let demand, let about = model.trunkDescription(side, of: identity) else { continue }
      let there = CacheInventory.bytes(of: folder + "/" + about.hash)
      let needed = max(0, demand.bytes - there)
      let verdict: Verdict
      if wish.isForced {
        guard needed <= free else {
          throw CacheFailure.diskTooSmall(path: folder, needed: needed, free: free)
        }
        verdict = .kept(there: there)
      } else if demand.times <= Self.leastTimes, !wish.shared.contains(side) {
        verdict = .seenRarely
      } else if taken + needed > limit {
        verdict = .overLimit(limit: limit, taken: taken)
      } else if needed > free - free / 10 {
        verdict = .diskTooSmall(free: free)
      } else {
        verdict = .kept(there: there)
      }
      sides.append(Side(side: side, demand: demand, verdict: verdict))
      let isKept = verdict == .kept(there: there)
      // What another seed left there may be of other captions or pictures than this run draws.
      let others = wish.shared.contains(side) ? max(0, min(limit - taken, free - free / 10)) / 2 : 0
      let bytes = wish.isForced ? Int.max : max(needed + needed / 8, others)
      budget.bytes[side] = .some(isKept ? bytes : nil)
      if isKept { (taken, free) = (taken + needed, free - needed) }
    }
    if wish.isForced { try checkIsOfUse(model) }
  }

  /// Throws `AlignmentFailure.configuration` where neither side has anything to keep.
  private func checkIsOfUse(_ model: DualEncoder) throws {
    let reasons = sides.compactMap { side -> String? in
      guard case .hindered(let hindrance) = side.verdict else { return nil }
      return "the \(side.side) tower's states cannot be kept: \(hindrance.description)"
    }
    if reasons.count == 2 {
      throw AlignmentFailure.configuration(
        reason: "--cache-trunk with \(model.recipe.name): " + reasons.joined(separator: "; "))
    }
  }
}

extension TrunkBudget {
  /// For an evaluation: what a training made is used, and added to as far as the limit goes. Throws
  /// `CacheFailure.limit`.
  public static func adding(toTrunksBeside store: String) throws -> TrunkBudget {
    let root = StateCache.root(besideStore: store)
    let taken = CacheInventory.bytes(of: root)
    let limit = try CacheLimit.ofEnvironment()
    guard taken > 0 else { return .nothing }
    let rest = max(0, min(limit - taken, CacheInventory.free(at: root) / 2))
    return TrunkBudget(bytes: [.text: rest / 2, .image: rest / 2])
  }
}
