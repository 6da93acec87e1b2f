import Testing

@testable import XlingAlignment

@Suite("the pace of a training")
struct PaceTests {
  private func pace(keeps: Bool, every: Int = 0, pairs: Int = 0) -> TrainingPace {
    TrainingPace(
      batchSize: 16, steps: 100, stepsPerEpoch: 20, validateEvery: every, validationPairs: pairs,
      keepsInputs: keeps)
  }

  @Test func frozenLayersCountForTheFirstEpochAlone() {
    var pace = pace(keeps: true)
    for step in 0..<10 { pace.note(step: step, input: 3, work: 1) }
    #expect(abs(pace.pairsPerSecond - 4) < 1e-9)
    #expect(pace.waiting?.what == "frozen layers and pictures")
    #expect(abs((pace.waiting?.share ?? 0) - 0.75) < 1e-9)
    // Ten steps of four seconds, eighty of one.
    #expect(abs(pace.remaining(after: 10) - 120) < 1e-9)
    for step in 10..<20 { pace.note(step: step, input: 3, work: 1) }
    pace.note(step: 20, input: 0.05, work: 1)
    #expect(pace.waiting == nil)
    #expect(abs(pace.remaining(after: 21) - 79 * 1.05) < 1e-9)
  }

  @Test func validationsCount() {
    var pace = pace(keeps: false, every: 30, pairs: 32)
    pace.note(step: 0, input: 0, work: 3)
    // Ninety-nine steps; 30, 60, 90 and 100 are validated, two batches forward each.
    #expect(abs(pace.remaining(after: 1) - (297 + 4 * 2 * 1)) < 1e-9)
    pace.note(validation: 5)
    #expect(abs(pace.remaining(after: 30) - (210 + 3 * 5)) < 1e-9)
    #expect(pace.remaining(after: 100) == 0)
  }
}
