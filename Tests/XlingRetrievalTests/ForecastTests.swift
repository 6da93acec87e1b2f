import Foundation
import Testing
import XlingTestSupport

@testable import XlingRetrieval

@Suite("forecasts: ridge, jackknife+ and languages left out, against numpy")
struct ForecastTests {
  private struct Golden: Decodable {
    struct Fixed: Decodable {
      let penalty: Double
      let weights: [Double]
      let intercept: Double
    }
    struct Skill: Decodable {
      let error, errorOfMean, within5, within10, rankCorrelation: Double
      let coverage, width, intervalScore: Double
    }
    struct Spearman: Decodable {
      let first, second: [Double]
      let r: Double
    }
    let families: [String]
    let queries: Int
    let features: [[Double]]
    let recall: [Double]
    let fixed: Fixed
    let chosenPenalty: Double
    let new: [Double]
    let forecast: Double
    let jackknifePlus, cvPlus: [Double]
    let languages, byFamily: Skill
    let spearman: Spearman
  }

  private let golden: Golden
  private let forecaster: RecallForecaster

  /// Made by scripts/generate_forecast_goldens.py.
  init() throws {
    let url = URL(fileURLWithPath: Fixtures.path("retrieval/forecast.json"))
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    self.golden = golden
    forecaster = RecallForecaster(
      golden.recall.indices.map {
        RecallForecaster.Measured(
          language: "l\($0)", family: golden.families[$0], features: golden.features[$0],
          recall: golden.recall[$0], queries: golden.queries)
      })
  }

  private func isNear(_ first: Double?, _ second: Double) -> Bool {
    first.map { abs($0 - second) < 1e-9 } ?? false
  }

  @Test func ridgeIsTheSolutionOfItsNormalEquations() {
    let targets = golden.recall.map { RateScale.logit($0, n: golden.queries) }
    let fit = RidgeRegression(golden.features, targets, penalty: golden.fixed.penalty)
    #expect(zip(fit.weights, golden.fixed.weights).allSatisfy { isNear($0, $1) })
    #expect(isNear(fit.intercept, golden.fixed.intercept))
    // The last feature does not vary.
    #expect(fit.weights.last == 0)
    #expect(
      RidgeRegression(golden.features, targets, choosing: RidgeRegression.usual).penalty
        == golden.chosenPenalty)
  }

  @Test func oneFeatureByHand() {
    // Standardized −1, 1 and targets −1, 1 about 3: zᵀy / n = 1, so the weight is 1 / (1 + λ).
    let fit = RidgeRegression([[10], [30]], [2, 4], penalty: 1)
    #expect(isNear(fit.weights[0], 0.5) && fit.intercept == 3 && isNear(fit.value([30]), 3.5))
    #expect(RidgeRegression([[], []], [2, 4], penalty: 1).value([]) == 3)
  }

  @Test func intervalsAreThoseOfFoldsLeftOut() {
    let near = forecaster.forecast(golden.new, family: "a")
    #expect(isNear(near.recall, golden.forecast) && !near.isOfNewFamily)
    #expect(isNear(near.low, golden.jackknifePlus[0]))
    #expect(isNear(near.high, golden.jackknifePlus[1]))
    let far = forecaster.forecast(golden.new, family: "z")
    #expect(far.isOfNewFamily && isNear(far.recall, golden.forecast))
    #expect(isNear(far.low, golden.cvPlus[0]) && isNear(far.high, golden.cvPlus[1]))
  }

  @Test func orderStatisticsOfEqualModels() {
    // No feature: the regression without a row is the mean of the others. Targets 0…8 have the mean 4; without
    // i it is 4 + (4 − i) / 8 and the residual |i − 4| 9 / 8, so the ends lie at 0 − … exactly.
    let targets = (0..<9).map(Double.init)
    let nine = JackknifePlus(targets.map { _ in [] }, targets, folds: Array(0..<9))
    let interval = nine.interval([], level: 0.9)
    // ⌊0.1 · 10⌋ = 1: the smallest and the largest.
    var low = Double.infinity
    for target in targets {
      let mean = 4 + (4 - target) / 8
      low = min(low, mean - abs(target - mean))
    }
    #expect(isNear(interval?.low, low) && isNear(interval?.high, 8 - low))
    let eight = JackknifePlus(
      targets.dropLast().map { _ in [] }, Array(targets.dropLast()), folds: Array(0..<8))
    #expect(eight.interval([], level: 0.9) == nil)
  }

  private func expect(_ skill: ForecastSkill, _ golden: Golden.Skill) {
    #expect(isNear(skill.error.value, golden.error))
    #expect(isNear(skill.errorOfMean.value, golden.errorOfMean))
    #expect(isNear(skill.within5.value, golden.within5))
    #expect(isNear(skill.within10.value, golden.within10))
    #expect(isNear(skill.rankCorrelation.value, golden.rankCorrelation))
    #expect(isNear(skill.coverage?.value, golden.coverage))
    #expect(isNear(skill.width?.value, golden.width))
    #expect(isNear(skill.intervalScore?.value, golden.intervalScore))
  }

  @Test func skillIsThatOfWhatWasLeftOut() throws {
    let languages = try forecaster.leaveOneLanguageOut()
    expect(languages, golden.languages)
    #expect(languages.languages == 24 && languages.folds == 24 && languages.ratio < 0.5)
    // Fewer than 30 are left out: no interval.
    #expect(!languages.error.hasInterval && !languages.rankCorrelation.hasInterval)
    let families = try #require(try forecaster.leaveOneFamilyOut())
    expect(families, golden.byFamily)
    #expect(families.folds == 5)
  }

  @Test func aMeasuredLanguageIsForecastWithoutItself() throws {
    let own = try #require(forecaster.forecast(leavingOut: 3))
    var changed = forecaster.measured
    changed[3].recall = 0.999
    #expect(RecallForecaster(changed).forecast(leavingOut: 3) == own)
  }

  @Test func ranksShareTies() {
    let spearman = RankCorrelation.spearman(golden.spearman.first, golden.spearman.second)
    #expect(isNear(spearman.value, golden.spearman.r) && spearman.n == 8 && !spearman.hasInterval)
    #expect(RankCorrelation.ranks([5, 1, 5, 0]) == [3.5, 2, 3.5, 1])
    #expect(RankCorrelation.spearman([1, 1], [1, 2]).value == 0)
    let thirty = (0..<30).map { Double($0 * 7 % 30) }
    let other = RankCorrelation.spearman(thirty, thirty.map { $0 < 15 ? $0 : 44 - $0 })
    #expect((other.low ?? 1) < other.value && other.value < (other.high ?? 0))
  }

  @Test func smallGalleriesAreAllDraws() throws {
    // Five wrong items, two of them before the correct one: of the ten pairs drawn, three have neither.
    let ranking = try Ranking(
      above: [2, 0, 5], tiedWrong: [0, 1, 0], tiedGold: [1, 1, 1], goldCount: [1, 1, 1],
      gallerySize: 6)
    #expect(ranking.firstAmong(3).map { ($0 * 10).rounded() } == [3, 6, 0])
    #expect(ranking.firstAmong(3, ties: .optimistic)[1] == 1)
    #expect(ranking.firstAmong(1) == [1, 1, 1] && ranking.firstAmong(99) == [0, 0, 0])
  }
}
