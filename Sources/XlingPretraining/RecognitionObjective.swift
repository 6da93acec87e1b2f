import CKernels
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// Pictures and what they show.
struct RecognitionBatch {
  let pictures: PictureBatch
  /// Ascending or not, at least one each, picture by picture.
  let labels: [[Int]]
}

/// Pictures for recognition, addressed by step.
protocol RecognitionStream {
  /// All that can be recognized.
  var labels: [String] { get }
  /// The base rate of a label as a logit: what the head's bias starts from.
  var startingLogit: Float { get }
  func batch(step: Int, in workspace: Workspace) throws -> RecognitionBatch
}

/// What does the picture show? A linear layer on the CLS token, trained with the sum of two losses over
/// the same logits: softmax against the uniform distribution over the labels shown (Mahajan et al. 2018),
/// which leaves the base rate quickly, and a share of the sigmoid cross-entropy, which makes scores
/// comparable between pictures.
final class RecognitionObjective: PretrainingObjective {
  let name = "image"
  let tower: ImageTower
  let head: Linear
  let parameters: Parameters
  let fingerprint: String
  private let stream: any RecognitionStream
  private let sigmoidShare: Float = 0.1

  /// `initial` is the content hash of the weights that the tower starts from, if not from random ones.
  init(
    tower: ImageTower, stream: any RecognitionStream, options: PretrainingOptions,
    initial: String? = nil
  ) {
    self.tower = tower
    self.stream = stream
    let labels = stream.labels
    head = Linear("recognition", from: tower.outputWidth, to: labels.count)
    parameters = Parameters(tower.parameters.all + head.parameters)
    Initialization.truncatedNormal(head.weight, seed: options.seed, deviation: 0.02)
    head.bias?.value.update(repeating: stream.startingLogit, count: labels.count)
    fingerprint =
      "image seed \(options.seed) rate \(options.rate) concepts "
      + Digest.of(labels.joined(separator: " ")).prefix(12)
      + (initial.map { " from \($0.prefix(12))" } ?? "")
  }

  func forwardBackward(
    step: Int, in workspace: Workspace
  ) throws -> [(name: String, value: Double)] {
    let batch = try stream.batch(step: step, in: workspace)
    let activations = tower.forward(
      batch.pictures, reading: .pooled, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let logits = workspace.take(batch.labels.count, head.outputs)
    head.forward(pooled.vectors, into: logits)
    let (loss, correct) = lossAndGradient(logits, batch.labels, workspace)
    let dPooled = workspace.take(batch.labels.count, tower.outputWidth)
    head.backward(pooled.vectors, dy: logits, dx: dPooled)
    tower.backward(activations, pooled, dPooled: dPooled, in: workspace)
    return [("loss", loss), ("top", correct)]
  }

  /// `logits` become their gradient. Returns the loss and the share of pictures whose best-scored
  /// label is among those shown.
  private func lossAndGradient(
    _ logits: Matrix, _ labels: [[Int]], _ workspace: Workspace
  ) -> (Double, Double) {
    let (count, classes) = (logits.rows, logits.columns)
    let softmax = workspace.take(count, classes)
    Elementwise.copy(logits, into: softmax)
    let targets = workspace.zeros(count, classes)
    var correct = 0
    var loss = 0.0
    for row in 0..<count {
      for label in labels[row] { targets[row, label] = 1 }
      let scores = UnsafeBufferPointer(start: logits.row(row), count: classes)
      let best = scores.indices.max { scores[$0] < scores[$1] }
      if let best, labels[row].contains(best) { correct += 1 }
    }
    var first = [Float](repeating: 0, count: count)
    let anchors = labels.map { Int32($0[0]) }
    xk_softmax_cross_entropy(softmax.pointer, anchors, &first, Int64(count), Int64(classes))
    for row in 0..<count {
      // Cross-entropy against the uniform distribution over the k labels shown.
      let share = 1 / Double(labels[row].count)
      let mean = labels[row].reduce(0) { $0 + Double(logits[row, $1]) } * share
      loss += Double(first[row]) + Double(logits[row, labels[row][0]]) - mean
    }
    var sigmoid = [Float](repeating: 0, count: count)
    xk_sigmoid_cross_entropy(
      logits.pointer, targets.pointer, &sigmoid, Int64(count), Int64(classes))
    let scale = 1 / Float(count)
    for row in 0..<count {
      let share = 1 / Float(labels[row].count)
      for index in 0..<classes {
        let soft = softmax[row, index] - targets[row, index] * share
        logits[row, index] = (soft + sigmoidShare * logits[row, index]) * scale
      }
      loss += Double(sigmoidShare * sigmoid[row] * Float(classes))
    }
    return (loss / Double(count), Double(correct) / Double(count))
  }
}
