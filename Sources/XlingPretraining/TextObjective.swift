import CKernels
import XlingCore
import XlingOptimization
import XlingTensor
import XlingTowers

/// Translation ranking (Feng et al. 2022, LaBSE: symmetric softmax over the batch, cosine of `[CLS]`
/// vectors) with redundancy reduction (``CrossCorrelation``), plus masked-language modelling with tied
/// weights (Devlin et al. 2019).
final class TextObjective: PretrainingObjective {
  struct Plan: Codable, Equatable {
    var pairs = 128
    var masked = 16
    var temperature: Float = 0.05
    /// Weight of ``CrossCorrelation`` beside the ranking loss, of translations only.
    var correlationShare: Float = 10
    /// What correlations of different dimensions cost there.
    var redundancy: Float = 0.1
    /// Weight of the masked-language loss beside the ranking loss.
    var maskedShare: Float = 0.3
    var maskProbability = 0.2
    /// How many of the last steps have close lists (``TextStream/pairs(step:count:closeLists:)``):
    /// once lists of far concepts are told apart, they teach no more.
    var closeListSteps = 3_000

    /// Masked-language modelling alone, on as many texts a step as both have.
    func maskedAlone() -> Plan {
      var plan = self
      (plan.masked, plan.pairs, plan.maskedShare) = (masked + 2 * pairs, 0, 1)
      return plan
    }

    /// With sentences a text is five times as long as a name, and there is more to learn from masking.
    static let sentences = Plan(pairs: 64, masked: 48)
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
      + (stream.sentences.map { " sentences \($0.contentHash.prefix(12))" } ?? "")
      + (initial.map { " from \($0.prefix(12))" } ?? "")
      // Named only where it is not as it always was, so that checkpoints from before are found.
      + (plan.pairs == 0 ? " masked alone" : "")
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
    // Only what a loss reads leaves the last layer: `[CLS]` of the pairs, then the masked pieces.
    let (starts, first) = (batch.layout.offsets, 2 * pairs.count)
    let masked = masking.rows.map { Int(starts[first]) + $0 }
    let rows = starts[..<first].map { Int($0) } + masked
    let activations = tower.forward(
      batch, reading: .some(rows), in: workspace, training: true)
    let dHidden = workspace.take(rows.count, tower.width)
    let ranking =
      pairs.isEmpty
      ? nil
      : rank(
        pairs, activations.hidden.slice(rows: 0..<first), dHidden.slice(rows: 0..<first), workspace)
    let language = head.forwardBackward(
      hidden: activations.hidden.slice(rows: first..<rows.count), targets: masking.targets,
      weight: plan.maskedShare, dHidden: dHidden.slice(rows: first..<rows.count), in: workspace)
    tower.backward(activations, dHidden: dHidden, in: workspace)
    var losses: [(name: String, value: Double)] = []
    if let ranking {
      losses = [("ranking", ranking.loss), ("correlation", ranking.correlation)]
    }
    losses.append((name: "masked", value: language))
    return losses
  }

  /// The ranking and redundancy-reduction losses of the pairs. `pooled` [2 * pairs, width] are the
  /// first texts' `[CLS]`, then the second ones'; their gradient goes to `dPooled`.
  private func rank(
    _ pairs: [TextStream.Pair], _ pooled: Matrix, _ dPooled: Matrix, _ workspace: Workspace
  ) -> (loss: Double, correlation: Double) {
    let count = pairs.count
    let unit = workspace.take(2 * count, tower.width)
    let norms = L2Normalization.forward(pooled, into: unit, in: workspace)
    let result = InfoNCE.forwardBackward(
      images: unit.slice(rows: 0..<count), texts: unit.slice(rows: count..<2 * count),
      temperature: plan.temperature, in: workspace)
    let dUnit = workspace.take(2 * count, tower.width)
    Elementwise.copy(result.dImages, into: dUnit.slice(rows: 0..<count))
    Elementwise.copy(result.dTexts, into: dUnit.slice(rows: count..<2 * count))
    L2Normalization.backward(unit, norms: norms, dy: dUnit, into: dPooled)
    return (Double(result.loss), reduceRedundancy(pairs, pooled, dPooled, workspace))
  }

  /// Adds the redundancy-reduction loss of the translations among the pairs to `dPooled`, the gradient
  /// of `pooled` [2 * pairs, width]. Returns the mean correlation.
  private func reduceRedundancy(
    _ pairs: [TextStream.Pair], _ pooled: Matrix, _ dPooled: Matrix, _ workspace: Workspace
  ) -> Double {
    let first = pairs.indices.filter { pairs[$0].languages.0 != pairs[$0].languages.1 }
    guard first.count > 1 else { return 0 }
    let second = first.map { pairs.count + $0 }
    func matrix() -> Matrix { workspace.take(first.count, pooled.columns) }
    let (a, b, da, db) = (matrix(), matrix(), matrix(), matrix())
    pooled.gather(rows: first, into: a)
    pooled.gather(rows: second, into: b)
    let result = CrossCorrelation.forwardBackward(
      a, b, redundancy: plan.redundancy, weight: plan.correlationShare, dFirst: da, dSecond: db,
      in: workspace)
    dPooled.scatterAdd(da, rows: first)
    dPooled.scatterAdd(db, rows: second)
    return result.correlation
  }
}
