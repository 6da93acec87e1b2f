import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTowers

@Suite("eval of embeddings made elsewhere, shards, merge")
struct EmbeddingEvaluationTests {
  let folder: TemporaryFolder

  /// Three pictures, two captions each; caption 5 is nearer to picture 0.
  init() throws {
    folder = try TemporaryFolder()
    try save("I", [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    try save(
      "T", [[2, 0.1, 0], [1, 0.3, 0], [0, 1, 0], [0.2, 1, 0.1], [0, 0, 3], [1, 0, 0.5]])
    let lines = (0..<6).map { "{\"text\": \($0), \"images\": [\($0 / 2)]}\n" }
    try AtomicFile.write(lines.joined(), to: folder.path + "/gold.jsonl")
  }

  private func save(_ name: String, _ rows: [[Float]]) throws {
    try rows.flatMap { $0 }.withUnsafeBufferPointer {
      try Safetensors.write(
        [("rows", [rows.count, rows[0].count], $0)], to: folder.path + "/" + name)
    }
  }

  private let embeddings = [
    "--image-embeddings", "I", "--text-embeddings", "T", "--gold", "gold.jsonl",
  ]

  private func xling(_ arguments: [String]) throws -> XlingBinary.Result {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    return try XlingBinary.run(arguments, environment: ["XLING_HOME": root], in: folder.path)
  }

  @Test func printsEveryNumberWithItsInterval() throws {
    let result = try xling(["eval"] + embeddings + ["--lang", "Turkish", "--json"])
    #expect(result.status == 0, "\(result.stderr)")
    let rows = try Parsed.list(result.stdout)
    let first = try #require(
      rows.first {
        $0["metric"] as? String == "R@1" && $0["direction"] as? String == "text-to-image"
      })
    #expect(first["language"] as? String == "tr" && first["n"] as? Int == 6)
    #expect(abs((first["value"] as? Double ?? 0) - 500 / 6.0) < 1e-9)
    // Three pictures are too few for an interval, and the keys say so.
    #expect(first["ties"] as? Int == 0 && first["high"] is NSNull && first["low"] is NSNull)
    #expect(result.stderr.contains("fewer than 30 independent pictures lie behind a figure: tr"))
    let sum = try #require(rows.first { $0["metric"] as? String == "rsum" })
    #expect(sum["direction"] as? String == "both")
    let text = try xling(["eval"] + embeddings + ["--metric", "R@1", "--metric", "map"])
    #expect(text.stdout.hasPrefix("und: 6 captions, 3 pictures; protocol "))
    #expect(text.stdout.contains("R@1") && text.stdout.contains("83.3 [–]"))
    #expect(text.stdout.contains("queries with ties"))
  }

  @Test func shardsMergeToTheSameBytes() throws {
    let whole = try xling(["eval"] + embeddings + ["--json"])
    for index in 1...2 {
      let shard = try xling(
        ["eval"] + embeddings + ["--shard", "\(index)/2", "--output", "\(index).shard"])
      #expect(shard.status == 0, "\(shard.stderr)")
      #expect(shard.stdout == "\(index).shard: shard \(index) of 2, 3 captions\n")
    }
    let merged = try xling(["merge", "2.shard", "1.shard", "--json"])
    #expect(merged.status == 0, "\(merged.stderr)")
    #expect(merged.stdout == whole.stdout)
    let half = try xling(["merge", "2.shard"])
    #expect(half.status == 65 && half.stdout.isEmpty)
    #expect(
      half.stderr
        == "xling: error: these shards cannot be merged: of 2 shards there is no 1.\n")
  }

  @Test func repeatedCaptionsAreReported() throws {
    try AtomicFile.write("a\nb\nc\na\r\ne\nf", to: folder.path + "/captions.txt")
    let arguments = ["eval"] + embeddings + ["--caption-texts", "captions.txt"]
    let result = try xling(arguments + ["--format", "csv"])
    #expect(result.status == 0, "\(result.stderr)")
    let lines = result.stdout.split(separator: "\n")
    func value(_ start: String) -> Double? {
      lines.first { $0.hasPrefix(start) }.flatMap { Double($0.split(separator: ",")[3]) }
    }
    // Captions 0 and 3 read alike but show different pictures: one ranking satisfies one of them.
    #expect(abs((value("R@1 upper bound,text-to-image") ?? 0) - 500 / 6.0) < 1e-9)
    #expect(value("R@5 upper bound,text-to-image") == 100)
    #expect(value("R@1 upper bound,image-to-text") == 100)
    #expect(abs((value("R@1 lenient,text-to-image") ?? 0) - 500 / 6.0) < 1e-9)
    #expect(try xling(arguments).stdout.contains("Repeated: 2 captions, 0 pictures."))
    try AtomicFile.write("a\nb\n", to: folder.path + "/captions.txt")
    let short = try xling(arguments)
    #expect(short.status == 65 && short.stderr.contains("captions.txt: expected 6 lines"))
  }

  @Test func badInput() throws {
    try save("zero", [[1, 0, 0], [0, 0, 0], [0, 0, 1]])
    try AtomicFile.write("{\"text\": 0, \"images\": [3]}\n", to: folder.path + "/outside.jsonl")
    try AtomicFile.write("{\"text\": 0, \"images\": [0]}\n", to: folder.path + "/few.jsonl")
    func change(_ option: String, _ value: String) -> [String] {
      var arguments = embeddings
      if let place = arguments.firstIndex(of: option) { arguments[place + 1] = value }
      return ["eval"] + arguments
    }
    for (arguments, status, message) in [
      (
        change("--image-embeddings", "zero"), 65,
        "zero: row 1 (from 0) is a row of nothing but zeros"
      ),
      (change("--gold", "outside.jsonl"), 65, "outside.jsonl, line 1: expected image rows below 3"),
      (
        change("--gold", "few.jsonl"), 65,
        "few.jsonl names no correct item for 5 captions (rows 1, 2"
      ),
      (change("--text-embeddings", "none"), 66, "none does not exist."),
      (change("--lang", "") + ["--lang", "turkis"], 64, "Did you mean tr (Turkish)?"),
      (["eval"] + embeddings + ["--metric", "R@0"], 64, "there is no metric 'R@0'."),
      (["eval"] + embeddings + ["--shard", "3/2", "--output", "x"], 64, "3/2"),
      (["eval", "--gold", "gold.jsonl"], 64, "--image-embeddings is missing"),
      (
        ["eval", "run", "--split", "val", "--orientation", "apply"] + embeddings, 64,
        "a run, --split and --orientation have no use with --image-embeddings"
      ),
      (
        ["eval"] + embeddings + ["--store", "s.sqlite"], 64,
        "--store has no use with --image-embeddings"
      ),
      (
        ["eval"] + embeddings + ["--shard", "1/2", "--output", "x", "--seed", "1"], 64,
        "--seed has no use with --shard"
      ),
      (
        ["eval"] + embeddings + ["--trec-depth", "5"], 64, "--trec-depth has no use without --trec"
      ),
    ] as [([String], Int32, String)] {
      let result = try xling(arguments)
      #expect(result.status == status, "\(arguments): \(result.stderr)")
      #expect(result.stdout.isEmpty)
      #expect(result.stderr.contains(message), "\(result.stderr)")
    }
    let missing = try xling(change("--gold", "few.jsonl") + ["--allow-missing"])
    #expect(missing.status == 0, "\(missing.stderr)")
    #expect(
      missing.stdout.contains("Left out of the queries: 5 captions, 2 pictures without gold."))
  }
}
