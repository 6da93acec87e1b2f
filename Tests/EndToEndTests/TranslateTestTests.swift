import Testing
import XlingCore

@Suite("eval --translations, end to end")
struct TranslateTestTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test func resultsAreOfAProtocolOfTheirOwn() throws {
    for run in ["runs/one", "runs/two"] {
      let seed = run == "runs/one" ? "1" : "2"
      #expect(try bench.xling(bench.align("lwa", run, ["--seed", seed])).status == 0)
    }
    let lines = (0..<12).map { "a translation \($0)\n" }.joined()
    try AtomicFile.write(lines, to: bench.path + "/tr.txt")
    let eval = ["--data", "scenes", "--lang", "tr"]
    #expect(try bench.xling(["eval", "runs/one"] + eval).status == 0)
    let first = try bench.xling(["eval", "runs/one", "--translations", "tr.txt"] + eval)
    #expect(first.status == 0, "\(first.stderr)")
    #expect(first.stdout.contains("one on scenes, test, all, translate-test; "))
    #expect(first.stdout.contains("(tr.txt) stand for the captions in tr"))
    let compare = ["compare", "runs/one", "runs/two", "--data", "scenes"]
    let subset = ["--subset", "all, translate-test"]
    let missing = try bench.xling(compare + subset)
    #expect(
      missing.status == 66 && missing.stderr.contains("--translations FILE"), "\(missing.stderr)")
    #expect(
      try bench.xling(["eval", "runs/two", "--translations", "tr.txt"] + eval).status == 0)
    let both = try bench.xling(compare + subset)
    #expect(both.status == 0, "\(both.stderr)")
    #expect(both.stdout.hasPrefix("R@10 on scenes, test, all, translate-test; "))
    // Zero-shot results of one and translations of the other are never put together.
    #expect(try bench.xling(compare).status == 66)
  }

  @Test(arguments: [
    (["--lang", "tr,ru"], 64, "--translations are of one language"),
    ([], 64, "--translations are of one language"),
    (["--lang", "en"], 64, "was aligned on that language"),
    (["--lang", "tr", "--perturb", "nfd"], 64, "--perturb has no use with --translations"),
    (["--lang", "tr"], 65, "tr.txt: expected 12 lines"),
  ])
  func badInputIsToldPlainly(more: [String], status: Int32, words: String) throws {
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    try AtomicFile.write("one\n", to: bench.path + "/tr.txt")
    let result = try bench.xling(
      ["eval", "runs/one", "--data", "scenes", "--translations", "tr.txt"] + more)
    #expect(result.status == status && result.stderr.contains(words), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }
}
