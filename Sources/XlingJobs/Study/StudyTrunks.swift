import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingRuns
import XlingStudies
import XlingTensor

/// What the runs of a study ask of frozen layers, known before the first of them: what several ask for is kept, and
/// those that need states token by token come before those that need vectors alone, which are read off these.
struct StudyTrunks {
  /// What a run asks of one tower.
  private enum Need: Hashable {
    /// The states that enter its lowest trained layer.
    case states(depth: Int)
    /// Of a wholly frozen tower.
    case vectors
    /// It trains the tower from below, or what it computes changes from step to step.
    case nothing
  }

  /// A tower as a run has it; its folder, by content, and what else decides what it computes.
  private struct Tower: Hashable {
    let side: ParameterRole.Side
    let content: String
    let precision: String
  }

  private typealias Needs = [Tower: Need]

  private let byFactors: [[String: String]: Needs]
  /// Runs, by what they ask for.
  private let runs: [Tower: [Need: Int]]

  /// Of the cells that share one store. A condition whose towers cannot be read shares nothing: its cell will say
  /// why.
  init(_ cells: [StudyCell], _ setup: StudySetup) {
    var byFactors: [[String: String]: Needs] = [:]
    var runs: [Tower: [Need: Int]] = [:]
    var known: [String: Needs] = [:]
    for cell in cells where setup.plan.aligns(cell) {
      if byFactors[cell.factors] == nil {
        byFactors[cell.factors] = Self.needs(of: cell, setup, &known)
      }
      let needs = byFactors[cell.factors] ?? [:]
      for (tower, need) in needs { runs[tower, default: [:]][need, default: 0] += 1 }
    }
    (self.byFactors, self.runs) = (byFactors, runs)
  }

  /// `known`: of what was looked at before, by everything that decides it.
  private static func needs(
    of cell: StudyCell, _ setup: StudySetup, _ known: inout [String: Needs]
  ) -> Needs {
    do {
      let training = try setup.plan.training(cell, rate: setup.design.rates?.tries.first)
      let key = try training.key(without: beside)
      if let needs = known[key] { return needs }
      let needs = try needs(training, setup)
      known[key] = needs
      return needs
    } catch { return [:] }
  }

  /// Settings that change nothing of what frozen layers are.
  private static let beside: Set = [
    "seed", "steps", "epochs", "rate", "checkpoint_every", "batch_size", "chunk", "warmup_steps",
    "pairs", "pairs_seed", "mix", "mix_share", "mix_seed", "language",
  ]

  private static func needs(_ named: CellTraining, _ setup: StudySetup) throws -> Needs {
    let training = setup.shape(of: named)
    var options = AlignJob.Options(training.recipe, training.settings, data: setup.data)
    (options.textTower, options.imageTower) = (training.textTower, training.imageTower)
    let identity = try AlignJob(options).identity(on: setup.dataset)
    let configuration = identity.configuration
    let model = try DualEncoder(
      text: identity.text, image: identity.image, configuration: configuration)
    func need(_ side: ParameterRole.Side) -> Need {
      if model.trunkHindrance(of: side, configuration) != nil { return .nothing }
      return model.trunk(of: side).map { .states(depth: $0.depth) } ?? .vectors
    }
    func tower(_ side: ParameterRole.Side, _ source: TowerSource) -> Tower {
      Tower(
        side: side,
        content: side == .text && training.textTower != named.textTower
          ? named.textTower ?? "" : source.weightsHash + source.configurationHash,
        precision: model.precision.rawValue)
    }
    return [
      tower(.text, identity.text): need(.text), tower(.image, identity.image): need(.image),
    ]
  }

  /// Sides of which another run asks for the states that a cell's run will make, or for vectors that can be read off
  /// them.
  func shared(by cell: StudyCell) -> Set<ParameterRole.Side> {
    var sides: Set<ParameterRole.Side> = []
    for (tower, need) in byFactors[cell.factors] ?? [:] {
      guard case .states = need, let runs = runs[tower] else { continue }
      if (runs[need] ?? 0) > 1 || runs[.vectors] != nil { sides.insert(tower.side) }
    }
    return sides
  }

  /// Seed by seed as the plan has them, of each seed those first that make the states of both towers, then those that
  /// make one's; the same for tries.
  func ordered(_ cells: [StudyCell]) -> [StudyCell] {
    var blocks: [[StudyCell]] = []
    for cell in cells {
      let last = blocks.last?.last
      let isOfBlock =
        last.map { $0.kind == cell.kind && (cell.kind == .attempt || $0.seed == cell.seed) }
        ?? false
      if isOfBlock { blocks[blocks.count - 1].append(cell) } else { blocks.append([cell]) }
    }
    return blocks.flatMap { block in
      [2, 1, 0].flatMap { sides in block.filter { shared(by: $0).count == sides } }
    }
  }
}

extension CellTraining {
  /// Everything that decides it but for some settings, as a text.
  func key(without others: Set<String>) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let settings = settings.said.filter { !others.contains($0.key) }
      .map { "\($0.key)=\($0.value)" }
    let towers = [textTower, imageTower].map { $0 ?? "" }
    let recipe = String(decoding: try encoder.encode(recipe), as: UTF8.self)
    return (towers + [recipe] + settings).joined(separator: "\n")
  }
}
