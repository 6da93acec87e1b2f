import Testing
import XlingCore
import XlingRetrieval

@testable import XlingJobs

@Suite("gap, attribution, neighbours and classification as jobs")
struct ExplainingJobTests {
  let runs: TinyRuns
  let run: String

  init() throws {
    runs = try TinyRuns()
    run = try runs.align("one")
  }

  @Test func gapIsAgainstTheLanguageAlignedOn() throws {
    var events: [LanguageEvent] = []
    var options = GapJob.Options(runs.subject(run))
    options.k = 1
    let result = try GapJob(options).run { events.append($0) }
    #expect(result.against == "en" && result.rows.map(\.language) == ["tr"])
    #expect(result.rows[0].gap.n == 3 && result.rows[0].schema == "xling.gap/1")
    #expect(try coded(result) == result)
    #expect(
      events.suffix(4) == [
        .step(.began(run: "one", total: 1)), .step(.done(1, language: "tr")), .step(.ended),
        .warning(.tooFewPictures(["tr"])),
      ])
    options.against = "tr"
    #expect(try GapJob(options).run().rows.map(\.language) == ["en"])
  }

  @Test func attributionHasAGroupOfAllInEveryLanguage() throws {
    let result = try AttributeJob(AttributeJob.Options(runs.subject(run))).run()
    #expect(result.rows.filter { $0.group == "all" }.map(\.language) == ["en", "tr"])
    #expect(result.rows[0].n == 8 && result.metric == "R@10")
    #expect(try coded(result) == result)
    #expect(throws: MetricFailure.self) { try AttributeJob.metric(named: "mean rank") }
  }

  @Test func neighboursAskThePivotToo() throws {
    var options = NeighboursJob.Options(runs.subject(run, ["tr"]))
    options.k = 2
    let result = try NeighboursJob(options).run()
    #expect(result.against == "en" && result.rows.map(\.language) == ["en", "tr"])
    #expect(try coded(result) == result)
  }

  @Test func classesAreNamedInLanguages() throws {
    let root = runs.gallery.folder.path + "/classes"
    for (name, picture) in [("a", 0), ("a", 1), ("b", 2)] {
      try AtomicFile.createFolder("\(root)/\(name)")
      try AtomicFile.write(
        try AtomicFile.read("\(runs.gallery.data)/images/\(picture).png"),
        to: "\(root)/\(name)/\(picture).png")
    }
    let names = root + ".jsonl"
    try AtomicFile.write(
      [
        #"{"class": "a", "names": {"en": ["dog"], "tr": ["it"]}}"#,
        #"{"class": "b", "names": {"en": ["cat"]}}"#,
        #"{"class": "c", "names": {"en": ["cow"]}}"#,
      ].joined(separator: "\n"), to: names)
    var options = ClassifyJob.Options(run: run, data: root, languages: ["all"])
    #expect(words { _ = try ClassifyJob(options).run() } != nil)
    options.classes = names
    var warnings: [LanguageEvent] = []
    let result = try ClassifyJob(options).run {
      if case .warning = $0 { warnings.append($0) }
    }
    #expect(result.rows.map(\.metric) == ["top-1"] && result.rows[0].n == 3)
    #expect(
      warnings == [
        .warning(.classesWithoutPictures(1, names: names, data: root)),
        .warning(.languagesWithoutNames(1, of: 2)), .warning(.tooFewPictures(["en"])),
      ])
    #expect(try coded(result) == result)
  }
}
