import Foundation
import Testing
import XlingCore

@testable import XlingRetrieval

@Suite("seeds and pictures drawn at once")
struct CrossedBootstrapTests {
  @Test func studentsDistributionIsTheTables() {
    #expect(abs(StudentT.critical(freedom: 4) - 2.776_445) < 1e-6)
    #expect(abs(StudentT.critical(freedom: 1) - 12.706_205) < 1e-5)
    #expect(abs(StudentT.critical(freedom: 1e9) - 1.959_964) < 1e-5)
    #expect(abs(StudentT.twoSided(2.0, freedom: 10) - 0.073_388) < 1e-6)
    #expect(StudentT.twoSided(0, freedom: 3) == 1)
  }

  /// Worked out by hand: seeds [1, 3], pictures that add [-1, 1] to either; nothing is left over.
  @Test func theVarianceIsThatOfATwoWayLayout() throws {
    let variance = CrossedVariance([[0, 2], [2, 4]])
    // MS of seeds 2 * 2 = 4, of pictures 4, of the rest 0: (4 + 4) / 4.
    #expect(variance.total == 2)
    #expect(variance.ofSeeds == 1 && variance.ofPictures == 1)
    #expect(variance.freedom == 2)
    let single = CrossedVariance([[0, 2, 4]])
    // One seed: the variance of the pictures' mean, 4 / 3.
    #expect(abs(single.total - 4.0 / 3) < 1e-12)
    #expect(single.ofSeeds == nil && single.freedom == 2)
  }

  @Test func captionsGoWithTheirPicture() throws {
    let bootstrap = CrossedBootstrap(seeds: 2, pictures: 2, draws: 50)
    let figure = try bootstrap.figure(sums: [[5, 0], [3, 1]], counts: [5, 1])
    #expect(abs(figure.value - (5.0 / 6 + 4.0 / 6) / 2) < 1e-12)
    #expect(figure.queries == 6 && !figure.hasInterval && figure.pValue == nil)
    #expect(figure.estimate.low == nil)
    #expect(throws: RetrievalFailure.self) {
      try bootstrap.figure(sums: [[1, 1]], counts: [1, 1])
    }
  }

  @Test func whatBothShareCancels() throws {
    let bootstrap = CrossedBootstrap(seeds: 3, pictures: 40, draws: 200)
    let counts = [Double](repeating: 1, count: 40)
    let sums = (0..<3).map { seed in
      (0..<40).map { Double(($0 * 7 + seed * 3) % 5 < 2 ? 1 : 0) }
    }
    let one = try bootstrap.figure(sums: sums, counts: counts)
    let difference = one - one
    #expect(difference.value == 0 && difference.pValue == 1)
    #expect(difference.estimate.low == 0 && difference.estimate.high == 0)
    let mean = try #require(CrossedFigure.mean([one, one]))
    #expect(abs(mean.value - one.value) < 1e-15 && mean.queries == 80)
    let band = SimultaneousBand([one, difference])
    let own = try #require(band.intervals[0])
    #expect(own.low < one.value && own.high > one.value)
    #expect(try #require(one.estimate.high) - one.value <= (own.high - one.value) * 1.2)
  }

  @Test func aggregatesOfRunsAndTasksAreThePapers() {
    #expect(RunsAndTasks.interquartileMean([8, 1, 2, 3, 4, 5, 6, 7]) == 4.5)
    // Five values: a quarter is 1.25, so that 0.75 of the second and of the fourth count.
    #expect(abs(RunsAndTasks.interquartileMean([0, 1, 2, 3, 100]) - 2) < 1e-12)
    #expect(RunsAndTasks.profile([0.1, 0.2, 0.4], at: [0, 0.2, 0.5]) == [1, 2.0 / 3, 0])
  }

  /// A scenario of two methods: hits of pictures of different difficulty, whose logits seeds and the pair of
  /// method and picture move.
  private struct Scenario: CustomStringConvertible {
    let seeds: Int
    let pictures: Int
    /// Deviations on the logit scale.
    let ofSeeds: Double
    let ofPairs: Double
    var description: String {
      "\(seeds) seeds, \(pictures) pictures, deviation of seeds \(ofSeeds), of method and picture \(ofPairs)"
    }

    /// Whether the interval of the difference holds 0, which is the truth.
    func covers(_ bootstrap: CrossedBootstrap, _ simulation: Int) throws -> Bool {
      var stream = RandomStream(seed: 11, "coverage", simulation)
      func normal() -> Double {
        (-2 * log(1 - stream.uniform())).squareRoot() * cos(2 * .pi * stream.uniform())
      }
      let easy = (0..<pictures).map { _ in 1.5 * normal() }
      let counts = [Double](repeating: 1, count: pictures)
      let figures = try (0..<2).map { _ in
        let own = easy.map { $0 + ofPairs * normal() }
        let sums = (0..<seeds).map { _ in
          let shift = ofSeeds * normal()
          return own.map { stream.uniform() < 1 / (1 + exp(-$0 - shift)) ? 1.0 : 0 }
        }
        return try bootstrap.figure(sums: sums, counts: counts)
      }
      let estimate = (figures[0] - figures[1]).estimate
      guard let low = estimate.low, let high = estimate.high else { return false }
      return low <= 0 && 0 <= high
    }
  }

  /// Nominal 95 %. `XLING_COVERAGE_SIMULATIONS=1000` (in release) prints the whole table at 500 pictures, as
  /// docs/studies/statistics.md has it.
  @Test func intervalsCoverWhatTheyPromise() throws {
    let asked = ProcessInfo.processInfo.environment["XLING_COVERAGE_SIMULATIONS"].flatMap(Int.init)
    let pictures = asked == nil ? 60 : 500
    let spreads =
      asked == nil
      ? [(0.2, 0.5)] : [(0.0, 0.0), (0.05, 0.3), (0.1, 0.3), (0.1, 1), (0.2, 0.5), (0.4, 0.3)]
    for seeds in asked == nil ? [5] : [3, 5, 10] {
      let bootstrap = CrossedBootstrap(
        seeds: seeds, pictures: pictures, draws: asked == nil ? 200 : 1_000)
      for (ofSeeds, ofPairs) in spreads {
        let scenario = Scenario(
          seeds: seeds, pictures: pictures, ofSeeds: ofSeeds, ofPairs: ofPairs)
        let count = asked ?? 80
        let covered = try (0..<count).count { try scenario.covers(bootstrap, $0) }
        let share = Double(covered) / Double(count)
        if asked != nil { print("\(scenario): \(share)") }
        #expect((0.88...1).contains(share), "\(scenario): \(share)")
      }
    }
  }
}
