import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("check of runs, stores and datasets")
struct CheckTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
    for arguments in [
      bench.align("projection", "runs/one"),
      ["eval", "runs/one", "--data", "scenes", "--lang", "en"],
    ] {
      let made = try bench.xling(arguments)
      guard made.status == 0 else { throw BenchFailure(message: made.stderr) }
    }
  }

  /// Flips one bit in the middle of a file.
  private func flip(_ name: String) throws {
    let file = URL(fileURLWithPath: bench.path + "/" + name)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 8
    try bytes.write(to: file)
  }

  @Test func wholeThingsAreWholeAndOneBitIsNoticed() throws {
    let all = try bench.xling(["check", "--json"])
    #expect(all.status == 0, "\(all.stderr)")
    let report = try Parsed.object(all.stdout)
    #expect(report["schema"] as? String == "xling.check/1" && report["whole"] as? Bool == true)
    let kinds = (report["checked"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
    #expect(kinds == ["store", "embeddings", "features", "run"])
    for what in ["runs/one", "one", "runs/xling.sqlite", "scenes"] {
      let result = try bench.xling(["check", what])
      #expect(result.status == 0 && result.stdout.hasPrefix("whole  "), "\(what): \(result.stderr)")
    }
    // An edited record is still read; only check tells.
    try bench.change("runs/one/run.json") {
      Data(String(decoding: $0, as: UTF8.self).replacing("\"logEvery\" : 10,", with: "").utf8)
    }
    #expect(try bench.xling(["show", "one"]).status == 0)
    let edited = try bench.xling(["check", "one"])
    #expect(edited.status == 65 && edited.stderr.contains("runs/one/run.json is damaged"))
    try flip("runs/one/model.safetensors")
    let damaged = try bench.xling(["check", "one"])
    #expect(damaged.status == 65 && damaged.stdout.hasPrefix("DAMAGED  run  "))
    #expect(damaged.stderr.contains("runs/one/model.safetensors is damaged"))
    let picture = try #require(
      try FileManager.default.contentsOfDirectory(atPath: bench.path + "/data/scenes/images")
        .first)
    try AtomicFile.write("no picture", to: bench.path + "/data/scenes/images/" + picture)
    let data = try bench.xling(["check", "scenes"])
    #expect(data.status == 65 && data.stderr.contains("scenes/images/\(picture)"))
    let unknown = try bench.xling(["check", "nowhere"])
    #expect(unknown.status == 66 && unknown.stderr.contains("nowhere is neither a run's folder"))
  }
}
