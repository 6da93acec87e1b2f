import Foundation
import Testing
import XlingAlignment
import XlingExperiments
import XlingRetrieval
import XlingTestSupport

@testable import XlingEvaluation

@Suite("comparing stored results")
struct CompareTestsTests {
  let folder: TemporaryFolder
  let store: ExperimentStore
  let selection = CompareSelection(dataset: "scenes") { "Measure \($0.run)." }

  init() throws {
    folder = try TemporaryFolder()
    store = try ExperimentStore(path: folder.path + "/xling.sqlite")
  }

  /// A run whose queries each have so many wrong items above the correct one, by language.
  private func add(
    _ name: String, seed: UInt64 = 1, _ above: [String: [Int32]], data: String = "d"
  ) throws {
    let configuration = AlignmentConfiguration(
      recipe: try .named("projection"), seed: seed, steps: 2)
    let recipe = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
    try store.begin(
      Run(
        name: name, folder: folder.path + "/" + name,
        key: RunKey(
          method: "projection", recipe: recipe, datasetHash: "d", textTowerHash: "t",
          imageTowerHash: "i", seed: seed),
        started: Date(timeIntervalSince1970: 1), trainableCount: 1, parameterCount: 1))
    for (language, above) in above {
      let ones = [Int32](repeating: 1, count: above.count)
      for direction in Direction.allCases {
        try store.save(
          Evaluation(
            run: name,
            measured: EvaluationProtocol(dataset: "scenes", datasetHash: data, resamples: 200),
            language: language, direction: direction, queriesHash: "\(above.count)",
            started: Date(timeIntervalSince1970: 5),
            ranking: try Ranking(
              above: above, tiedWrong: above.map { _ in 0 }, tiedGold: ones, goldCount: ones,
              gallerySize: 40), pictures: above.indices.map(Int32.init), metrics: [:]))
      }
    }
  }

  private func tests(
    _ runs: [String], _ languages: [String] = []
  ) throws -> CompareTests {
    CompareTests(
      try CompareEvaluations(
        selection, entries: CompareEntry.single(runs), languages: languages, in: store),
      .recall(at: 1))
  }

  private let all = [Int32](repeating: 0, count: 40)
  private let none = [Int32](repeating: 3, count: 40)
  private var half: [Int32] { (0..<40).map { $0 % 2 } }

  @Test func languagesAreWonTiedAndLost() throws {
    try add("first", ["en": half, "tr": half, "ko": half, "ru": half])
    try add("second", ["en": all, "tr": all, "ko": none, "ru": half])
    let tests = try tests(["first", "second"])
    let rows = try tests.rows()
    let turkish = try #require(rows.first { $0.language == "tr" })
    #expect(turkish.firstValue == 50 && turkish.secondValue == 100 && turkish.difference == -50)
    #expect(try #require(turkish.low) < -30 && (try #require(turkish.high)) > -70)
    #expect(try #require(turkish.p) < 0.01)
    // Aligned on English, which counts in no tally and no mean.
    let table = try CompareTable(tests, rows)
    #expect(table.languages == ["en", "ko", "ru", "tr"] && table.aligned == ["en"])
    #expect(table.blocks[0].rows.map(\.tally) == [nil, .init(won: 1, tied: 1, lost: 1)])
    #expect(table.blocks[0].rows[1].cells.map { $0?.value } == [100, 0, 50, 100])
    #expect(table.blocks[0].chance.allSatisfy { abs(($0 ?? 0) - 2.5) < 1e-9 })
    let mean = try #require(rows.last { $0.language == CompareRow.mean })
    #expect(mean.languages == ["ko", "ru", "tr"] && mean.secondValue == 50)
  }

  /// A language of 29 pictures among others: shown, not tested, and no member of the family.
  @Test func fewPicturesAreNotTested() throws {
    let (short, none) = (Array(all.prefix(29)), Array(none.prefix(29)))
    try add("first", ["tr": half, "ko": short])
    try add("second", ["tr": all, "ko": none])
    let tests = try tests(["first", "second"])
    let rows = try tests.rows()
    let korean = try #require(rows.first { $0.language == "ko" })
    #expect(korean.difference == 100 && korean.n == 29)
    #expect(korean.low == nil && korean.high == nil && korean.p == nil && korean.pHolm == nil)
    #expect(korean.detectable == nil && korean.firstCoversChance == nil)
    let turkish = rows.filter { $0.language == "tr" }
    #expect(turkish.count == 2)
    // Two tests in the family, not four.
    for row in turkish {
      #expect(try #require(row.pHolm) == min(1, 2 * (try #require(row.p))))
    }
    let table = try CompareTable(tests, rows)
    #expect(table.blocks[0].rows.map(\.tally) == [nil, .init(won: 1, tied: 0, lost: 0)])
    #expect(table.blocks[0].rows[1].cells.map { $0?.halfWidth == nil } == [true, false])
  }

  @Test func seedsAreMeansWithTheirSpread() throws {
    try add("a-1", seed: 1, ["tr": all])
    try add("a-2", seed: 2, ["tr": half])
    let entries = try CompareEntry.pooled(["a-1", "a-2"], in: store)
    #expect(entries == [CompareEntry(label: "projection (2 seeds)", runs: ["a-1", "a-2"])])
    let evaluations = try CompareEvaluations(
      selection, entries: entries + entries, languages: [], in: store)
    let row = try #require(try CompareTests(evaluations, .recall(at: 1)).rows().first)
    #expect(row.firstValue == 75 && row.difference == 0 && row.seeds == 2 && row.n == 40)
    #expect(abs((row.firstSpread ?? 0) - 1_250.0.squareRoot()) < 1e-9)
  }

  @Test func whatCannotBePairedIsNamed() throws {
    try add("first", ["tr": half, "ko": half])
    try add("fewer", ["tr": half])
    try add("other", ["tr": Array(half.prefix(30)), "ko": half])
    try add("elsewhere", ["tr": half], data: "e")
    let lacking = CompareFailure.missing(
      run: "fewer", what: "dataset 'scenes', test, subset 'all', in ko",
      remedy: "Measure fewer.")
    #expect(try tests(["first", "fewer"]).evaluations.leftOut == [lacking])
    #expect(throws: lacking) { try tests(["first", "fewer"], ["ko"]) }
    #expect(
      throws: CompareFailure.otherQueries(
        language: "tr", direction: "image-to-text", first: "first", second: "other")
    ) { try tests(["first", "other"]) }
    #expect(
      throws: ExperimentFailure.mixedProtocols(field: "dataset hash", first: "d", second: "e")
    ) { try tests(["first", "elsewhere"]) }
  }
}
