import Foundation
import Testing

@Suite("data, align, eval, compare")
struct WholeWayTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test(arguments: ["projection", "layernorm", "bitfit", "lwa", "da", "lit", "full"])
  func everyMethodIsAlignedAndEvaluated(_ method: String) throws {
    let aligned = try bench.xling(bench.align(method, "runs/one", ["--json"]))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    let run = try Parsed.object(aligned.stdout)
    #expect(run["method"] as? String == method)
    #expect(run["steps"] as? Int == 4)
    #expect(run["trainingPairs"] as? Int == 40)
    let (trained, all) = (run["trainedParameters"] as? Int ?? 0, run["allParameters"] as? Int ?? 0)
    #expect(trained > 0 && (method == "full" ? trained == all : trained < all))

    let evaluated = try bench.xling(
      ["eval", "runs/one", "--data", "scenes", "--lang", "tr", "--lang", "English", "--json"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    let rows = try Parsed.list(evaluated.stdout).filter {
      $0["subset"] as? String == "all" && $0["metric"] as? String == "R@10"
    }
    #expect(rows.map { $0["language"] as? String } == ["tr", "tr", "en", "en", "mean", "mean"])
    #expect(Set(rows.compactMap { $0["protocol"] as? String }).count == 1)
    for row in rows {
      let value = row["value"] as? Double ?? -1
      #expect((0...100).contains(value))
      // Of 12 pictures no interval is claimed.
      #expect(row["low"] is NSNull && row["high"] is NSNull)
    }
    // Five English captions a picture, one in Turkish; each of 12 pictures asks once.
    func n(_ language: String, _ direction: String) -> Int? {
      rows.first {
        $0["language"] as? String == language && $0["direction"] as? String == direction
      }?["n"] as? Int
    }
    #expect(n("tr", "text-to-image") == 12)
    #expect(n("en", "text-to-image") == 60)
    #expect(n("en", "image-to-text") == 12)
  }

  @Test func seedsArePooled() throws {
    for (method, seed) in [("lwa", "1"), ("lwa", "2"), ("full", "1"), ("full", "2")] {
      let run = "runs/\(method)-\(seed)"
      #expect(try bench.xling(bench.align(method, run, ["--seed", seed])).status == 0)
      let evaluated = try bench.xling(
        ["eval", run, "--data", "scenes", "--lang", "tr", "--lang", "ru"])
      #expect(evaluated.status == 0, "\(evaluated.stderr)")
    }
    let runs = ["full-1", "lwa-1", "full-2", "lwa-2"]
    let compare = ["compare", "--data", "scenes", "--json", "--metric", "MRR"]
    let pooled = try Parsed.list(try bench.xling(compare + runs + ["--pool-seeds"]).stdout)
    let apart = try Parsed.list(try bench.xling(compare + runs).stdout)
    #expect(pooled.count == 6)
    func value(_ rows: [[String: Any]], _ second: String, _ key: String) throws -> Double {
      let row = rows.first {
        $0["second"] as? String == second && $0["language"] as? String == "tr"
          && $0["direction"] as? String == "text-to-image"
      }
      return try #require(row?[key] as? Double)
    }
    let label = "lwa (2 seeds)"
    let (one, two) = (
      try value(apart, "lwa-1", "secondValue"), try value(apart, "lwa-2", "secondValue")
    )
    #expect(abs(try value(pooled, label, "secondValue") - (one + two) / 2) < 1e-12)
    #expect(abs(try value(pooled, label, "secondSpread") - abs(one - two) / 2.squareRoot()) < 1e-12)
    #expect(
      pooled.allSatisfy {
        $0["first"] as? String == "full (2 seeds)" && $0["n"] as? Int == 12
          || $0["language"] as? String == "mean"
      })

    let uneven = try bench.xling(compare + Array(runs.dropLast()) + ["--pool-seeds"])
    #expect(uneven.status == 64)
    #expect(uneven.stderr.contains("'full (2 seeds)' has 2 seeds and 'lwa-1' 1"))
    let alone = try bench.xling(compare + ["full-1", "full-2", "--pool-seeds"])
    #expect(alone.status == 64)
  }

  @Test func comparesStoredRanks() throws {
    for method in ["lwa", "full"] {
      #expect(try bench.xling(bench.align(method, "runs/\(method)")).status == 0)
      let evaluated = try bench.xling(
        ["eval", method, "--data", "scenes", "--lang", "tr", "--lang", "ru", "--lang", "en"])
      #expect(evaluated.status == 0, "\(evaluated.stderr)")
    }
    // From stored ranks: nothing is embedded again.
    try FileManager.default.removeItem(atPath: bench.path + "/text")
    try FileManager.default.removeItem(atPath: bench.path + "/data")
    let compare = ["compare", "lwa", "runs/full", "--data", "scenes"]
    let shown = try bench.xling(compare)
    #expect(shown.status == 0, "\(shown.stderr)")
    // Twelve pictures: figures and differences, and no test.
    #expect(shown.stderr.contains("fewer than 30 independent pictures"))
    #expect(shown.stdout.contains("[–]"))
    #expect(shown.stdout.hasPrefix("R@10 on scenes, test, all; protocol "))
    #expect(shown.stdout.contains("mean: over ru tr, which no run was aligned on."))
    #expect(try bench.xling(compare).stdout == shown.stdout)

    let rows = try Parsed.list(try bench.xling(compare + ["--json"]).stdout)
    #expect(rows.count == 8)
    for row in rows {
      let number = { (key: String) in row[key] as? Double ?? .nan }
      #expect(abs(number("firstValue") - number("secondValue") - number("difference")) < 1e-9)
      #expect(["low", "high", "p", "pHolm"].allSatisfy { row[$0] is NSNull })
    }
    let one = try bench.xling(compare + ["--lang", "turkish", "--metric", "r@1", "--json"])
    #expect(try Parsed.list(one.stdout).map { $0["language"] as? String } == ["tr", "tr"])

    let lacking = try bench.xling(compare + ["--lang", "pl"])
    #expect(lacking.status == 66)
    #expect(
      lacking.stderr == """
        xling: error: run 'lwa' has no evaluation for dataset 'scenes', test, subset 'all', in pl. \
        Make it: xling eval lwa --data scenes --lang pl

        """)
  }

  @Test func refusesToCompareWhatWasMeasuredOtherwise() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/a")).status == 0)
    #expect(try bench.xling(bench.align("da", "runs/b")).status == 0)
    let eval = ["--data", "scenes", "--lang", "en"]
    #expect(try bench.xling(["eval", "a"] + eval).status == 0)
    #expect(try bench.xling(["eval", "b"] + eval + ["--captions-per-picture", "1"]).status == 0)
    let mixed = try bench.xling(["compare", "a", "b", "--data", "scenes"])
    #expect(mixed.status == 65)
    #expect(mixed.stdout.isEmpty)
    #expect(mixed.stderr.contains("captions is 'all, at most 30 tokens' in one and 'first 1, at"))
    // Now both have that protocol; the first also has another, which is no obstacle.
    #expect(try bench.xling(["eval", "a"] + eval + ["--captions-per-picture", "1"]).status == 0)
    #expect(try bench.xling(["compare", "a", "b", "--data", "scenes"]).status == 0)
    #expect(try bench.xling(["eval", "b"] + eval).status == 0)
    let several = try bench.xling(["compare", "a", "b", "--data", "scenes"])
    #expect(several.status == 64)
    #expect(several.stderr.contains("Choose one by --protocol:"))
  }

  @Test func runsAreListedAndShown() throws {
    let none = try bench.xling(["runs"])
    #expect(none.status == 66)
    #expect(
      none.stderr == """
        xling: error: there is no store: no runs/xling.sqlite lies here or in a folder above. Name \
        another by --store or XLING_STORE. The first run makes it; how, says: xling align --help

        """)
    let aligned = bench.align("lwa", "runs/one", ["--validate-every", "2"])
    #expect(try bench.xling(aligned).status == 0)
    let list = try Parsed.list(try bench.xling(["runs", "--json"]).stdout)
    #expect(list.count == 1)
    #expect(list.first?["status"] as? String == "finished")
    #expect(try bench.xling(["runs"]).stdout.contains("one  lwa     finished"))
    let shown = try bench.xling(["show", "one"])
    #expect(shown.stdout.contains("status       finished\n"))
    #expect(shown.stdout.contains("training     4 steps of 8, rate "))
    #expect(shown.stdout.contains("val at 2     loss "))
    // Every step's loss and every validation is in the store.
    let stored = try Parsed.object(try bench.xling(["show", "one", "--json"]).stdout)
    let curve = try #require(stored["curve"] as? [String: [[String: Any]]])
    #expect(curve["training"]?.compactMap { $0["step"] as? Int } == [1, 2, 3, 4])
    #expect(curve["validation"]?.compactMap { $0["step"] as? Int } == [2, 4])
    let losses = curve.values.joined().compactMap { $0["loss"] as? Double }
    #expect(losses.count == 6 && losses.allSatisfy { $0 > 0 })

    // Another store learns of the run when it is evaluated.
    let store = ["--store", "other.sqlite"]
    let evaluated = try bench.xling(
      ["eval", "runs/one", "--data", "scenes", "--lang", "tr"] + store)
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    let details = try Parsed.object(try bench.xling(["show", "one", "--json"] + store).stdout)
    let measured = details["measured"] as? [[String: Any]] ?? []
    #expect(measured.allSatisfy { $0["languages"] as? [String] == ["tr"] } && !measured.isEmpty)
  }

  @Test func methodsCountWhatTheyTrain() throws {
    let towers = ["--text-tower", "text", "--image-tower", "image"]
    let list = try Parsed.list(try bench.xling(["methods", "--json"] + towers).stdout)
    var methods: [String: [String: Any]] = [:]
    for method in list where method["kind"] as? String == "method" {
      if let name = method["name"] as? String { methods[name] = method }
    }
    // The others are presets, some of a method's name.
    #expect(methods.count == list.count { $0["kind"] as? String == "method" })
    for name in ["projection", "layernorm", "bitfit", "lwa", "da", "lit", "full"] {
      #expect(methods[name] != nil, "\(name)")
    }
    #expect(methods["full"]?["trainedPercent"] as? Double == 100)
    // Two projections of 32 to 256 with biases, and the temperature.
    #expect(methods["projection"]?["trainedParameters"] as? Int == 2 * 33 * 256 + 1)
  }

  @Test func equalRunsHaveEqualBitsWhateverTheThreads() throws {
    func checkpoint(_ output: String, _ more: [String]) throws -> String? {
      let result = try bench.xling(bench.align("full", output, ["--json"] + more))
      #expect(result.status == 0, "\(result.stderr)")
      return try Parsed.object(result.stdout)["checkpoint"] as? String
    }
    let one = try checkpoint("runs/one", ["--threads", "1"])
    #expect(one?.count == 64)
    #expect(try checkpoint("runs/two", ["--threads", "2"]) == one)
    #expect(try checkpoint("runs/other", ["--seed", "2"]) != one)
  }
}
