import CKernels
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Which concepts does the picture show? A linear layer on the CLS token, trained with the sum of
/// two losses over the same logits: softmax against the uniform distribution over the concepts
/// shown (Mahajan et al. 2018), which leaves the base rate quickly, and a share of the sigmoid
/// cross-entropy, which makes scores comparable between pictures.
final class RecognitionObjective: PretrainingObjective {
  struct Plan: Codable, Equatable {
    var singlesSteps = 1_400
    var singlesBatch = 256
    var batch = 96
    var wholeBatch = 64
    /// The last steps see whole scenes.
    var wholeSteps = 700
    var sigmoidShare: Float = 0.1
  }

  let name = "image"
  let tower: ImageTower
  let head: Linear
  let parameters: Parameters
  let fingerprint: String
  private let stream: SceneStream
  private let plan: Plan
  private let steps: Int

  init(
    tower: ImageTower, stream: SceneStream, plan: Plan, options: PretrainingOptions,
    concepts: [Concept]
  ) {
    self.tower = tower
    self.stream = stream
    self.plan = plan
    steps = options.steps
    head = Linear("recognition", from: tower.width, to: concepts.count)
    parameters = Parameters(tower.parameters.all + head.parameters)
    Initialization.truncatedNormal(head.weight, seed: options.seed, deviation: 0.02)
    // The base rate of a concept in a scene of 2.5 objects, as a logit.
    head.bias?.value.update(repeating: -6.2, count: concepts.count)
    fingerprint =
      "image seed \(options.seed) rate \(options.rate) concepts "
      + Digest.of(concepts.map(\.id).joined(separator: " ")).prefix(12)
  }

  func stage(_ step: Int) -> SceneStream.Stage {
    if step < plan.singlesSteps { return .singles }
    return step < steps - plan.wholeSteps ? .sparseScenes : .wholeScenes
  }

  private func batchSize(_ stage: SceneStream.Stage) -> Int {
    switch stage {
    case .singles: plan.singlesBatch
    case .sparseScenes: plan.batch
    case .wholeScenes: plan.wholeBatch
    }
  }

  func forwardBackward(step: Int, in workspace: Workspace) -> [(name: String, value: Double)] {
    let stage = stage(step)
    let count = batchSize(stage)
    let batch = stream.batch(step: step, stage: stage, count: count, in: workspace)
    let activations = tower.forward(
      PictureBatch(pixels: batch.pixels.pointer, count: count, patches: batch.patches),
      reading: .pooled, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let logits = workspace.take(count, head.outputs)
    head.forward(pooled.vectors, into: logits)
    let (loss, correct) = lossAndGradient(logits, batch.concepts, workspace)
    let dPooled = workspace.take(count, tower.width)
    head.backward(pooled.vectors, dy: logits, dx: dPooled)
    tower.backward(activations, pooled, dPooled: dPooled, in: workspace)
    return [("loss", loss), ("top", correct)]
  }

  /// `logits` become their gradient. Returns the loss and the share of pictures whose best-scored
  /// concept is among those shown.
  private func lossAndGradient(
    _ logits: Matrix, _ concepts: [[Int]], _ workspace: Workspace
  ) -> (Double, Double) {
    let (count, classes) = (logits.rows, logits.columns)
    let softmax = workspace.take(count, classes)
    Elementwise.copy(logits, into: softmax)
    let targets = workspace.zeros(count, classes)
    var correct = 0
    var loss = 0.0
    for row in 0..<count {
      for concept in concepts[row] { targets[row, concept] = 1 }
      let scores = UnsafeBufferPointer(start: logits.row(row), count: classes)
      let best = scores.indices.max { scores[$0] < scores[$1] }
      if let best, concepts[row].contains(best) { correct += 1 }
    }
    var first = [Float](repeating: 0, count: count)
    let anchors = concepts.map { Int32($0[0]) }
    xk_softmax_cross_entropy(softmax.pointer, anchors, &first, Int64(count), Int64(classes))
    for row in 0..<count {
      // Cross-entropy against the uniform distribution over the k concepts shown.
      let share = 1 / Double(concepts[row].count)
      let mean = concepts[row].reduce(0) { $0 + Double(logits[row, $1]) } * share
      loss += Double(first[row]) + Double(logits[row, concepts[row][0]]) - mean
    }
    var sigmoid = [Float](repeating: 0, count: count)
    xk_sigmoid_cross_entropy(
      logits.pointer, targets.pointer, &sigmoid, Int64(count), Int64(classes))
    let scale = 1 / Float(count)
    for row in 0..<count {
      let share = 1 / Float(concepts[row].count)
      for index in 0..<classes {
        let soft = softmax[row, index] - targets[row, index] * share
        logits[row, index] = (soft + plan.sigmoidShare * logits[row, index]) * scale
      }
      loss += Double(plan.sigmoidShare * sigmoid[row] * Float(classes))
    }
    return (loss / Double(count), Double(correct) / Double(count))
  }
}
