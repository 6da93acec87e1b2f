import Testing
import XlingAdapters
import XlingTensor
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

/// Towers of width 16, two layers, feed-forward 32; pictures of 16 in patches of 8; texts of 5 tokens; embeddings
/// of 12. All counts worked out by hand, in multiplications and additions.
@Suite("operations of a training, counted")
struct OperationsTests {
  private static func product(_ rows: Double, _ inner: Double, _ columns: Double) -> Double {
    2 * rows * inner * columns
  }
  /// One dense layer of the width, the feed-forward block, and one of attention's products, of n rows.
  private static func dense(_ n: Double) -> Double { product(n, 16, 16) }
  private static func feedForward(_ n: Double) -> Double { 2 * product(n, 16, 32) }
  private static func scores(_ n: Double) -> Double { scores(n, of: n) }
  /// Of a few queries among n rows.
  private static func scores(_ queries: Double, of n: Double) -> Double { product(queries, n, 16) }

  /// A layer of n rows: four dense layers, scores and their use, the feed-forward block; all rows leave, or one, of
  /// whose query alone there is need.
  private static func layer(_ n: Double) -> Double { 4 * dense(n) + 2 * scores(n) + feedForward(n) }
  private static func last(_ n: Double) -> Double {
    2 * dense(n) + 2 * dense(1) + 2 * scores(1, of: n) + feedForward(1)
  }
  /// Four patches of 3 x 8 x 8, then a class token before them.
  private static let patches = product(4, 192, 16)
  private static let text = layer(5) + last(5)
  private static let picture = patches + text

  private func operations(_ method: String, batch: Int = 4) throws -> (
    TrainingOperations, DualEncoder
  ) {
    let model = try TinyModel.dual(method)
    var configuration = AlignmentConfiguration(recipe: model.recipe, seed: 1, steps: 1)
    configuration.batchSize = batch
    return (
      TrainingOperations(model, configuration, tokens: 5, pairs: 10, captions: 20), model
    )
  }

  /// A head 16 x 12; both forward and their gradients, logits of four and the gradients of both sides.
  private static let head = product(1, 16, 12)
  private static let heads = 4 * head + 3 * product(1, 12, 4)

  @Test func frozenTowersCountOnceForEachInput() throws {
    let (operations, _) = try operations("projection")
    #expect(operations.ofPair == Self.heads)
    #expect(
      operations.ofKept == [
        .init(work: Self.text, items: 20), .init(work: Self.picture, items: 10),
      ])
    // 8 pairs, then 40: every caption and every picture was seen.
    let eight = 8 * (Self.heads + Self.text + Self.picture)
    #expect(operations.total(steps: 2) == eight)
    let forty = 40 * Self.heads + 20 * Self.text + 10 * Self.picture
    #expect(operations.total(steps: 10) == forty)
  }

  /// Everything is trained: each product forward has two back, but that pictures have no gradient, and attention's
  /// products two each.
  @Test func fullTrainingTakesThreeTimesTheWayForward() throws {
    let (operations, _) = try operations("full")
    #expect(operations.ofKept.isEmpty)
    let pictures = 3 * Self.picture - Self.patches
    // The heads pass their gradients on.
    let expected = 3 * Self.text + pictures + Self.heads + 2 * Self.head
    #expect(operations.ofPair == expected)
  }

  private func adapter(_ layer: EncoderLayer, _ site: AdapterSite) {
    let adapter = LayerwiseAdapter("adapter", width: 16, bottleneck: 3)
    for parameter in adapter.parameters { parameter.isTrainable = true }
    layer.adapters[site] = adapter
  }

  /// Of a row: 16 x 3 down and up.
  private static let adapter = 2 * product(1, 16, 3)

  /// BERT's adapters follow the branches: nothing goes back below the lowest, and frozen weights have no gradient.
  @Test func wayBackEndsAtTheLowestAdapter() {
    let text = TinyModel.text()
    for parameter in text.parameters.all { parameter.isTrainable = false }
    var work: Work { text.work(tokens: 5, reading: .pooled) }
    let one = Self.adapter
    #expect(work == Work(forward: Self.text))
    adapter(text.encoder.layers[1], .feedForward)
    #expect(work == Work(forward: Self.text + one, backward: 2 * one))
    adapter(text.encoder.layers[1], .attention)
    // Through the feed-forward block of the one row that is read.
    let second = 4 * one + Self.feedForward(1)
    #expect(work == Work(forward: Self.text + 2 * one, backward: second))
    adapter(text.encoder.layers[0], .attention)
    // Through the whole last layer, then through the first one's feed-forward block.
    let last = 2 * Self.dense(1) + 2 * Self.dense(5) + 4 * Self.scores(1, of: 5)
    let all = second + last + Self.feedForward(5) + 10 * one
    #expect(work == Work(forward: Self.text + 7 * one, backward: all))
  }

  /// ViT's stand before the norms: the way to one leads back through its block.
  @Test func adaptersBeforeTheNormLieBehindTheBlock() {
    let image = TinyModel.image()
    for parameter in image.parameters.all { parameter.isTrainable = false }
    adapter(image.encoder.layers[1], .feedForward)
    let back = 2 * Self.adapter + Self.feedForward(1)
    #expect(image.work == Work(forward: Self.picture + Self.adapter, backward: back))
  }

  @Test func budgetsBecomeTheMostStepsThatFit() throws {
    let (operations, _) = try operations("projection")
    for steps in [1, 2, 3, 9, 1_000] {
      let cost = operations.total(steps: steps)
      #expect(operations.steps(within: cost) == steps)
      #expect(operations.steps(within: cost - 1) == steps - 1)
      #expect(operations.steps(within: cost + 7 * Double(steps), eachStep: 7) == steps)
    }
    #expect(operations.steps(within: 0.5) == 0)
  }
}
