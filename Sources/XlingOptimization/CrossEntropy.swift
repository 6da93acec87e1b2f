import CKernels
import XlingTensor

/// Softmax cross-entropy of samples among classes.
public enum CrossEntropy {
  /// `logits` [samples, classes] become the gradient of the loss by them, (softmax - one hot) / samples;
  /// returns the loss, the mean over samples of logsumexp(logits) - logits[target], summed in float64.
  public static func forwardBackward(_ logits: Matrix, targets: [Int32]) -> Float {
    precondition(logits.isContiguous && logits.rows == targets.count)
    let samples = logits.rows
    var losses = [Float](repeating: 0, count: samples)
    xk_softmax_cross_entropy(
      logits.pointer, targets, &losses, Int64(samples), Int64(logits.columns))
    let scale = 1 / Float(samples)
    for (row, target) in targets.enumerated() {
      logits[row, Int(target)] -= 1
      for column in 0..<logits.columns { logits[row, column] *= scale }
    }
    return Float(losses.reduce(0.0) { $0 + Double($1) } / Double(samples))
  }
}
