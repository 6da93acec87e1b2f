import Testing
import XlingCore
import XlingTensor

@testable import XlingPretraining

struct CrossCorrelationTests {
  private let workspace = Workspace()

  private func random(_ rows: Int, _ columns: Int, _ name: String) -> Matrix {
    var stream = RandomStream(seed: 1, name)
    let x = workspace.take(rows, columns)
    for row in 0..<rows {
      for column in 0..<columns { x[row, column] = Float(stream.uniform(-1, 1)) }
    }
    return x
  }

  @Test func bothGradientsAgreeWithCentralDifferences() {
    let (a, b) = (random(7, 4, "a"), random(7, 4, "b"))
    let (da, db) = (workspace.take(7, 4), workspace.take(7, 4))
    func loss() -> Double {
      CrossCorrelation.forwardBackward(
        a, b, redundancy: 0.3, weight: 1, dFirst: da, dSecond: db, in: Workspace()
      ).loss
    }
    _ = loss()
    let found = da.array() + db.array()
    let step: Float = 1e-2
    for (part, x) in [a, b].enumerated() {
      for index in 0..<x.count {
        let kept = x.pointer[index]
        x.pointer[index] = kept + step
        let above = loss()
        x.pointer[index] = kept - step
        let difference = (above - loss()) / Double(2 * step)
        x.pointer[index] = kept
        #expect(abs(Double(found[28 * part + index]) - difference) < 2e-4)
      }
    }
  }

  /// A translation that varies as its text does, in dimensions that say different things, has nothing
  /// to learn, whatever its mean and scale.
  @Test func equalUpToScaleAndMeanIsTheOptimum() {
    let a = workspace.take(4, 2)
    let b = workspace.take(4, 2)
    for (row, pair) in [(1, 1), (1, -1), (-1, 1), (-1, -1)].enumerated() {
      (a[row, 0], a[row, 1]) = (Float(pair.0), Float(pair.1))
      (b[row, 0], b[row, 1]) = (5 + 3 * Float(pair.0), 0.5 * Float(pair.1) - 2)
    }
    let (da, db) = (workspace.take(4, 2), workspace.take(4, 2))
    let result = CrossCorrelation.forwardBackward(
      a, b, redundancy: 1, weight: 1, dFirst: da, dSecond: db, in: workspace)
    #expect(abs(result.correlation - 1) < 1e-4)
    #expect(result.loss < 1e-6)
    #expect((da.array() + db.array()).allSatisfy { abs($0) < 1e-3 })
  }
}
