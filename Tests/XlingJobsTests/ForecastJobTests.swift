import Foundation
import Testing
import XlingCore
import XlingData
import XlingExperiments
import XlingLanguages
import XlingRetrieval
import XlingRuns
import XlingTokenizers
import XlingTowers

@testable import XlingJobs

@Suite("coverage --forecast as a job")
struct ForecastJobTests {
  let runs: TinyRuns
  let run: String
  let store: ExperimentStore
  /// Of several families, all with a Wikipedia and with CLDR's names.
  private static let languages = [
    "tr", "az", "kk", "de", "fr", "es", "ru", "pl", "fi", "et", "hu", "ar", "he", "zh", "ja", "ko",
    "vi", "id", "sw", "zu", "ka", "hy", "el",
  ]

  init() throws {
    runs = try TinyRuns()
    run = try runs.align("one")
    store = try ExperimentStore(path: runs.store)
    try RunLookup.register(try LoadedRun(folder: run), in: store)
    try measure("one", Self.languages)
  }

  /// Of 100 captions as many find their picture as the language's Wikipedia has digits, times ten.
  private func measure(_ run: String, _ languages: [String], datasetHash: String = "d") throws {
    for language in languages + ["en"] {
      let found = try Self.recall(language)
      let ones = [Int32](repeating: 1, count: 100)
      let evaluation = Evaluation(
        run: run,
        measured: EvaluationProtocol(
          dataset: "scenes", datasetHash: datasetHash, blasCore: "\(run)"),
        language: language, direction: .textToImage, queriesHash: "q",
        started: Date(timeIntervalSince1970: 5),
        ranking: try Ranking(
          above: (0..<100).map { $0 < found ? 3 : 40 }, tiedWrong: ones.map { _ in 0 },
          tiedGold: ones, goldCount: ones, gallerySize: 100),
        pictures: (0..<100).map { $0 }, metrics: [:])
      _ = try store.save(evaluation)
    }
  }

  private static func recall(_ language: String) throws -> Int {
    let articles = try Languages.load()[code: language]?.resources.wikipedia?.articles ?? 0
    return Int(12 * log10(1 + Double(articles)))
  }

  private func options(_ languages: [String], _ without: ForecastFeature...) -> ForecastJob.Options
  {
    var options = ForecastJob.Options(run: run, languages: languages, source: .embedded)
    options.without = Set(without)
    return options
  }

  private static let ofTexts: Set<ForecastFeature> = [
    .agreement, .premium, .fertility, .script, .characters,
  ]

  @Test func recallIsForecastFromWhatIsKnown() throws {
    var options = options(["nl", "tr"])
    options.without = Self.ofTexts
    let result = try ForecastJob(options).run(in: store)
    let found = try #require(result.runs.first)
    #expect(found.languages == 23 && found.aligned == "en" && found.gallery == 100)
    #expect(found.models.count == 1 && found.models[0].features.map(\.feature) == [.wikipedia])
    let reasons = Dictionary(found.models[0].leftOut.map { ($0.feature, $0.reason) }) { $1 }
    #expect(reasons[.pretraining] == "the text tower's card does not name it")
    #expect(reasons[.otherRuns] == "no other run was measured on the same pictures")
    #expect(reasons[.premium] == "not asked for")
    let dutch = found.forecasts[0]
    #expect(dutch.language == "nl" && dutch.verdict == .forecast && dutch.measured == nil)
    let expected = Double(try Self.recall("nl"))
    #expect(abs((dutch.recall ?? 0) - expected) < 3, "\(dutch)")
    #expect((dutch.low ?? 100) < (dutch.recall ?? 0) && (dutch.recall ?? 0) < (dutch.high ?? 0))
    #expect(dutch.interval == .languages)
    let turkish = found.forecasts[1]
    #expect(turkish.measured?.value == Double(try Self.recall("tr")) && turkish.measured?.n == 100)
    let skill = try #require(found.models[0].leaveOneLanguageOut)
    #expect(skill.languages == 23 && skill.ratio < 0.5 && skill.rankCorrelation.value > 0.9)
    #expect(found.models[0].leaveOneFamilyOut != nil)
    #expect(try coded(result) == result)
  }

