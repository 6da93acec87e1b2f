import CKernels
import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

/// Operations against the same formula in float64: needs no fixtures.
struct KernelTests {
  let workspace = Workspace(blockBytes: 1 << 16)

  private func noise(_ count: Int, _ name: String, scale: Double = 1) -> [Float] {
    var stream = RandomStream(seed: 11, "kernel-tests/" + name)
    return (0..<count).map { _ in Float(scale * stream.uniform(-1, 1)) }
  }

  /// Counts on both sides of the 16-float vectors.
  @Test(arguments: [1, 15, 16, 17, 48, 101])
  func gelu(count: Int) {
    let x = workspace.matrix(noise(count, "gelu", scale: 7), columns: count)
    let y = workspace.take(1, count)
    Elementwise.activate(x, into: y)
    let slope = workspace.take(1, count)
    slope.fill(1)
    Elementwise.activationBackward(x, dy: slope)
    for index in 0..<count {
      let v = Double(x.pointer[index])
      let cumulative = 0.5 * erfc(-v / 2.0.squareRoot())
      let density = exp(-v * v / 2) / (2 * Double.pi).squareRoot()
      #expect(abs(Double(y.pointer[index]) - v * cumulative) < 2e-6)
      #expect(abs(Double(slope.pointer[index]) - (cumulative + v * density)) < 2e-6)
    }
  }

  @Test func sigmoidCrossEntropy() {
    let logits: [Float] = [-90, -8, -0.5, 0, 3, 90, 40, -40]
    let targets: [Float] = [0, 1, 0.25, 1, 0, 1, 0, 1]
    var found = logits
    var losses: [Float] = [0, 0]
    xk_sigmoid_cross_entropy(&found, targets, &losses, 2, 4)
    for row in 0..<2 {
      var total = 0.0
      for index in row * 4..<row * 4 + 4 {
        let (x, t) = (Double(logits[index]), Double(targets[index]))
        total += max(x, 0) - x * t + log1p(exp(-abs(x)))
        #expect(abs(Double(found[index]) - (1 / (1 + exp(-x)) - t)) < 1e-6)
      }
      #expect(abs(Double(losses[row]) - total / 4) < 1e-5)
    }
  }

  @Test(arguments: [1, 2, 16, 17, 33])
  func softmaxCrossEntropy(columns: Int) {
    let logits = noise(3 * columns, "softmax", scale: 30)
    let targets = [0, columns / 2, columns - 1].map(Int32.init)
    var found = logits
    var losses = [Float](repeating: 0, count: 3)
    xk_softmax_cross_entropy(&found, targets, &losses, 3, Int64(columns))
    for row in 0..<3 {
      let values = logits[row * columns..<(row + 1) * columns].map(Double.init)
      let high = values.max() ?? 0
      let sum = values.reduce(0) { $0 + exp($1 - high) }
      let loss = log(sum) + high - values[Int(targets[row])]
      #expect(abs(Double(losses[row]) - loss) < 2e-5)
      for column in 0..<columns {
        #expect(
          abs(Double(found[row * columns + column]) - exp(values[column] - high) / sum) < 1e-6)
      }
    }
  }

  @Test func columnSumsOfASliceAddToWhatIsThere() {
    let whole = workspace.matrix(noise(13 * 150, "columns"), columns: 150)
    let slice = whole.slice(columns: 20..<120)
    var sums = [Float](repeating: 0.5, count: 100)
    sums.withUnsafeMutableBufferPointer {
      Elementwise.addColumnSums(slice, into: $0.baseAddress!)
    }
    for column in 0..<100 {
      let expected = (0..<13).reduce(0.5) { $0 + Double(slice[$1, column]) }
      #expect(abs(Double(sums[column]) - expected) < 1e-5)
    }
  }

  @Test func everyBfloat16SurvivesTheRoundTrip() {
    let all = (0...UInt16.max).map { $0 }
    var floats = [Float](repeating: 0, count: all.count)
    var back = [UInt16](repeating: 0, count: all.count)
    xk_bf16_to_f32(all, &floats, Int64(all.count))
    xk_f32_to_bf16(floats, &back, Int64(all.count))
    let changed = all.indices.filter { index in
      let returned = Float(bitPattern: UInt32(back[index]) << 16)
      return floats[index].isNaN ? !returned.isNaN : back[index] != all[index]
    }
    #expect(changed.isEmpty)
  }

  @Test func bfloat16RoundsToNearestEven() {
    // 1 + 2^-8 lies between 1 and 1 + 2^-7: to even, down; 1 + 3 * 2^-8 to even, up.
    let values: [Float] = [0x1.01p0, 0x1.018p0, 0x1.03p0, -0x1.01p0, .infinity, 3.4e38]
    var halves = [UInt16](repeating: 0, count: values.count)
    xk_f32_to_bf16(values, &halves, Int64(values.count))
    let back = halves.map { Float(bitPattern: UInt32($0) << 16) }
    let expected: [Float] = [1, 0x1.02p0, 0x1.04p0, -1, .infinity, .infinity]
    #expect(back == expected)
  }

  /// Products in all four orientations, with rows of a larger matrix, against float64.
  @Test(arguments: [1, 2, 3, 17, 70], [(5, 9), (33, 130)])
  func product(rows m: Int, inner: (n: Int, k: Int)) {
    let (n, k) = inner
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      let a = strided(transposeA ? k : m, transposeA ? m : k, "a")
      let b = strided(transposeB ? n : k, transposeB ? k : n, "b")
      let c = strided(m, n, "c")
      let before = c.array()
      Matmul.multiply(
        a, b, into: c, transposeA: transposeA, transposeB: transposeB, alpha: 0.5, beta: 2)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(0.0) {
            let left = transposeA ? a[$1, i] : a[i, $1]
            let right = transposeB ? b[j, $1] : b[$1, j]
            return $0 + Double(left) * Double(right)
          }
          let expected = 0.5 * sum + 2 * Double(before[i * n + j])
          #expect(abs(Double(c[i, j]) - expected) < 1e-4)
        }
      }
    }
  }

  /// Columns in the middle of a wider matrix.
  private func strided(_ rows: Int, _ columns: Int, _ name: String) -> Matrix {
    workspace.matrix(noise(rows * (columns + 7), name), columns: columns + 7)
      .slice(columns: 3..<3 + columns)
  }

  @Test func clippingScalesToTheLimitOnlyWhenAbove() {
    let parameter = Parameter("w", [2, 2])
    parameter.isTrainable = true
    for index in 0..<4 { parameter.gradient?[index] = 3 }
    let parameters = Parameters([parameter, Parameter("frozen", [5])])
    #expect(parameters.clipGradients(to: 10) == 6)
    #expect(parameters.gradientNorm() == 6)
    #expect(parameters.clipGradients(to: 2) == 6)
    #expect(abs(parameters.gradientNorm() - 2) < 1e-5)
    #expect(parameters.trainableCount == 4 && parameters.count == 9)
  }
}
