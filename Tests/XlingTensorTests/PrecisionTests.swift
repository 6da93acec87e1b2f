import CKernels
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTensor

/// Products in bf16 against sums of rounded operands in double precision, of oneDNN's and of our own form.
@Suite(.serialized)
struct PrecisionTests {
  let workspace = Workspace()

  private func noise(_ rows: Int, _ columns: Int, _ name: String) -> Matrix {
    var stream = RandomStream(seed: 7, "precision-tests/" + name)
    return workspace.matrix(
      (0..<rows * columns).map { _ in Float(stream.uniform(-1, 1)) }, columns: columns)
  }

  private func rounded(_ x: Matrix) -> [[Double]] {
    (0..<x.rows).map { row in
      var half = [UInt16](repeating: 0, count: x.columns)
      var wide = [Float](repeating: 0, count: x.columns)
      xk_f32_to_bf16(x.row(row), &half, Int64(x.columns))
      xk_bf16_to_f32(half, &wide, Int64(x.columns))
      return wide.map(Double.init)
    }
  }

  /// op(A) op(B) of rounded operands.
  private func product(
    _ a: [[Double]], _ b: [[Double]], transposeA: Bool = false, transposeB: Bool = false
  ) -> [Float] {
    let rows = transposeA ? a[0].count : a.count
    let inner = transposeA ? a.count : a[0].count
    let columns = transposeB ? b.count : b[0].count
    var values: [Float] = []
    for i in 0..<rows {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<inner {
          let left = transposeA ? a[k][i] : a[i][k]
          let right = transposeB ? b[j][k] : b[k][j]
          sum += left * right
        }
        values.append(Float(sum))
      }
    }
    return values
  }

  /// The library's form where this machine has it, and always our own.
  static let forms = Precision.unit == .rounding ? [false] : [true, false]

  @Test func roundsToNearestEven() {
    // 1 + 2^-8 lies in the middle and goes to 1, 1 + 3 * 2^-8 to 1 + 2^-6.
    let values: [Float] = [1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256, 1 + 1.001 / 256, .infinity]
    var half = [UInt16](repeating: 0, count: 5)
    xk_f32_to_bf16(values, &half, 5)
    #expect(half == [0x3F80, 0x3F82, 0xBF80, 0x3F81, 0x7F80])
  }

  @Test(arguments: forms, [(70, 48, 96), (3, 96, 20), (130, 20, 48)])
  func productsAreThoseOfRoundedNumbers(library: Bool, shape: (Int, Int, Int)) {
    let (rows, inner, columns) = shape
    let (x, w) = (noise(rows, inner, "x"), noise(columns, inner, "w"))
    let bias = noise(1, columns, "b")
    let y = workspace.take(rows, columns)
    let expected = product(rounded(x), rounded(w), transposeB: true)
    let packed = PackedWeights(w, transposed: true, library: library)
    Matmul.multiply(x, packed, into: y)
    #expect(Distance.largest(y.array(), expected) < 1e-5)
    Matmul.multiply(x, packed, bias: bias.pointer, into: y, accumulate: true)
    let twice = expected.indices.map { (index: Int) -> Float in
      2 * expected[index] + bias.pointer[index % columns]
    }
    #expect(Distance.largest(y.array(), twice) < 2e-5)
    // Into some columns of a wider matrix, the others untouched.
    let wide = workspace.zeros(rows, columns + 5)
    Matmul.multiply(x, packed, into: wide.slice(columns: 5..<columns + 5))
    #expect(wide[rows - 1, 4] == 0)
    let part = workspace.take(rows, columns)
    Elementwise.copy(wide.slice(columns: 5..<columns + 5), into: part)
    #expect(Distance.largest(part.array(), expected) < 1e-5)
    // And the other way through the weight.
    let dx = workspace.take(rows, inner)
    let dy = noise(rows, columns, "dy")
    Matmul.multiply(dy, PackedWeights(w, transposed: false, library: library), into: dx)
    #expect(Distance.largest(dx.array(), product(rounded(dy), rounded(w))) < 1e-5)
  }

  @Test(arguments: forms)
  func weightGradientsAreThoseOfRoundedNumbers(library: Bool) {
    let (a, b) = (noise(70, 200, "a"), noise(70, 48, "b"))
    let c = workspace.zeros(200, 48)
    c.fill(1)
    Matmul.addOuter(a, b, to: c, library: library)
    let expected = product(rounded(a), rounded(b), transposeA: true).map { $0 + 1 }
    #expect(Distance.largest(c.array(), expected) < 2e-5)
  }

  private func withThreads<Result>(_ count: Int, _ body: () -> Result) -> Result {
    let before = Parallel.threads
    Parallel.setThreads(count)
    defer { Parallel.setThreads(before) }
    return body()
  }

  @Test(arguments: [(192, 768), (768, 192), (192, 48)])
  func rowsDependNeitherOnTheBatchNorOnThreads(input: Int, output: Int) throws {
    let dense = Linear("dense", from: input, to: output)
    Initialization.truncatedNormal(dense.weight, seed: 1, deviation: 0.02)
    dense.weight.precision = .bf16
    let x = noise(330, input, "x")
    func run(_ rows: Range<Int>, threads: Int) -> [UInt32] {
      let y = workspace.take(rows.count, output)
      withThreads(threads) { dense.forward(x.slice(rows: rows), into: y) }
      return y.array().map(\.bitPattern)
    }
    let all = run(0..<330, threads: 1)
    for threads in [2, 3, 8] { #expect(run(0..<330, threads: threads) == all) }
    for count in [1, 2, 17, 63, 64, 65, 129] {
      #expect(
        run(7..<7 + count, threads: 2) == Array(all[7 * output..<(7 + count) * output]),
        "\(count) rows")
    }
  }

  @Test func gradientsDoNotDependOnThreads() {
    let (a, b) = (noise(130, 400, "a"), noise(130, 96, "b"))
    func run(_ threads: Int) -> [Float] {
      let c = workspace.zeros(400, 96)
      withThreads(threads) { Matmul.addOuter(a, b, to: c) }
      return c.array()
    }
    #expect(run(1) == run(2) && run(1) == run(5))
  }

  @Test func whatChangesIsLaidOutAnew() {
    let dense = Linear("dense", from: 32, to: 32, bias: false)
    dense.weight.precision = .bf16
    let (x, y) = (noise(4, 32, "x"), workspace.take(4, 32))
    func written(_ value: Float) -> Float {
      dense.weight.value.update(repeating: value, count: dense.weight.count)
      dense.forward(x, into: y)
      return y[0, 0]
    }
    // Trained: as it is now. Frozen: once, until somebody says that it was written.
    dense.weight.isTrainable = true
    let (one, two) = (written(1), written(2))
    #expect(one != 0 && two == 2 * one)
    dense.weight.isTrainable = false
    #expect(written(4) == 4 * one && written(8) == 4 * one)
    dense.weight.forgetPacked()
    #expect(written(8) == 8 * one)
    dense.weight.precision = .fp32
    #expect(abs(written(1) - one) < 0.05)
  }

  @Test func joinedLayersAreThemselves() {
    let layers = ["q", "k", "v"].map { name in
      let dense = Linear(name, from: 40, to: 24)
      Initialization.truncatedNormal(dense.weight, seed: 1, deviation: 1)
      dense.weight.precision = .bf16
      return dense
    }
    layers[1].bias?.value.update(repeating: 3, count: 24)
    #expect(JoinedWeights.join(layers))
    let joined = JoinedWeights()
    let (x, dy) = (noise(70, 40, "x"), noise(70, 72, "dy"))
    func compare() {
      let (y, apart) = (workspace.take(70, 72), workspace.take(70, 72))
      let (dx, dxApart) = (workspace.zeros(70, 40), workspace.zeros(70, 40))
      joined.forward(layers, x, into: y)
      joined.backward(layers, dy: dy, dx: dx, accumulate: true)
      for (index, dense) in layers.enumerated() {
        let columns = index * 24..<(index + 1) * 24
        dense.forward(x, into: apart.slice(columns: columns))
        dense.backward(x, dy: dy.slice(columns: columns), dx: dxApart, accumulate: true)
      }
      #expect(Distance.largest(y.array(), apart.array()) < 1e-5)
      #expect(Distance.largest(dx.array(), dxApart.array()) < 1e-4)
    }
    compare()
    layers[2].weight.value.update(repeating: 0.5, count: 24 * 40)
    layers[2].weight.forgetPacked()
    compare()
    layers[0].weight.isTrainable = true
    #expect(!JoinedWeights.join(layers))
  }

  @Test func namesWhatDecidesTheBits() {
    #expect(Precision.fp32.kernels == Matmul.coreName)
    #expect(Precision.bf16.kernels.hasPrefix(Matmul.coreName + ", bf16 "))
    #expect(Precision.fp32.stored == "float32" && Precision.bf16.stored == "bf16")
    #expect("\(PrecisionFailure.notBuilt)".contains("libdnnl-dev"))
    #expect("\(PrecisionFailure.notThere)".contains("libdnnl.so.2"))
    // A measurement says what it took.
    let measured = Precision.measure(width: 64, rows: 64)
    #expect(measured.text.contains("takes \(measured.fastest.rawValue)"))
    #expect(Precision.hasHardware || measured.fastest == .fp32)
  }
}
