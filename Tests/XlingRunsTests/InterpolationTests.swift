import Testing
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

@testable import XlingRuns

@Suite("towers between their pretrained and their trained weights")
struct InterpolationTests {
  let bench: TinyBench

  init() throws { bench = try TinyBench() }

  private func hidden(_ tower: TextTower) -> [Float] {
    let workspace = Workspace()
    let batch = TokenBatch([[2, 5, 9, 3], [2, 7, 3]])
    return tower.forward(batch, reading: .pooled, in: workspace, training: false).hidden.array()
  }

  private func tower(_ run: String) throws -> TextTower {
    try DualEncoder.load(run: bench.path(run)).text
  }

  /// Adapters, Kronecker products, low-rank updates, biases, everything: with 0 the tower computes what
  /// it did before training, with 1 what it did after.
  @Test(arguments: ["lwa", "compacter", "lora", "bitfit", "full"])
  func theEndsAreThePretrainedAndTheTrainedTower(_ method: String) throws {
    _ = try bench.trainer("run", try bench.configuration(method) { $0.peakRate = 3e-2 }).train()
    let interpolation = try RunInterpolation(run: bench.path("run"))
    let record = try interpolation.write(text: 0, image: 0.5, to: bench.path("none"))
    _ = try interpolation.write(text: 1, image: 0.5, to: bench.path("all"))
    let pretrained = hidden(try TextTower.load(bench.path("text")))
    let trained = hidden(try tower("run"))
    #expect(zip(pretrained, trained).contains { abs($0 - $1) > 1e-3 })
    #expect(zip(hidden(try tower("none")), pretrained).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(hidden(try tower("all")) == trained)
    #expect(record.interpolation?.text == 0 && record.interpolation?.run == "run")
    #expect(record.finalLoss == nil && record.validation == nil)
    #expect(try RunFolder(bench.path("none")).record() == record)
  }

  @Test func thawedWeightsGoStraight() throws {
    _ = try bench.trainer("run", try bench.configuration("full") { $0.peakRate = 3e-2 }).train()
    _ = try RunInterpolation(run: bench.path("run"))
      .write(text: 0.25, image: 1, to: bench.path("quarter"))
    let (before, after) = (try TextTower.load(bench.path("text")), try tower("run"))
    let between = try tower("quarter")
    for (index, parameter) in between.parameters.all.enumerated() {
      let (start, end) = (before.parameters.all[index], after.parameters.all[index])
      for (value, (a, b)) in zip(parameter.values, zip(start.values, end.values)) {
        #expect(abs(value - (0.75 * a + 0.25 * b)) < 1e-6)
      }
    }
  }

  @Test func whatNoShareScalesIsRefused() throws {
    _ = try bench.trainer("run", try bench.configuration("da")).train()
    let interpolation = try RunInterpolation(run: bench.path("run"))
    #expect(throws: RunFailure.self) {
      try interpolation.write(text: 0.5, image: 1, to: bench.path("half"))
    }
    #expect(throws: RunFailure.self) {
      try RunFolder(bench.path("half")).record()
    }
    _ = try bench.trainer("random", try bench.configuration("full-random")).train()
    #expect(throws: RunFailure.self) {
      try RunInterpolation(run: bench.path("random"))
        .write(text: 0.5, image: 1, to: bench.path("half"))
    }
  }
}
