import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// Training options from `xling.toml`, `--set` and flags: the later goes before the earlier.
@Suite("training options")
struct SettingsTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// The configuration that a run was trained with.
  private func configuration(_ run: String) throws -> [String: Any] {
    let record = try Parsed.object(
      String(decoding: try AtomicFile.read(bench.path + "/\(run)/run.json"), as: UTF8.self))
    let identity = try #require(record["identity"] as? [String: Any])
    return try #require(identity["configuration"] as? [String: Any])
  }

  private func weightDecay(_ configuration: [String: Any]) -> Double? {
    let optimizer = configuration["optimizer"] as? [String: [String: [String: Any]]]
    return optimizer?["adamW"]?["_0"]?["weightDecay"] as? Double
  }

  @Test func theLaterSourceDecides() throws {
    try AtomicFile.write(
      "[training]\nweight_decay = 0.5\nseed = 7\nclip = 3\nrate = 1e-3\n",
      to: bench.path + "/xling.toml")
    let result = try bench.xling(
      bench.align("projection", "runs/one", ["--set", "clip=4", "--set", "seed=8", "--seed", "8"]))
    #expect(result.status == 0, "\(result.stderr)")
    #expect(
      result.stderr.contains(
        "/xling.toml sets rate=0.001, weight_decay=0.5, clip=3.0, seed=7\n"))
    let made = try configuration("runs/one")
    #expect(weightDecay(made) == 0.5 && made["gradientClip"] as? Double == 4)
    #expect(made["seed"] as? Int == 8 && made["peakRate"] as? Double == 0.001)
    // The same by flags alone is the same run: nothing else is trained.
    try FileManager.default.removeItem(atPath: bench.path + "/xling.toml")
    let again = try bench.xling(
      bench.align(
        "projection", "runs/one",
        ["--weight-decay", "0.5", "--clip", "4", "--seed", "8", "--rate", "1e-3", "--resume"]))
    #expect(again.status == 0 && again.stderr.contains("is finished"), "\(again.stderr)")
    #expect(!again.stderr.contains("xling.toml"))
  }

  @Test(arguments: [
    (
      ["--set", "weight_decay=0.1", "--weight-decay", "0.2"],
      "--set weight_decay=0.1 and --weight-decay 0.2 differ; give one of them"
    ),
    (
      ["--set", "recompute=false", "--recompute"],
      "--set recompute=false and --recompute differ; give one of them"
    ),
    (
      ["--set", "epochs=2"],
      "--set epochs=2 and --steps 4 exclude each other; give one of them"
    ),
    (["--set", "rate=0"], "\"rate=0\": expected above 0 and at most 1000, found \"0\"."),
    (["--set", "wieght=1"], "\"wieght=1\": expected one of steps, epochs, batch_size"),
    (["--chunk", "0"], "--chunk must be from 1 to 1000000000, found 0"),
    (["--seed", "x"], "must be a whole number from 0 to 18446744073709551615, found x"),
  ])
  func twoValuesOfOneKeyAreRefused(_ more: [String], _ words: String) throws {
    let result = try bench.xling(bench.align("projection", "runs/one", more))
    #expect(result.status == 64 && result.stderr.contains(words), "\(result.stderr)")
    #expect(!bench.exists("runs"))
  }

  @Test func mistakesOfTheFileNameIt() throws {
    try AtomicFile.write("[training]\nrates = 1\n", to: bench.path + "/xling.toml")
    let result = try bench.xling(bench.align("projection", "runs/one"))
    #expect(result.status == 65)
    #expect(
      result.stderr.contains("/xling.toml: expected the keys steps, epochs")
        && result.stderr.contains("of [training], found \"rates\""), "\(result.stderr)")
  }
}
