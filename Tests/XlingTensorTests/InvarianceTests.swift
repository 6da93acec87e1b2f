import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

/// The bits of a result depend neither on the number of threads nor on what else is in the batch.
@Suite(.serialized)
struct InvarianceTests {
  let workspace = Workspace()

  private func noise(_ rows: Int, _ columns: Int, _ name: String) -> Matrix {
    var stream = RandomStream(seed: 5, "invariance-tests/" + name)
    return workspace.matrix(
      (0..<rows * columns).map { _ in Float(stream.uniform(-1, 1)) }, columns: columns)
  }

  private func withThreads<Result>(_ count: Int, _ body: () -> Result) -> Result {
    let before = Parallel.threads
    Parallel.setThreads(count)
    defer { Parallel.setThreads(before) }
    return body()
  }

  /// Widths of the shipped towers, their adapters and small ones; counts on both sides of every
  /// size at which OpenBLAS changes its kernel.
  @Test(arguments: [
    (192, 192), (192, 576), (192, 768), (768, 192), (192, 48), (48, 192), (36, 20), (700, 200),
    (196, 1_008),
  ])
  func linearRowsDoNotDependOnBatchOrThreads(input: Int, output: Int) {
    let linear = Linear("dense", from: input, to: output)
    Initialization.truncatedNormal(linear.weight, seed: 1, deviation: 0.02)
    let x = noise(650, input, "x")
    let dy = noise(650, output, "dy")
    func run(_ rows: Range<Int>, threads: Int) -> (y: [Float], dx: [Float]) {
      let y = workspace.take(rows.count, output)
      let dx = workspace.take(rows.count, input)
      withThreads(threads) {
        Matmul.$keepsRowsAlike.withValue(true) {
          linear.forward(x.slice(rows: rows), into: y)
          linear.backward(x.slice(rows: rows), dy: dy.slice(rows: rows), dx: dx)
        }
      }
      return (y.array(), dx.array())
    }
    let all = run(0..<650, threads: 1)
    for threads in [2, 3, 8] {
      let again = run(0..<650, threads: threads)
      #expect(differences(again.y, all.y) == 0, "\(threads) threads")
      #expect(differences(again.dx, all.dx) == 0, "\(threads) threads, backward")
    }
    for count in [1, 2, 5, 27, 28, 31, 65, 129, 199, 400, 578] {
      let some = run(7..<7 + count, threads: count % 7 + 1)
      let y = Array(all.y[7 * output..<(7 + count) * output])
      let dx = Array(all.dx[7 * input..<(7 + count) * input])
      #expect(differences(some.y, y) == 0, "\(count) rows")
      #expect(differences(some.dx, dx) == 0, "\(count) rows, backward")
    }
  }

  /// How many numbers differ in any bit.
  private func differences(_ a: [Float], _ b: [Float]) -> Int {
    a.count == b.count ? zip(a, b).count { $0.bitPattern != $1.bitPattern } : max(a.count, b.count)
  }

  /// Training's bits stay those of the first versions: most of a product is the same either way.
  @Test func onlyColumnsAtTheEdgesOfBlocksAreComputedAnew() {
    let (x, w) = (noise(48, 192, "x"), noise(192, 192, "w"))
    let (plain, alike) = (workspace.take(48, 192), workspace.take(48, 192))
    Matmul.multiply(x, w, into: plain, transposeB: true)
    Matmul.$keepsRowsAlike.withValue(true) {
      Matmul.multiply(x, w, into: alike, transposeB: true)
    }
    #expect((differences(plain.array(), alike.array()) > 0) == Matmul.rowsDifferByPlace)
    #expect(zip(plain.array(), alike.array()).allSatisfy { abs($0 - $1) < 1e-4 })
    let changed = zip(plain.array(), alike.array()).filter { $0 != $1 }
    #expect(changed.count < 48 * 192 / 20)
  }