  @Test func textsAndOtherRunsAreFeatures() throws {
    try RunLookup.register(
      try LoadedRun(folder: try runs.align("two", seed: 2)), in: store)
    try measure("two", Self.languages + ["nl"])
    let result = try ForecastJob(options(["nl"], .pretraining)).run(in: store)
    let found = try #require(result.runs.first)
    #expect(found.otherRuns == 1)
    #expect(
      found.models[0].features.map(\.feature) == [
        .wikipedia, .otherRuns, .agreement, .premium, .fertility, .script, .characters,
      ])
    // The tokenizer of ten pieces knows next to nothing: said, in every language.
    #expect(
      found.forecasts[0].extrapolates.contains { $0.hasSuffix("% of its characters are known") })
  }

  @Test func aTextOfOnesOwnIsMeasuredAsItIs() throws {
    let path = runs.gallery.folder.path + "/eu.txt"
    try AtomicFile.write(
      (0..<40).map { "dog cat \($0)" }.joined(separator: "\n") + "\n", to: path)
    var own = options([], .pretraining)
    own.source = .files([CoverageSource.File(language: "eu", path: path)], english: nil)
    var told: [ForecastJob.Event] = []
    let result = try ForecastJob(own).run(in: store) { event in
      if case .step = event { return }
      told.append(event)
    }
    let row = try #require(result.runs.first?.forecasts.first)
    #expect(row.language == "eu" && row.interval == .families)
    // No parallel English: neither premium nor agreement.
    #expect(row.features.keys.sorted() == ["characters", "fertility", "script", "wikipedia"])
    #expect(told == [.unlikeTexts(language: "eu")])
  }

  /// A Wikipedia smaller than any measured counts as the smallest of them; of one far smaller no forecast is
  /// made.
  @Test func noForecastGoesFarBeyondWhatWasMeasured() throws {
    var far = options(["chr"])
    far.without = Self.ofTexts
    let articles = try #require(try Languages.load()[code: "chr"]?.resources.wikipedia?.articles)
    let least = try Self.languages.compactMap {
      try Languages.load()[code: $0]?.resources.wikipedia?.articles
    }.min()
    #expect(articles < least ?? 0)
    let row = try #require(try ForecastJob(far).run(in: store).runs.first?.forecasts.first)
    #expect(row.extrapolates.contains("wikipedia beyond what was measured"))
    let smallest = try Self.languages.map { Double(try Self.recall($0)) }.min() ?? 0
    #expect(abs((row.recall ?? 0) - smallest) < 3, "\(row)")
    far.languages = ["din"]
    let other = try #require(try ForecastJob(far).run(in: store).runs.first?.forecasts.first)
    #expect(
      other.verdict == .notEnoughEvidence
        && other.reasons == ["wikipedia: beyond the measured range by more than half of it"])
  }

  @Test func tooFewLanguagesAreSaid() throws {
    try measure("one", Array(Self.languages.prefix(5)), datasetHash: "other")
    var few = options(["nl"])
    few.without = Self.ofTexts
    few.dataset = "emoji"
    #expect(
      words { _ = try ForecastJob(few).run(in: store) }?.contains(
        "no results of run 'one' on emoji")
        == true)
    let small = try ExperimentStore(path: runs.gallery.folder.path + "/small.sqlite")
    few.dataset = nil
    #expect(words { _ = try ForecastJob(few).run(in: small) } != nil)
    few.run = nil
    #expect(
      words { _ = try ForecastJob(few).run(in: small) }?.contains(
        "has no finished run with results")
        == true)
    few.languages = ["English"]
    few.run = run
    #expect(
      words { _ = try ForecastJob(few).run(in: store) }?.contains("en is the language that the run")
        == true)
  }

  @Test func aCardNamesThePretrainingData() throws {
    let tower = runs.gallery.folder.path + "/text"
    func card(_ text: String) throws -> PretrainingData? {
      try AtomicFile.write(text, to: tower + "/card.json")
      return try PretrainingData.read(tower)
    }
    #expect(try card("{}") == nil)
    #expect(try card(#"{"pretraining": {"corpus": "xlm-r"}}"#)?.corpus == "xlm-r")
    let cards = try Languages.load()
    let pretraining = try #require(try Pretraining(of: run))
    #expect(pretraining.amount("tr", cards[code: "tr"]) == 20.9)
    #expect(pretraining.amount("chr", cards[code: "chr"]) == 0)
    _ = try card(#"{"pretraining": {"amounts": {"tr": 7}, "unit": "lines"}}"#)
    #expect(try Pretraining(of: run)?.amount("chr", nil) == 0)
    #expect(
      words { _ = try card(#"{"pretraining": {"corpus": "gpt"}}"#) }?.contains(
        "expected one of xlm-r")
        == true)
    #expect(
      words { _ = try card(#"{"pretraining": {"amounts": {"tr": -1}}}"#) }?.contains("0 or more")
        == true)
  }
}
