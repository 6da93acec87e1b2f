import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns

@testable import XlingJobs

@Suite("aligning with pairs of other languages")
struct FewShotJobTests {
  let runs: TinyRuns

  init() throws {
    runs = try TinyRuns()
    try runs.gallery.write([
      #"{"image": "0.png", "split": "train", "captions": {"en": ["dog"], "tr": ["it"]}}"#,
      #"{"image": "1.png", "split": "train", "captions": {"en": ["cat"], "tr": ["kedi", "it"]}}"#,
      #"{"image": "2.png", "split": "train", "captions": {"en": ["cow"]}}"#,
      #"{"image": "3.png", "split": "test", "captions": {"en": ["dog cat"], "tr": ["kedi"]}}"#,
      #"{"image": "4.png", "split": "test", "captions": {"en": ["cat dog"], "tr": ["it"]}}"#,
    ])
  }

  private func align(
    _ name: String, seed: UInt64 = 1, _ change: (inout AlignJob.Options) throws -> Void = { _ in }
  ) throws -> (result: AlignResult, record: RunRecord) {
    var settings = TrainingSettings()
    (settings.steps, settings.batchSize, settings.embeddingWidth) = (3, 2, 8)
    settings.seed = seed
    var options = AlignJob.Options(try .named("layernorm"), settings, data: runs.gallery.data)
    options.textTower = runs.gallery.folder.path + "/text"
    options.imageTower = runs.gallery.folder.path + "/image"
    options.output = runs.gallery.folder.path + "/runs/" + name
    try change(&options)
    let result = try AlignJob(options).run(
      storing: { _ in try ExperimentStore(path: runs.store) }, observe: { _ in })
    return (result, try RunFolder(result.run).record())
  }

  @Test func pairsAreRecordedAndChangeTheRun() throws {
    let plain = try align("plain")
    let mixed = try align("mixed") { $0.settings.mix = "tr=2" }
    #expect(mixed.result.checkpoint != plain.result.checkpoint)
    let mix = try #require(mixed.record.identity.configuration.mix)
    #expect(mix.parts.map(\.pairs) == [2] && mix.share == 0.125 && mix.drawsBySeed == nil)
    #expect(mixed.record.trainingPairs == 3)
    let file = try JSONDecoder().decode(
      FewShotDraw.Record.self, from: try AtomicFile.read(mixed.result.run + "/mix.json"))
    #expect(file.origin == "the rule, seed 0")
    let own = try #require(file.languages["tr"])
    #expect(own.sha256 == mix.parts[0].hash)
    #expect(Set(own.pairs.map(\.picture)) == ["0.png", "1.png"])
    #expect(Set(own.pairs.map(\.caption)) == ["it", "kedi"])
    #expect(RunFolder(mixed.result.run).check() == [])
    #expect(RunFolder(mixed.result.run).origin()?.fewShot == "few-shot tr=2")
    // The same again is done already; without them it is another run.
    #expect(
      try align("mixed") { $0.settings.mix = "Turkish=2" }.result.checkpoint
        == mixed.result.checkpoint)
    #expect(words { _ = try align("mixed") }?.contains("of other options or data") == true)
  }

  @Test func noPairsAreTheRunWithout() throws {
    let plain = try align("plain")
    let none = try align("none") { $0.settings.mix = "tr=0" }
    #expect(none.result.checkpoint == plain.result.checkpoint)
    #expect(none.record.identity.configuration == plain.record.identity.configuration)
    #expect(!FileManager.default.fileExists(atPath: none.result.run + "/mix.json"))
  }

  @Test func whatIsSaidOfItGoesAlong() throws {
    let store = try ExperimentStore(path: runs.store)
    let plain = try align("plain")
    let mixed = try align("mixed") { $0.settings.mix = "tr=1" }
    let next = try align("next") { $0.startFrom = mixed.result.run }
    #expect(next.record.identity.configuration.fewShot.words == "few-shot tr=1 before")
    for (run, words) in [
      (plain, nil), (mixed, "few-shot tr=1"), (next, "few-shot tr=1 before"),
    ] as [((result: AlignResult, record: RunRecord), String?)] {
      let found = try EvaluateJob(runs.evaluation(run.result.run)).run(in: store)
      #expect(found.fewShot == words && found.rows.allSatisfy { $0.fewShot == words })
      #expect(try coded(found) == found)
    }
    let compared = try CompareJob(
      CompareJob.Options(runs: ["plain", "mixed", "next"], data: runs.gallery.data)
    ).run(in: store)
    #expect(compared.fewShot == ["mixed": "few-shot tr=1", "next": "few-shot tr=1 before"])
    #expect(compared.table.aligned == ["en", "tr"])
    let row = try #require(compared.tests.first { $0.second == "mixed" })
    #expect(row.firstFewShot == nil && row.secondFewShot == "few-shot tr=1")
    #expect(compared.differing["mixed"] == ["mix"])
  }

  @Test func seedsOfTheirOwnDrawsArePooled() throws {
    let store = try ExperimentStore(path: runs.store)
    var names: [String] = []
    var hashes: Set<String> = []
    // Two pictures: of eight seeds some draw the one, some the other.
    for seed in 1...8 {
      let run = try align("s\(seed)", seed: UInt64(seed)) {
        ($0.settings.mix, $0.settings.mixSeed) = ("tr=1", .run)
      }
      names.append("s\(seed)")
      hashes.formUnion(run.record.identity.configuration.mix?.parts.map(\.hash) ?? [])
    }
    #expect(hashes.count == 2)
    let entries = try CompareEntry.pooled(names, in: store)
    #expect(entries.map(\.label) == ["layernorm (8 seeds)"])
  }

  @Test func badInputIsNamedAndMakesNothing() throws {
    let table: [(change: (inout AlignJob.Options) -> Void, words: String)] = [
      ({ $0.settings.mix = "tr=3" }, "expected 3 training pictures with a caption in tr, found 2"),
      ({ $0.settings.mix = "en=1" }, "en is the language of all captions here"),
      ({ $0.settings.mix = "ko=1" }, "has no train caption in ko (Korean)"),
      ({ $0.settings.mix = "tr=1,Turkish=1" }, "names tr twice"),
      ({ $0.settings.mixShare = 0.5 }, "mix_share has no use without --mix"),
      ({ $0.mixFile = "a.json" }, "--mix-file has no use without --mix"),
      ({ ($0.settings.mix, $0.mixFile) = ("tr=1", "/no.json") }, "/no.json does not exist"),
      (
        { ($0.settings.mix, $0.mixFile, $0.settings.mixSeed) = ("tr=1", "/no.json", .run) },
        "--mix-seed has no use beside it"
      ),
    ]
    for (change, expected) in table {
      let found = words { _ = try align("one", change) }
      #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }
    #expect(!RunFolder(runs.gallery.folder.path + "/runs/one").exists)
  }
}
