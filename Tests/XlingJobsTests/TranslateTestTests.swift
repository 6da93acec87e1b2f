import Foundation
import Testing
import XlingCore
import XlingEvaluation
import XlingExperiments

@testable import XlingJobs

@Suite("translate-test as a job")
struct TranslateTestTests {
  let runs: TinyRuns
  let run: String
  let store: ExperimentStore

  /// Turkish of the pictures 1, 2 and 4, one caption each.
  init() throws {
    runs = try TinyRuns()
    run = try runs.align("one")
    store = try ExperimentStore(path: runs.store)
  }

  private func evaluate(
    _ text: String, _ languages: [String] = ["tr"]
  ) throws -> EvaluateJob.Result {
    let path = runs.gallery.folder.path + "/translations.txt"
    try AtomicFile.write(text, to: path)
    var options = runs.evaluation(run, languages)
    options.translations = path
    return try EvaluateJob(options).run(in: store)
  }

  @Test func translationsStandForTheCaptions() throws {
    let plain = try EvaluateJob(runs.evaluation(run)).run(in: store)
    let found = try evaluate("dog dog\ncat cat\r\ncow\n")
    #expect(found.translated?.language == "tr")
    #expect(found.languages.allSatisfy { $0.subset.hasSuffix(", translate-test") })
    #expect(Set(found.languages.map(\.protocol)).isDisjoint(with: plain.languages.map(\.protocol)))
    // The same vectors as those English captions have: the tokens are the same.
    let measured = try store.evaluations(of: "one")
    #expect(measured.count { $0.measured.subset == "all, translate-test" } == 2)
    #expect(try coded(found) == found)
    // By name, in any order: the same protocol, so that nothing is new.
    var saved: [Saved] = []
    var options = runs.evaluation(run, ["tr"])
    options.translations = runs.gallery.folder.path + "/translations.txt"
    try AtomicFile.write(
      "4.png\tcow\n1.png#0\tdog dog\n2.png\tcat cat\n", to: options.translations ?? "")
    let named = try EvaluateJob(options).run(in: store) {
      if case .saved(let count) = $0 { saved.append(count) }
    }
    #expect(named.languages == found.languages && saved == [Saved(kept: 6)])
    // Other translations are another protocol.
    let other = try evaluate("dog\ncat\ncow\n")
    #expect(Set(other.rows.map(\.protocol)).isDisjoint(with: found.rows.map(\.protocol)))
  }

  /// What is measured beside captions is what is measured alone.
  @Test func besideCaptionsTheyAreTheSame() throws {
    let alone = try evaluate("dog dog\ncat cat\ncow\n")
    let path = runs.gallery.folder.path + "/translations.txt"
    let other = try ExperimentStore(path: runs.store + "2")
    var options = runs.evaluation(run)
    // The run's own language has none.
    options.translationsBeside = [("Turkish", path), ("en", "/nowhere")]
    let found = try EvaluateJob(options).run(in: other)
    #expect(found.languages.allSatisfy { !$0.subset.hasSuffix("translate-test") })
    let beside = try #require(found.translatedBeside.first)
    #expect(found.translatedBeside.count == 1 && beside.language == "tr" && beside.file == path)
    func stored(_ store: ExperimentStore) throws -> [Evaluation] {
      try store.evaluations(of: "one").filter { $0.measured.hash == beside.protocol }
    }
    let (one, both) = (try stored(store), try stored(other))
    #expect(one.count == 2 && one.map(\.ranking) == both.map(\.ranking))
    #expect(alone.languages.contains { $0.protocol == beside.protocol })
    #expect(found.translated == nil)
  }

  /// A translation that is a picture's own English caption finds what that caption finds.
  @Test func aTranslationIsReadAsTheRunsOwnLanguage() throws {
    let found = try evaluate("dog\ncat\ncat dog\n")
    func ranks(_ subset: String, _ language: String) throws -> Evaluation {
      try #require(
        try store.evaluations(of: "one").first {
          $0.measured.subset == subset && $0.language == language && $0.direction == .textToImage
        })
    }
    _ = try EvaluateJob(runs.evaluation(run, ["en"])).run(in: store)
    let (translated, english) = (try ranks("all, translate-test", "tr"), try ranks("all", "en"))
    // English captions: dog, dog dog, cat, cat cat, dog cat, cow, cat dog, cow.
    let metric = { (evaluation: Evaluation, places: [Int]) in
      places.map { evaluation.ranking.above[$0] }
    }
    #expect(metric(translated, [0, 1, 2]) == metric(english, [0, 2, 6]))
    #expect(found.languages.contains { $0.metric == "R@1" })
  }

  @Test(arguments: [
    ("dog\ncat\n", "expected 3 lines, one a caption in the order of captions.jsonl, found 2"),
    ("dog\ncat\ncow\ncow\n", "found 4"),
    ("dog\n\ncow\n", "line 2: expected a translation, found nothing"),
    ("1.png\tdog\ncat\n", "line 2: expected an id, a tab and a text"),
    ("1.png\tdog\n3.png\tcat\n", "line 2: expected the id of a caption, such as 1.png"),
    ("1.png\tdog\n1.png#0\tcat\n", "line 2: expected each caption once"),
    ("1.png\tdog\n", "lacks the translations of 2 captions (2.png#0, 4.png#0)"),
    ("1.png\tdog\n2.png\t \n4.png\ta\n", "line 2: expected a translation"),
  ])
  func whatDoesNotStandForThemIsTold(_ text: String, _ expected: String) throws {
    let found = words { _ = try evaluate(text) }
    #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    #expect(try store.runs().isEmpty || store.evaluations(of: "one").isEmpty)
  }

  @Test func theyAreOfOneOtherLanguage() throws {
    #expect(
      words { _ = try evaluate("a\n", ["en", "tr"]) }?.contains("are of one language") == true)
    #expect(
      words { _ = try evaluate("a\n", ["en"]) }?.contains("was aligned on that language") == true)
  }
}
