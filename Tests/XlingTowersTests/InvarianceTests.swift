import Testing
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// A caption's or picture's vector has the same bits alone and in any batch, on any number of
/// threads; so have the gradients on any number of threads.
@Suite(.serialized)
struct InvarianceTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  private func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let before = Parallel.threads
    Parallel.setThreads(count)
    defer { Parallel.setThreads(before) }
    return try body()
  }

  @Test func textGradientsOnOneAndTwoThreads() throws { try threads(try TextRun()) }
  @Test func imageGradientsOnOneAndTwoThreads() throws { try threads(try ImageRun()) }

  private func threads(_ run: some TowerRun) throws {
    run.tower.train { _ in true }
    let pooled = try withThreads(1) { try run.step(in: workspace) }
    let gradients = run.tower.gradients
    for count in [2, 5] {
      run.tower.train { _ in true }
      workspace.reset()
      let again = try withThreads(count) { try run.step(in: workspace) }
      #expect(again == pooled)
      #expect(run.tower.gradients == gradients)
    }
  }

  /// Large enough that OpenBLAS multiplies, and that threads share the rows.
  @Test func aCaptionAloneHasTheBitsItHasInABatch() {
    let tower = TextTower(
      BERTConfiguration(
        vocabularySize: 300, hiddenSize: 96, layers: 2, heads: 4, intermediateSize: 384))
    tower.initialize(seed: 1, deviation: 0.1)
    var stream = RandomStream(seed: 2, "captions")
    let captions = (0..<40).map { row in (0...row % 23).map { _ in Int32(stream.index(300)) } }
    func pooled(_ rows: Range<Int>, threads: Int) -> [[Float]] {
      withThreads(threads) {
        workspace.reset()
        let vectors = Matmul.$keepsRowsAlike.withValue(true) {
          let activations = tower.forward(
            TokenBatch(Array(captions[rows])), in: workspace, training: false)
          return tower.pool(activations, in: workspace)
        }
        return (0..<rows.count).map { vectors.slice(rows: $0..<$0 + 1).array() }
      }
    }
    let all = pooled(0..<40, threads: 1)
    #expect(pooled(0..<40, threads: 2) == all)
    for row in 0..<40 {
      let alone = pooled(row..<row + 1, threads: 2)
      #expect(alone[0] == all[row], "a caption of \(captions[row].count) tokens")
    }
    #expect(pooled(11..<30, threads: 3) == Array(all[11..<30]))
  }

  @Test func aPictureAloneHasTheBitsItHasInABatch() {
    let tower = ImageTower(
      ViTConfiguration(
        imageSize: 32, patchSize: 8, hiddenSize: 96, layers: 2, heads: 3, intermediateSize: 384))
    tower.initialize(seed: 1, deviation: 0.1)
    var stream = RandomStream(seed: 3, "pictures")
    let pixels = Pixels((0..<10 * 3 * 32 * 32).map { _ in Float(stream.uniform(-1, 1)) })
    func pooled(_ first: Int, _ count: Int, threads: Int) -> [Float] {
      withThreads(threads) {
        workspace.reset()
        let batch = pixels.batch(of: tower, first: first, count: count)
        return Matmul.$keepsRowsAlike.withValue(true) {
          let activations = tower.forward(batch, in: workspace, training: false)
          return tower.pool(activations, in: workspace).vectors.array()
        }
      }
    }
    let all = pooled(0, 10, threads: 1)
    #expect(pooled(0, 10, threads: 2) == all)
    for picture in 0..<10 {
      let expected = Array(all[picture * 96..<(picture + 1) * 96])
      let alone = pooled(picture, 1, threads: 2)
      #expect(alone == expected, "picture \(picture)")
    }
  }
}
