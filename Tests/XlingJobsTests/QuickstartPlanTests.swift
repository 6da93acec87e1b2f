import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingTestSupport

@testable import XlingJobs

@Suite("quickstart: the usual one, and the rest of it by --thorough")
struct QuickstartPlanTests {
  @Test func theThoroughOneHasTheVeryRunsOfTheUsualOne() throws {
    let (usual, thorough) = (QuickstartPlan.usual, QuickstartPlan.thorough)
    #expect(usual.methods == thorough.methods)
    #expect(usual.folder == thorough.folder && usual.data == thorough.data)
    #expect(usual.scenes == thorough.scenes)
    for method in usual.methods {
      let (one, other) = (
        try method.recipe(usual, pictures: 8_000), try method.recipe(thorough, pictures: 8_000)
      )
      #expect(one.0 == other.0)
      #expect(one.1.steps == other.1.steps && one.1.rate == other.1.rate)
    }
    #expect(usual.page != thorough.page)
  }

  @Test func whatIsGivenUpIsLanguagesAndSaid() throws {
    let (usual, thorough) = (QuickstartPlan.usual, QuickstartPlan.thorough)
    #expect(usual.languages.count == 13 && thorough.languages.count == 30)
    #expect(Set(usual.languages).isSubset(of: thorough.languages))
    #expect(usual.note?.contains("13 of 30 languages") == true)
    #expect(usual.note?.contains("--thorough") == true)
    #expect(thorough.note == nil)
  }

  /// The events that matter: steps of trainings, and languages measured.
  private final class Heard {
    var steps = 0
    var evaluated: [String] = []

    func hear(_ event: QuickstartJob.Event) {
      switch event {
      case .align(_, _, .step): steps += 1
      case .evaluate(_, _, .done(_, let language)): evaluated.append(language)
      default: break
      }
    }
  }

  @Test func theThoroughOneMeasuresWhatIsLeftAndTrainsNothing() throws {
    let folder = try TemporaryFolder()
    let store = try ExperimentStore(path: folder.path + "/runs/xling.sqlite")
    func run(_ plan: QuickstartPlan) throws -> (Heard, [String: Int]) {
      var plan = plan
      (plan.steps, plan.scenes) = (1, SceneCounts(train: 64, val: 4, test: 30))
      // Debug builds are slow: two languages that both measure, and one that is left.
      plan.short = ["tr"]
      plan.further = plan.kind == .thorough ? ["sw", "de"] : ["sw"]
      var options = QuickstartJob.Options(plan)
      (options.output, options.data) = (folder.path + "/runs/quick", folder.path + "/data")
      let heard = Heard()
      let report = try QuickstartJob(options).run(in: store) { heard.hear($0) }
      #expect(report.pairedTests.count == 4 * plan.languages.count * 2)
      #expect(report.pairedTests.allSatisfy { $0.adjustedP != nil })
      #expect((report.summary.contains("--thorough")) == (plan.kind == .usual))
      let stored = Dictionary(
        grouping: try store.runs().flatMap { try store.evaluations(of: $0.name) }, by: \.language)
      return (heard, stored.mapValues(\.count))
    }
    let (first, before) = try run(.usual)
    #expect(first.steps == 5)
    #expect(Set(before.keys) == ["en", "tr", "sw"])
    let (second, after) = try run(.thorough)
    #expect(second.steps == 0)
    #expect(second.evaluated.count == 5 * 4)
    #expect(Set(after.keys) == ["en", "tr", "sw", "de"])
    for language in before.keys { #expect(after[language] == before[language]) }
    // Vectors of towers that a run trained are of use to no other run.
    let features = EmbeddingCache.path(besideStore: store.path, .features)
    let inventory = CacheInventory(besideStore: store.path)
    #expect(FileManager.default.fileExists(atPath: features))
    let towers = try inventory.list().filter { $0.kind == .features }
    #expect(towers.count == 2, "projection's two locked towers: \(towers)")
  }
}
