import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

@Suite("memory of a training, by formula")
struct MemoryTests {
  /// Bytes of activations of a step of `count` pairs, their texts of five tokens.
  private func taken(_ model: DualEncoder, _ count: Int) throws -> Double {
    let workspace = Workspace()
    let pairs = TinyPairs()
    let loader = PixelLoader(preprocessing: ImagePreprocessing(size: 16))
    let pictures = try PictureBatch(count, of: loader.elementCount, in: workspace) {
      try loader.load(
        (0..<count).map { $0 % pairs.count }, step: 1, firstRow: 0, into: $0,
        picture: pairs.picture)
    }
    _ = model.forwardBackward(
      texts: .tokens(Array(repeating: [2, 5, 6, 7, 3], count: count)),
      images: .pictures(pictures), in: workspace)
    return Double(workspace.peak)
  }

  private func memory(_ model: DualEncoder, batch: Int = 8) -> TrainingMemory {
    var configuration = AlignmentConfiguration(recipe: model.recipe, seed: 1, steps: 1)
    configuration.batchSize = batch
    return TrainingMemory(model, configuration, tokens: 5)
  }

  @Test(arguments: TinyModel.methods, [false, true])
  func activationsAreForetold(_ method: String, recomputing: Bool) throws {
    let model = try TinyModel.dual(method)
    model.text.encoder.recomputesActivations = recomputing
    model.image.encoder.recomputesActivations = recomputing
    // The difference, so that what a batch takes once does not count.
    let real = try (taken(model, 40) - taken(model, 20)) / 20
    let ratio = memory(model).ofPair / real
    #expect(ratio > 0.75 && ratio < 1.4, "\(ratio)")
  }

  @Test func whatFitsIsSaid() throws {
    let memory = memory(try TinyModel.dual("full"), batch: 4)
    let free = Int(memory.fixed + 10.5 * memory.ofPair)
    #expect(memory.pairs(within: free) == 10)
    try memory.check(pairs: 10, free: free)
    #expect(
      throws: AlignmentFailure.memory(
        pairs: 16, needs: memory.bytes(pairs: 16), free: free, fits: 10)
    ) { try memory.check(pairs: 16, free: free) }
    #expect(memory.pairs(within: 1) == 0)
    let failure = AlignmentFailure.memory(
      pairs: 64, needs: 21_000_000_000, free: 7_900_000_000, fits: 16)
    #expect(
      failure.description
        == "a step with 64 pairs at once needs about 21 GB of memory beside the towers, and 7.9 GB "
        + "are free. Use --chunk 16: the gradient stays that of the whole batch, in about a third more time."
    )
  }

  @Test func theMachineSaysHowMuchIsFree() throws {
    let free = try #require(FreeMemory.bytes())
    #expect(free > 1 << 20 && free < 1 << 50)
  }
}
