import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// A run and its store as the version of e8eeb39 left them; weights as the same command gives them since numerics 4.
@Suite("what an earlier version left")
struct EarlierVersionTests {
  let bench: Bench
  private let fixtures = Fixtures.path("versions/e8eeb39")
  private static let weights =
    (try? JSONDecoder().decode(
      [String: [String: String]].self,
      from: AtomicFile.read(Fixtures.path("versions/e8eeb39/weights.json")))) ?? [:]

  init() throws {
    bench = try Bench()
    try FileManager.default.copyItem(
      atPath: Fixtures.path("versions/set"), toPath: bench.path + "/set")
  }

  private func align(_ method: String, _ more: [String] = []) throws -> [String: Any] {
    let result = try bench.xling(
      [
        "align", "--method", method, "--data", "set", "--output", "runs/\(method)", "--steps", "12",
        "--batch-size", "4", "--validate-every", "6", "--threads", "1", "--json",
      ] + more)
    #expect(result.status == 0, "\(result.stderr)")
    return try Parsed.object(result.stdout)
  }

  /// SHA-256 of what lies behind the header, in which towers stand by their paths.
  private func tensors(of file: String) throws -> String {
    let data = try AtomicFile.read(bench.path + "/" + file)
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return Digest.of(Data(data.dropFirst(8 + length)))
  }

  /// The folders of both runs, made today; `run.json` of `lwa` and the store are the old ones.
  private func restore() throws {
    let record = bench.path + "/runs/lwa/run.json"
    let towers = try Parsed.object(String(decoding: try AtomicFile.read(record), as: UTF8.self))
    let identity = try #require(towers["identity"] as? [String: Any])
    let text = try #require((identity["text"] as? [String: Any])?["folder"] as? String)
    let home = URL(fileURLWithPath: text).deletingLastPathComponent().path
    let old = String(decoding: try AtomicFile.read(fixtures + "/run.json"), as: UTF8.self)
      .replacing("/project/xling/share/xling/towers", with: home)
    try AtomicFile.write(old, to: record)
    // A run of that version has no sums.
    try FileManager.default.removeItem(atPath: bench.path + "/runs/lwa/SHA256SUMS")
    for name in bench.names(in: "runs") where name.contains(".sqlite") {
      try FileManager.default.removeItem(atPath: bench.path + "/runs/" + name)
    }
    for name in ["xling.sqlite", "xling.embeddings.sqlite"] {
      try FileManager.default.copyItem(
        atPath: fixtures + "/" + name, toPath: bench.path + "/runs/" + name)
    }
  }

  @Test func itIsListedShownComparedEvaluatedAndResumed() throws {
    let lwa = try align("lwa")
    _ = try align("full")
    let shown = try Parsed.object(try bench.xling(["show", "runs/lwa", "--json"]).stdout)
    let record = try #require(shown["record"] as? [String: Any])
    let core = try #require(record["blasCore"] as? String)
    let expected = Self.weights[core]
    if let expected {
      for method in ["lwa", "full"] {
        #expect(try tensors(of: "runs/\(method)/model.safetensors") == expected[method])
      }
    } else {
      print("no weights of \(core) are known: hashes are not compared")
    }

    try restore()
    let list = try bench.xling(["runs", "--json"])
    #expect(list.stderr.contains("xling.before-schema-5.sqlite"))
    let runs = try Parsed.list(list.stdout)
    #expect(runs.map { $0["name"] as? String } == ["lwa", "full"])
    #expect(runs.first?["folder"] as? String == bench.path + "/runs/lwa")
    #expect(bench.exists("runs/xling.before-schema-5.sqlite"))
    // Its configuration is encoded to the very bytes of the stored key.
    let old = try Parsed.object(try bench.xling(["show", "lwa", "--json"]).stdout)
    #expect(old["status"] as? String == "finished")
    #expect(
      (old["measured"] as? [[String: Any]])?.first?["languages"] as? [String] == ["en", "tr"])
    let compared = try bench.xling(["compare", "lwa", "full", "--data", "set", "--json"])
    #expect(compared.status == 0, "\(compared.stderr)")

    let evaluated = try bench.xling(
      ["eval", "lwa", "--data", "set", "--lang", "en", "--lang", "tr"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    try editedRecordsAreTheSameRun()
    // What was stored stays, whatever is added: the dataset's hash is another now.
    let again = try bench.xling(["compare", "lwa", "full", "--data", "set", "--json"])
    #expect(again.stdout == compared.stdout)
    #expect(try align("lwa", ["--resume"])["checkpoint"] as? String == lwa["checkpoint"] as? String)
  }

  /// `run.json` without a key that has its default, and with another value of one that changes no bits, is
  /// the same run to the store; a key that nobody knows is named.
  private func editedRecordsAreTheSameRun() throws {
    let whole = String(
      decoding: try AtomicFile.read(bench.path + "/runs/lwa/run.json"), as: UTF8.self)
    func edit(_ old: String, _ new: String) throws {
      #expect(whole.contains(old))
      try AtomicFile.write(whole.replacing(old, with: new), to: bench.path + "/runs/lwa/run.json")
    }
    for (old, new) in [
      ("\"recomputesActivations\" : false,", ""), ("\"logEvery\" : 10,", "\"logEvery\" : 3,"),
    ] {
      try edit(old, new)
      let shown = try bench.xling(["show", "runs/lwa"])
      #expect(shown.status == 0 && shown.stdout.contains("finished"), "\(shown.stderr)")
      #expect(
        shown.stdout.contains(
          "made by      xling 0.1.0 or earlier, which noted no version, numerics 1"))
      let evaluated = try bench.xling(["eval", "runs/lwa", "--data", "set", "--lang", "en"])
      #expect(evaluated.status == 0, "\(evaluated.stderr)")
    }
    try edit("\"logEvery\" : 10,", "\"logEvery\" : 10, \"foo\" : 1,")
    let unknown = try bench.xling(["show", "runs/lwa"])
    #expect(unknown.status == 65)
    #expect(
      unknown.stderr.contains(
        "runs/lwa/run.json: this xling knows no key \"identity.configuration.foo\""))
    try AtomicFile.write(whole, to: bench.path + "/runs/lwa/run.json")
  }
}
