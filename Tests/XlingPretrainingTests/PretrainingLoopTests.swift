import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport

@testable import XlingPretraining

@Suite struct PretrainingLoopTests {
  private func values(_ objective: RecognitionObjective) -> [[Float]] {
    objective.parameters.all.map { Array($0.values) }
  }

  private func run(_ steps: Int, in folder: String, objective steps2: Int = 6) throws
    -> RecognitionObjective
  {
    let objective = try Small.recognition(steps: steps2, singles: 2)
    let loop = PretrainingLoop(
      options: Small.options(steps: steps), objective: objective, folder: folder)
    try loop.resume()
    try loop.run()
    return objective
  }

  @Test func aResumedRunEndsWithTheSameBits() throws {
    let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
    let whole = try run(6, in: one.path)
    _ = try run(3, in: other.path)
    let resumed = try run(6, in: other.path)
    #expect(values(whole) == values(resumed))
  }

  @Test func anotherRunsCheckpointIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try run(2, in: folder.path)
    let objective = try Small.recognition(steps: 6, singles: 2)
    var options = Small.options(steps: 6)
    options.rate = 2e-3
    let other = RecognitionObjective(
      tower: objective.tower,
      stream: SceneStream(
        seed: 1, plan: .init(steps: 6), concepts: [], sprites: [], sceneCount: 0,
        preprocessing: .init(size: 128), patchSize: 16),
      options: options)
    let loop = PretrainingLoop(options: options, objective: other, folder: folder.path)
    #expect(throws: PretrainingFailure.self) { try loop.resume() }
  }
}

@Suite struct AveragePrecisionTests {
  @Test func byHand() {
    #expect(RecognitionQuality.averagePrecision([3, 2, 1], [true, false, false]) == 1)
    #expect(RecognitionQuality.averagePrecision([1, 2, 3], [true, false, false]) == 1.0 / 3)
    let alternate: Double = RecognitionQuality.averagePrecision(
      [4, 3, 2, 1], [true, false, true, false])
    #expect(abs(alternate - 5.0 / 6) < 1e-12)
    // A constant scorer: ties count against it.
    #expect(
      RecognitionQuality.averagePrecision([0, 0, 0, 0], [true, false, false, false]) == 0.25)
    #expect(RecognitionQuality.averagePrecision([0, 0], [false, false]) == 0)
  }
}
