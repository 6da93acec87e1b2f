import XlingAlignment
import XlingCore
import XlingTensor

/// About how long a training will take on this machine, before its first step: from the products that it has to
/// form, and how fast one of them is here. Right to a factor of about two.
enum TrainingDuration {
  static func seconds(
    _ operations: TrainingOperations, steps: Int, operationsPerSecond speed: Double
  ) -> Double {
    operations.total(steps: steps) / (shareReached * speed) + Double(steps) * besideTowers
  }

  /// The most steps that take no longer than `seconds`; 0 where one does.
  static func steps(
    _ operations: TrainingOperations, within seconds: Double, operationsPerSecond speed: Double
  ) -> Int {
    operations.steps(
      within: seconds * shareReached * speed, eachStep: besideTowers * shareReached * speed)
  }

  /// Of captions such as COCO's, with start and end.
  static let typicalTokens = 16

  /// Of the speed that is measured below, by everything that the towers do. Measured with the shipped towers
  /// on two cores of a Zen 3 (AVX2): 625 steps of `lwa` take 6.9 minutes, of `full` 9.4.
  private static let shareReached = 0.8

  /// Seconds of a step beside the towers: loss, optimizer, pictures, validation.
  private static let besideTowers = 0.02

  /// Of products of the size that towers form, on all threads, measured for a few hundredths of a second.
  static func operationsPerSecond(_ precision: Precision) -> Double {
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
