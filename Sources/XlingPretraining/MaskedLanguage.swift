import CKernels
import XlingCore
import XlingTensor
import XlingTokenizers
import XlingTowers

/// BERT's corruption: of the tokens chosen 80 % become [MASK], 10 % a random piece, 10 % stay.
struct Masking {
  let inputs: [[Int32]]
  /// Rows of the tokens to predict, counted from the first row of `inputs`, and what they were.
  let rows: [Int]
  let targets: [Int32]
  /// Which text each row belongs to.
  let owners: [Int]

  init(
    texts: [[Int32]], probability: Double, mask: Int32, special: SpecialTokens,
    vocabularySize: Int, stream: inout RandomStream
  ) {
    var inputs: [[Int32]] = []
    var rows: [Int] = []
    var targets: [Int32] = []
    var owners: [Int] = []
    var start = 0
    let kept = Set(special.all)
    for (owner, text) in texts.enumerated() {
      var input = text
      for (position, token) in text.enumerated()
      where !kept.contains(token) && stream.uniform() < probability {
        rows.append(start + position)
        targets.append(token)
        owners.append(owner)
        let draw = stream.uniform()
        if draw < 0.8 {
          input[position] = mask
        } else if draw < 0.9 {
          input[position] = Int32(stream.index(vocabularySize))
        }
      }
      inputs.append(input)
      start += text.count
    }
    self.inputs = inputs
    self.rows = rows
    self.targets = targets
    self.owners = owners
  }
}

/// dense, GELU, LayerNorm, then the word embeddings themselves as the decoder (Devlin et al. 2019).
final class MaskedLanguageHead {
  private let words: Parameter
  private let dense: Linear
  private let norm: LayerNorm
  private let bias: Parameter

  init(tower: TextTower, seed: UInt64) {
    words = tower.wordEmbeddings
    dense = Linear("cls.predictions.transform.dense", from: tower.width, to: tower.width)
    norm = LayerNorm(
      "cls.predictions.transform.LayerNorm", width: tower.width,
      epsilon: tower.configuration.layerNormEpsilon)
    bias = Parameter("cls.predictions.bias", [tower.configuration.vocabularySize])
    Initialization.truncatedNormal(dense.weight, seed: seed, deviation: 0.02)
  }

  var parameters: [Parameter] { dense.parameters + norm.parameters + [bias] }

  private struct Forward {
    let before: Matrix
    let norm: LayerNorm.Saved
    let transformed: Matrix
    /// [rows, vocabulary]
    let logits: Matrix
  }

  private func forward(_ hidden: Matrix, _ workspace: Workspace) -> Forward {
    let before = workspace.take(hidden.rows, hidden.columns)
    dense.forward(hidden, into: before)
    let after = workspace.take(hidden.rows, hidden.columns)
    Elementwise.activate(before, into: after)
    let transformed = workspace.take(hidden.rows, hidden.columns)
    let saved = norm.forward(after, into: transformed, in: workspace)
    let logits = workspace.take(hidden.rows, bias.count)
    Elementwise.broadcast(bias.value, into: logits)
    Matmul.multiply(transformed, words.matrix, into: logits, transposeB: true, beta: 1)
    return Forward(before: before, norm: saved, transformed: transformed, logits: logits)
  }

  /// Whether the best-scored piece is the masked one, row by row. `hidden` [targets, width] are the
  /// tower's outputs where pieces are masked.
  func correct(hidden: Matrix, targets: [Int32], in workspace: Workspace) -> [Bool] {
    guard !targets.isEmpty else { return [] }
    let logits = forward(hidden, workspace).logits
    return targets.enumerated().map { index, target in
      let row = UnsafeBufferPointer(start: logits.row(index), count: logits.columns)
      return row.indices.max { row[$0] < row[$1] } == Int(target)
    }
  }

  /// Mean cross-entropy over `hidden` [targets, width], the tower's outputs where pieces are masked;
  /// its gradient, times `weight`, is added to the parameters and written to `dHidden`.
  func forwardBackward(
    hidden: Matrix, targets: [Int32], weight: Float, dHidden: Matrix, in workspace: Workspace
  ) -> Double {
    guard !targets.isEmpty else { return 0 }
    let pass = forward(hidden, workspace)
    let logits = pass.logits
    let rows = targets.count
    var losses = [Float](repeating: 0, count: rows)
    xk_softmax_cross_entropy(logits.pointer, targets, &losses, Int64(rows), Int64(logits.columns))
    for (index, target) in targets.enumerated() { logits[index, Int(target)] -= 1 }
    xk_scale(logits.pointer, weight / Float(rows), Int64(logits.count))
    if let gradient = words.gradientMatrix {
      Matmul.multiply(logits, pass.transformed, into: gradient, transposeA: true, beta: 1)
    }
    if let gradient = bias.gradient { Elementwise.addColumnSums(logits, into: gradient) }
    let dTransformed = workspace.take(rows, hidden.columns)
    Matmul.multiply(logits, words.matrix, into: dTransformed)
    let dAfter = workspace.take(rows, hidden.columns)
    norm.backward(pass.norm, dy: dTransformed, dx: dAfter)
    Elementwise.activationBackward(pass.before, dy: dAfter)
    dense.backward(hidden, dy: dAfter, dx: dHidden)
    return losses.reduce(0) { $0 + Double($1) } / Double(rows)
  }
}
