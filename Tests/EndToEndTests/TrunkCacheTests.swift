import Foundation
import Testing
import XlingCore

@Suite("states of trunks kept beside the store")
struct TrunkCacheTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func arguments(_ output: String, _ more: [String] = ["--cache-trunk"]) -> [String] {
    bench.align(
      "da", output, ["--steps", "40", "--checkpoint-every", "4", "--json"] + more)
  }

  private func checkpoint(_ result: XlingBinary.Result) throws -> String {
    #expect(result.status == 0, "\(result.stderr)")
    return try #require(try Parsed.object(result.stdout)["checkpoint"] as? String)
  }

  private var states: [String] {
    let root = bench.path + "/runs/xling.trunk"
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
    return names.filter { $0.hasSuffix(".states") }.map { "runs/xling.trunk/" + $0 }.sorted()
  }

  private func bytes() -> Int {
    states.reduce(0) { sum, name in
      let size = try? FileManager.default.attributesOfItem(atPath: bench.path + "/" + name)[.size]
      return sum + (size as? Int ?? 0)
    }
  }

  /// What `xling cache list` says of the image tower's states.
  private func images() throws -> [String: Any] {
    let list = try Parsed.object(try bench.xling(["cache", "list", "--json"]).stdout)
    return try #require(
      (list["caches"] as? [[String: Any]])?.first {
        ($0["about"] as? [String: Any])?["side"] as? String == "image"
      })
  }

  @Test func aKillWhileItIsMadeLeavesWhatIsThere() throws {
    let expected = try checkpoint(try bench.xling(arguments("runs/whole", ["--no-cache"])))
    #expect(states.isEmpty)
    let running = try bench.start(arguments("runs/killed"))
    let deadline = ProgressBar.uptime() + 60
    while bytes() < 30_000, running.process.isRunning, ProgressBar.uptime() < deadline {
      usleep(500)
    }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(try running.result().status == 137)
    #expect(bytes() > 0)
    // As if the power had gone: a record of which a part was written.
    let last = try #require(states.last)
    try bench.change(last) { $0 + Data(repeating: 7, count: 100) }
    let verified = try bench.xling(["cache", "verify"])
    #expect(verified.status == 0, "\(verified.stderr)")
    let resumed = try bench.xling(arguments("runs/killed") + ["--resume"])
    #expect(try checkpoint(resumed) == expected)
    #expect(!resumed.stderr.contains("damaged"))
    // 40 pictures of training and 8 of validation, once each.
    #expect(try images()["entries"] as? Int == 48)
  }

  @Test func twoProcessesMakeOne() throws {
    let seeds = ["1", "2"]
    let expected = try seeds.map {
      try checkpoint(try bench.xling(arguments("runs/plain\($0)", ["--no-cache", "--seed", $0])))
    }
    let running = try seeds.map {
      try bench.start(arguments("runs/kept\($0)", ["--cache-trunk", "--seed", $0]))
    }
    #expect(try running.map { try checkpoint(try $0.result()) } == expected)
    #expect(try bench.xling(["cache", "verify"]).status == 0)
    #expect(try images()["entries"] as? Int == 48)
    // A third computes no picture, and says what it found.
    let size = bytes()
    let third = try bench.xling(arguments("runs/third", ["--cache-trunk", "--seed", "1"]))
    #expect(try checkpoint(third) == expected[0])
    #expect(bytes() == size)
    #expect(third.stderr.contains("of it there"))
  }

  @Test func damageIsNamedDroppedAndComputedAnew() throws {
    let expected = try checkpoint(try bench.xling(arguments("runs/one")))
    for name in states {
      try bench.change(name) { data in
        var data = data
        data[10] ^= 1
        return data
      }
    }
    let verified = try bench.xling(["cache", "verify"])
    #expect(verified.status == 65)
    #expect(verified.stderr.contains("records are not as they were written (checksum)"))
    #expect(try bench.xling(["check"]).status == 65)
    let again = try bench.xling(arguments("runs/two"))
    #expect(try checkpoint(again) == expected)
    #expect(again.stderr.contains("xling: warning: 1 records in "))
    let repaired = try bench.xling(["cache", "verify", "--repair", "--json"])
    #expect(repaired.status == 0)
    #expect(try Parsed.object(repaired.stdout)["dropped"] as? Int == 2)
    let pruned = try bench.xling(["cache", "prune", "--limit", "0"])
    #expect(pruned.status == 0 && states.isEmpty)
    #expect(try bench.xling(["cache", "list"]).stdout.contains("nothing is kept beside"))
    #expect(try checkpoint(try bench.xling(arguments("runs/three"))) == expected)
  }

  @Test func whatCannotBeKeptIsRefusedByName() throws {
    let refused = try bench.xling(bench.align("full", "runs/full", ["--cache-trunk"]))
    #expect(refused.status == 64)
    #expect(
      refused.stderr.contains("--cache-trunk with full: the text tower's states cannot be kept"))
    #expect(!bench.exists("runs/full/run.json"))
    #expect(try bench.xling(bench.align("da", "runs/da", ["--cache-views", "2"])).status == 64)
    #expect(try bench.xling(arguments("runs/da", ["--no-cache", "--cache-trunk"])).status == 64)
    #expect(try bench.xling(["cache", "prune"]).status == 64)
    let over = try bench.xling(arguments("runs/da", ["--cache-limit", "1kB"]))
    #expect(over.status == 0 && states.isEmpty)
    #expect(over.stderr.contains("(--cache-trunk keeps it all the same)"))
  }
}