  @Test func attentionAndNormsDoNotDependOnThreads() {
    let layout = SequenceLayout(lengths: [65, 1, 30, 64, 200, 2, 65, 65])
    let qkv = noise(layout.rows, 96, "qkv")
    let norm = LayerNorm("norm", width: 96, epsilon: 1e-6)
    for parameter in norm.parameters { parameter.isTrainable = true }
    func run(_ threads: Int) -> [[Float]] {
      withThreads(threads) {
        for parameter in norm.parameters { parameter.zeroGradient() }
        let context = workspace.take(layout.rows, 32)
        let attention = Attention(heads: 2, size: 16)
        attention.forward(.init(sideBySide: qkv), layout, into: context)
        let dqkv = workspace.take(layout.rows, 96)
        attention.backward(
          .init(sideBySide: qkv), layout, dcontext: context, into: .init(sideBySide: dqkv))
        let normal = workspace.take(layout.rows, 96)
        let kept = norm.forward(dqkv, into: normal, in: workspace)
        norm.backward(kept, dy: qkv, dx: normal)
        return [context, dqkv, normal].map { $0.array() } + norm.parameters.map(\.gradients)
      }
    }
    let one = run(1)
    for threads in [2, 3] {
      for (found, expected) in zip(run(threads), one) {
        #expect(differences(found, expected) == 0, "\(threads) threads")
      }
    }
  }

  /// Queries of a few rows have the bits that they have among all, forward and back.
  @Test(arguments: [false, true])
  func attentionOfFewQueriesIsThatOfAll(isBare: Bool) {
    let lengths = [65, 1, 30, 7]
    let layout = SequenceLayout(
      lengths: lengths, keep: isBare ? nil : (0..<103).map { $0 % 5 == 3 ? 0 : 1 })
    let rows = [0, 4, 64, 65, 66, 80, 95, 96, 102]
    let attention = Attention(heads: 2, size: 16)
    let bias = isBare ? nil : Attention.Bias(noise(2, 131, "bias"))
    let keys = (0..<103).map { UInt64($0) * 977 }
    let dropout =
      isBare ? nil : Dropout(rate: 0.2, keys: keys, site: 3)
    let qkv = noise(layout.rows, 96, "qkv")
    let all = AttentionProjections(sideBySide: qkv)
    let few = AttentionProjections(
      queries: workspace.take(rows.count, 32), keysAndValues: qkv.slice(columns: 32..<96),
      read: .init(rows, of: layout))
    all.queries.gather(rows: rows, into: few.queries)

    let context = workspace.take(layout.rows, 32)
    attention.forward(all, layout, bias: bias, dropout: dropout, into: context)
    let expected = workspace.take(rows.count, 32)
    context.gather(rows: rows, into: expected)
    let read = workspace.take(rows.count, 32)
    attention.forward(few, layout, bias: bias, dropout: dropout, into: read)
    #expect(differences(read.array(), expected.array()) == 0)

    let dread = noise(rows.count, 32, "dread")
    let dcontext = workspace.zeros(layout.rows, 32)
    dcontext.scatterAdd(dread, rows: rows)
    let dall = AttentionProjections(sideBySide: workspace.take(layout.rows, 96))
    attention.backward(
      all, layout, bias: bias, dropout: dropout, dcontext: dcontext, into: dall)
    let dfew = AttentionProjections(
      queries: workspace.take(rows.count, 32),
      keysAndValues: workspace.take(layout.rows, 64), read: .init(rows, of: layout))
    attention.backward(
      few, layout, bias: bias, dropout: dropout, dcontext: dread, into: dfew)
    all.queries.gather(rows: rows, into: read)
    dall.queries.gather(rows: rows, into: expected)
    for (found, gold) in [
      (dfew.queries, expected), (dfew.keys, dall.keys), (dfew.values, dall.values),
    ] {
      #expect(differences(found.array(), gold.array()) == 0)
    }
  }

  @Test func weightGradientsDoNotDependOnThreads() {
    let x = noise(1000, 192, "x")
    let dy = noise(1000, 300, "dy")
    func run(_ threads: Int) -> [Float] {
      let linear = Linear("dense", from: 192, to: 300)
      linear.weight.isTrainable = true
      linear.bias?.isTrainable = true
      withThreads(threads) { linear.backward(x, dy: dy, dx: nil) }
      return linear.weight.gradients + (linear.bias?.gradients ?? [])
    }
    let one = run(1)
    for threads in [2, 3, 8] { #expect(differences(run(threads), one) == 0) }
  }
}
