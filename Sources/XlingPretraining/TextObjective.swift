import CKernels
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

/// Translation ranking (Feng et al. 2022, LaBSE: symmetric softmax over the batch, cosine of `[CLS]`
/// vectors) plus masked-language modelling with tied weights (Devlin et al. 2019).
final class TextObjective: PretrainingObjective {
  struct Plan: Codable, Equatable {
    var pairs = 128
    var masked = 16
    var temperature: Float = 0.05
    /// Weight of the masked-language loss beside the ranking loss.
    var maskedShare: Float = 0.3
    var maskProbability = 0.2
    /// How many of the last steps have close lists (``TextStream/pairs(step:count:closeLists:)``):
    /// once lists of far concepts are told apart, they teach no more.
    var closeListSteps = 2_000
  }

  let name = "text"
  let tower: TextTower
  let head: MaskedLanguageHead
  let parameters: Parameters
  let fingerprint: String
  let stream: TextStream
  private let plan: Plan
  private let seed: UInt64
  private let steps: Int

  /// `initial` is the content hash of the weights that the tower starts from, if not from random ones.
  init(
    tower: TextTower, stream: TextStream, plan: Plan, options: PretrainingOptions,
    initial: String? = nil
  ) {
    self.tower = tower
    self.stream = stream
    self.plan = plan
    seed = options.seed
    steps = options.steps
    head = MaskedLanguageHead(tower: tower, seed: options.seed)
    parameters = Parameters(tower.parameters.all + head.parameters)
    fingerprint =
      "text seed \(options.seed) rate \(options.rate) tokenizer "
      + "\(stream.tokenizer.contentHash.prefix(12)) corpus \(stream.corpus.contentHash.prefix(12))"
      + (initial.map { " from \($0.prefix(12))" } ?? "")
  }

  func forwardBackward(step: Int, in workspace: Workspace) -> [(name: String, value: Double)] {
    let pairs = stream.pairs(
      step: step, count: plan.pairs, closeLists: step >= steps - plan.closeListSteps)
    var random = RandomStream(seed: seed, "pretrain/text/mask", step)
    let masking = Masking(
      texts: stream.monolingual(step: step, count: plan.masked),
      probability: plan.maskProbability, mask: stream.mask,
      special: stream.tokenizer.special,
      vocabularySize: stream.tokenizer.vocabularySize, stream: &random)
    let batch = TokenBatch(pairs.map(\.first) + pairs.map(\.second) + masking.inputs)
    let activations = tower.forward(batch, in: workspace, training: true)
    let dHidden = workspace.zeros(activations.hidden.rows, tower.width)
    let ranking = rank(activations, pairs.count, dHidden, workspace)
    let first = Int(batch.layout.offsets[2 * pairs.count])
    let masked = head.forwardBackward(
      hidden: activations.hidden, rows: masking.rows.map { first + $0 },
      targets: masking.targets, weight: plan.maskedShare, dHidden: dHidden, in: workspace)
    tower.backward(activations, dHidden: dHidden, in: workspace)
    return [("ranking", ranking), ("masked", masked)]
  }

  /// The ranking loss over the first 2 * count sequences; adds to the gradient of their `[CLS]`.
  private func rank(
    _ activations: TextTower.Activations, _ count: Int, _ dHidden: Matrix, _ workspace: Workspace
  ) -> Double {
    let offsets = activations.batch.layout.offsets
    let pooled = workspace.take(2 * count, tower.width)
    for index in 0..<2 * count {
      pooled.row(index).update(
        from: activations.hidden.row(Int(offsets[index])), count: tower.width)
    }
    let unit = workspace.take(2 * count, tower.width)
    let norms = L2Normalization.forward(pooled, into: unit, in: workspace)
    let result = InfoNCE.forwardBackward(
      images: unit.slice(rows: 0..<count), texts: unit.slice(rows: count..<2 * count),
      temperature: plan.temperature, in: workspace)
    let dUnit = workspace.take(2 * count, tower.width)
    Elementwise.copy(result.dImages, into: dUnit.slice(rows: 0..<count))
    Elementwise.copy(result.dTexts, into: dUnit.slice(rows: count..<2 * count))
    let dPooled = workspace.take(2 * count, tower.width)
    L2Normalization.backward(unit, norms: norms, dy: dUnit, into: dPooled)
    for index in 0..<2 * count {
      dHidden.row(Int(offsets[index])).update(from: dPooled.row(index), count: tower.width)
    }
    return Double(result.loss)
  }
}
