import XlingAlignment
import XlingCore
import XlingTensor
import XlingTowers

/// About how long a training will take on this machine, before its first step: from the products that it has to
/// form, and how fast one of them is here. Right to a factor of about two.
enum TrainingDuration {
  /// Seconds for `steps` updates of `batch` pairs each, drawn from `pairs`.
  static func seconds(_ model: DualEncoder, steps: Int, batch: Int, pairs: Int) -> Double {
    let seen = Double(steps) * Double(batch)
    let texts = work(model.text, tokens: typicalTokens)
    let images = work(
      model.image,
      tokens: model.image.configuration.patches + model.image.configuration.prefixTokens)
    let operations = [texts, images].reduce(0.0) { sum, side in
      // A tower that learns nothing is computed once for each pair and then remembered.
      sum + (side.isTrained ? seen : min(seen, Double(pairs))) * side.operations
    }
    return operations / (shareReached * operationsPerSecond(model.precision)) + Double(steps)
      * besideTowers
  }

  /// Of captions such as COCO's, with start and end.
  private static let typicalTokens = 16

  /// Of the speed that is measured below, by everything that the towers do. Measured with the shipped towers
  /// on two cores of a Zen 3 (AVX2): 625 steps of `lwa` take 6.9 minutes, of `full` 9.4.
  private static let shareReached = 0.8

  /// Seconds of a step beside the towers: heads, loss, optimizer, validation.
  private static let besideTowers = 0.02

  /// Multiplications and additions for one input, forward and, where something is trained, back.
  private static func work(
    _ tower: some Tower, tokens: Int
  ) -> (operations: Double, isTrained: Bool) {
    let layers = tower.encoder.layers
    let all = layers.reduce(0) { sum, layer in
      (layer.parameters + layer.adapterParameters).reduce(sum) { $0 + $1.count }
    }
    let trained = tower.parameters.all.filter(\.isTrainable).reduce(0) { $0 + $1.count }
    guard trained > 0 else { return (2 * Double(all) * Double(tokens), false) }
    // Forward, the gradient of what enters each layer, and that of the weights that are trained.
    let passes = 2 + min(1, Double(trained) / Double(max(1, all)))
    return (2 * Double(all) * Double(tokens) * passes, true)
  }

  /// Of products of the size that towers form, on all threads, measured for a few hundredths of a second.
  private static func operationsPerSecond(_ precision: Precision) -> Double {
    let workspace = Workspace()
    let (rows, inner, columns) = (512, 256, 512)
    let x = workspace.zeros(rows, inner)
    let y = workspace.take(rows, columns)
    let dense = Linear("measured", from: inner, to: columns, bias: false)
    dense.weight.precision = precision
    dense.forward(x, into: y)
    var (count, began) = (0, ProgressBar.uptime())
    var now = began
    while now - began < 0.03 {
      dense.forward(x, into: y)
      count += 1
      now = ProgressBar.uptime()
    }
    began = max(now - began, 1e-6)
    return 2 * Double(count * rows * inner * columns) / began
  }
}
