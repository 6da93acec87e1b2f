import Foundation
import Testing

@Suite("embeddings kept beside the store")
struct KeptEmbeddingsTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    guard aligned.status == 0 else { throw BenchFailure(message: aligned.stderr) }
  }

  private func eval(_ languages: [String], _ more: [String] = []) -> [String] {
    ["eval", "one", "--data", "scenes", "--json"] + languages.flatMap { ["--lang", $0] } + more
  }

  @Test func theSecondEvaluationEmbedsNothingAndPrintsTheSame() throws {
    let first = try bench.xling(eval(["en"]))
    #expect(first.status == 0, "\(first.stderr)")
    #expect(first.stderr.contains("xling: embedded 12 pictures and "))
    let second = try bench.xling(eval(["en"]))
    #expect(
      second.stderr.contains(
        "xling: embedded 0 pictures and 0 captions; what was embedded before came from "
          + "runs/xling.embeddings.sqlite\n"))
    #expect(second.stdout == first.stdout)
    let further = try bench.xling(eval(["tr"]))
    #expect(further.stderr.contains("xling: embedded 0 pictures and "))
    #expect(!further.stderr.contains(" and 0 captions"))
    // A run trained further, of the same name, is another model.
    let other = try bench.xling(bench.align("projection", "runs/two", ["--steps", "5"]))
    #expect(other.status == 0, "\(other.stderr)")
    let two = try bench.xling(["eval", "two", "--data", "scenes", "--lang", "en"])
    #expect(two.stderr.contains("xling: embedded 12 pictures and "))
    let without = try bench.xling(eval(["en"], ["--no-cache"]))
    #expect(without.stdout == first.stdout && !without.stderr.contains("embedded"))
  }

  @Test func twoProcessesShareAStore() throws {
    let languages = [["en", "tr", "ru", "pl"], ["ru", "pl", "en", "de"]]
    let running = try languages.map { try bench.start(eval($0)) }
    for (process, languages) in zip(running, languages) {
      let result = try process.result()
      #expect(result.status == 0, "\(result.stderr)")
      let rows = try Parsed.list(result.stdout)
      #expect(Set(rows.compactMap { $0["language"] as? String }).isSuperset(of: languages))
    }
    let again = try bench.xling(eval(["en", "tr", "ru", "pl", "de"]))
    #expect(again.stderr.contains("xling: embedded 0 pictures and 0 captions"))
    let shown = try Parsed.object(try bench.xling(["show", "one", "--json"]).stdout)
    let measured = shown["measured"] as? [[String: Any]] ?? []
    #expect(
      Set(measured.flatMap { $0["languages"] as? [String] ?? [] }) == [
        "de", "en", "pl", "ru", "tr",
      ])
  }
}
