import Foundation
import Testing
import XlingCore
import XlingCoverage
import XlingData
import XlingExperiments
import XlingReports
import XlingTinyModel

@testable import XlingJobs

@Suite("coverage as a job")
struct CoverageJobTests {
  let runs: TinyRuns

  init() throws { runs = try TinyRuns() }

  private func options(_ names: [String] = ["one"]) -> CoverageJob.Options {
    CoverageJob.Options(
      names.map { CoverageJob.NamedTokenizer($0, runs.gallery.tokenizer) },
      source: .data(runs.data, .test, isParallel: true), languages: ["en", "tr"])
  }

  @Test func tokenizersStandSideBySide() throws {
    let result = try CoverageJob(options(["one", "two"])).run()
    #expect(
      result.rows.map { "\($0.tokenizer) \($0.language)" } == [
        "one en", "one tr", "two en", "two tr",
      ])
    #expect(
      result.differences.map { "\($0.tokenizer) \($0.against) \($0.language)" }
        == ["two one en", "two one tr"])
    #expect(result.differences.allSatisfy { $0.figures.allSatisfy { $0.value == 0 } })
    #expect(try coded(result) == result)
  }

  @Test func perturbedTextsStandBesideThePlainOnes() throws {
    var options = options()
    options.perturbations = [.nfc, .fullwidth, .keyboard]
    options.perturbationSeed = 7
    let result = try CoverageJob(options).run()
    #expect(
      result.perturbed.map(\.perturbation) == [
        .nfc, .fullwidth, .keyboard, .nfc, .fullwidth, .keyboard,
      ])
    #expect(result.perturbed.map(\.seed) == [nil, nil, 7, nil, nil, 7])
    let (nfc, wide) = (result.perturbed[0], result.perturbed[1])
    #expect(nfc.changedLines == 0 && nfc.figures.allSatisfy { $0.difference == 0 })
    // dog, cat, dog cat, cat dog: full-width letters and spaces are no pieces here.
    #expect(wide.changedLines == 4 && wide.figure("unk_tokens")?.value == 1)
    #expect(wide.figure("unk_tokens")?.plain == 0 && wide.figure("unk_tokens")?.difference == 1)
    #expect(try coded(result) == result)
  }

  @Test func pageKnowsTheStoredRun() throws {
    let run = try runs.align("one")
    let store = try ExperimentStore(path: runs.store)
    _ = try EvaluateJob(runs.evaluation(run)).run(in: store)
    let result = try CoverageJob(options()).run()
    let metrics = [try CoverageMetric.named("premium"), try CoverageMetric.named("unk_words")]
    let report = try CoverageReportJob(
      result, metrics: metrics, store: store, data: runs.data
    ).report()
    #expect(report.recalls.map(\.run) == ["one"] && report.recallNotes.isEmpty)
    let evaluation = try #require(
      try store.evaluations(of: "one").first {
        $0.language == "tr" && $0.direction == .textToImage && $0.measured.subset == "all"
      })
    #expect(report.recalls[0].estimates["tr"] == evaluation.metrics["R@10"])
    #expect(report.wordNotes.isEmpty, "\(report.wordNotes)")
    let turkish = try #require(report.rows.first { $0.language == "tr" })
    // inek is no piece: it costs most, and one caption holds it.
    #expect(turkish.worst.map(\.text) == ["inek"] && turkish.worst[0].unknown == [0])
    #expect(turkish.worst[0].place?.captions == 1 && turkish.captionPlace?.captions == 3)
    #expect(turkish.worst[0].place?.median == evaluation.ranking.rank(2))
    let page = report.html()
    #expect(page.contains("id=\"recall\"") && page.contains("median place of the picture"))
    // Other data are not taken for those that were measured.
    try runs.gallery.write(Gallery.lines.map { $0.replacingOccurrences(of: "inek", with: "boğa") })
    let changed = try CoverageReportJob(
      result, metrics: metrics, store: store, data: runs.data
    ).report()
    #expect(changed.rows.allSatisfy { $0.captionPlace == nil })
    #expect(changed.wordNotes.contains { $0.contains("is not at hand as it was") })
  }

  @Test func withoutAStoreThePageSaysWhatMakesOne() throws {
    let result = try CoverageJob(options()).run()
    let report = try CoverageReportJob(result, metrics: [], store: nil, data: nil).report()
    #expect(report.recalls.isEmpty && report.recallNotes.contains { $0.contains("xling align") })
    let empty = try ExperimentStore(path: runs.store)
    let other = try CoverageReportJob(result, metrics: [], store: empty, data: nil).report()
    #expect(other.recallNotes.contains { $0.contains("has no finished run that reads by one") })
  }
}
