import Foundation
import Testing
import XlingCore

@Suite("bad input: one clear message, the right status, nothing half-written")
struct BadInputTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func expect(
    _ result: XlingBinary.Result, _ status: Int32, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.stderr)", sourceLocation: sourceLocation)
    #expect(result.stdout.isEmpty, sourceLocation: sourceLocation)
    #expect(
      result.stderr == "xling: error: \(message)\n", sourceLocation: sourceLocation)
  }

  @Test func aDatasetThatIsNotBuilt() throws {
    var arguments = bench.align("lwa", "runs/one")
    arguments[4] = "emoji"
    expect(
      try bench.xling(arguments), 66, "data/emoji does not exist. Build it: xling data build emoji")
    #expect(!bench.exists("runs"))
  }

  @Test func anUnknownMethod() throws {
    expect(
      try bench.xling(bench.align("lwaa", "runs/one")), 64,
      "there is no method \"lwaa\". Did you mean \"lwa\"? Methods: ape, bitfit, compacter, da, full, "
        + "full-random, full-random-text, image-lwa, last-layer, layernorm, lit, lit-da, "
        + "lit-layernorm, lit-lwa, lit-random-text, lora, lwa, projection, prompt.")
  }

  @Test func languages() throws {
    #expect(try bench.xling(bench.align("projection", "runs/one")).status == 0)
    let eval = ["eval", "runs/one", "--data", "scenes"]
    expect(
      try bench.xling(eval + ["--lang", "turkis"]), 64,
      "there is no language \"turkis\". Did you mean tr (Turkish)? A language is its code (tr) or "
        + "English name (Turkish); one card in languages/ each.")
    expect(
      try bench.xling(eval + ["--strict"]), 64,
      "nothing is guessed with --strict or XLING_STRICT=1: name languages, as in xling eval runs/one "
        + "--data scenes --strict --lang tr")
    // Serbian exists; this dataset lacks it, and Russian is written alike.
    try AtomicFile.createFolder(bench.path + "/small/images")
    let picture = try #require(bench.names(in: "data/scenes/images").first)
    try FileManager.default.copyItem(
      atPath: bench.path + "/data/scenes/images/" + picture,
      toPath: bench.path + "/small/images/" + picture)
    try AtomicFile.write(
      "{\"image\": \"\(picture)\", \"split\": \"test\", \"captions\": {\"ru\": [\"a\"], "
        + "\"tr\": [\"b\"], \"en\": [\"c\"]}}\n", to: bench.path + "/small/captions.jsonl")
    expect(
      try bench.xling(["eval", "runs/one", "--data", "small", "--lang", "Serbian"]), 66,
      "small has no test caption in sr (Serbian). It has, nearest first: ru, tr, en.")
  }

  @Test func aLineThatIsNotJSON() throws {
    try bench.change("data/scenes/captions.jsonl") { $0 + Data("{\"image\": oops\n".utf8) }
    expect(
      try bench.xling(bench.align("lwa", "runs/one")), 65,
      "data/scenes/captions.jsonl, line 61: expected a JSON object, found \"{\"image\": oops\". "
        + "Mend that line; no line is skipped in silence.")
    #expect(!bench.exists("runs"))
  }

  @Test func aMissingPicture() throws {
    let picture = try #require(bench.names(in: "data/scenes/images").first)
    try FileManager.default.removeItem(atPath: bench.path + "/data/scenes/images/" + picture)
    let result = try bench.xling(bench.align("lwa", "runs/one"))
    #expect(result.status == 65)
    #expect(result.stderr.contains("captions.jsonl, line "))
    #expect(
      result.stderr.contains("expected a picture in data/scenes/images, found no file \"\(picture)")
    )
  }

  @Test func aTruncatedTower() throws {
    try bench.change("text/model.safetensors") { $0.prefix($0.count - 1_000) }
    let result = try bench.xling(bench.align("lwa", "runs/one"))
    #expect(result.status == 65)
    #expect(result.stderr.contains("text/model.safetensors"))
    #expect(result.stderr.split(separator: "\n").count == 1)
    #expect(!bench.exists("runs/one"))
  }

  @Test func aTowerThatChangedSinceTheRun() throws {
    #expect(try bench.xling(bench.align("projection", "runs/one")).status == 0)
    try bench.change("image/config.json") { $0 + Data("\n".utf8) }
    let result = try bench.xling(["eval", "runs/one", "--data", "scenes", "--lang", "tr"])
    #expect(result.status == 65)
    #expect(result.stderr.contains("is not the tower that the run was trained on"))
  }

  @Test func missingRuns() throws {
    let eval = ["--data", "scenes", "--lang", "tr"]
    expect(
      try bench.xling(["eval", "lwa"] + eval), 66,
      "there is no run 'lwa': no folder of that name holds a run.json, and there is no store at "
        + "runs/xling.sqlite. How a run is made, says: xling align --help")
    #expect(!bench.exists("runs"))
    expect(
      try bench.xling(["eval", "runs/lwa"] + eval), 66,
      "runs/lwa is not a run: there is no run.json. How one is made, says: xling align --help")
    #expect(try bench.xling(bench.align("projection", "runs/first")).status == 0)
    expect(
      try bench.xling(["eval", "frist"] + eval), 66,
      "there is no run 'frist' in runs/xling.sqlite. Did you mean 'first'?")
    expect(
      try bench.xling(bench.align("projection", "runs/first", ["--steps", "5"])), 64,
      "runs/first holds a run already, of other options or data. Name another folder by --output.")
    expect(
      try bench.xling(bench.align("projection", "elsewhere/first")), 64,
      "a run 'first' is stored already. Choose another name, or go on with it by --resume.")
    // Where nothing was begun there is nothing to go on with: the run begins.
    #expect(try bench.xling(bench.align("projection", "runs/none") + ["--resume"]).status == 0)
  }

  @Test func anotherRunOfTheSameNameIsNeverTakenForIt() throws {
    #expect(try bench.xling(bench.align("projection", "runs/one")).status == 0)
    let other = bench.align("bitfit", "elsewhere/one", ["--store", "other.sqlite"])
    #expect(try bench.xling(other).status == 0)
    let eval = ["--data", "scenes", "--lang", "tr"]
    for arguments in [
      ["eval", "elsewhere/one"] + eval, ["compare", "runs/one", "elsewhere/one"] + eval,
    ] {
      let result = try bench.xling(arguments)
      #expect(result.status == 64)
      #expect(result.stderr.hasPrefix("xling: error: the store has another run 'one', from "))
    }
    let shown = try bench.xling(["show", "elsewhere/one"])
    #expect(shown.stdout.contains("status       not in the store\n"))
  }

  @Test func foldersThatCannotBeWritten() throws {
    // Nobody writes there, root neither.
    let result = try bench.xling(bench.align("projection", "/proc/xling"))
    #expect(result.status == 74)
    #expect(result.stderr.hasPrefix("xling: error: cannot write /proc/xling"))
    let store = try bench.xling(
      bench.align("projection", "runs/one", ["--store", "/proc/xling/store.sqlite"]))
    #expect(store.status == 74)
    #expect(!bench.exists("runs/one"))
  }

  @Test func aStoreThatIsNone() throws {
    try AtomicFile.write(String(repeating: "no database\n", count: 100), to: bench.path + "/store")
    expect(
      try bench.xling(bench.align("projection", "runs/one", ["--store", "store"])), 65,
      "store is not an SQLite database. Move it away, or name another store.")
    #expect(!bench.exists("runs/one"))
  }

  /// A limit on file sizes fails a write in the middle, as a full disk does.
  @Test func aDiskThatIsFull() throws {
    let arguments = bench.align("full", "runs/one")
    let full = try bench.xling(arguments, shell: "ulimit -f 1024; trap '' XFSZ")
    #expect(full.status == 74)
    #expect(full.stderr.contains("model.safetensors: File too large. Nothing was changed there"))
    #expect(bench.names(in: "runs/one/checkpoints").allSatisfy { $0.contains(".partial") })
    let list = try Parsed.list(try bench.xling(["runs", "--json"]).stdout)
    #expect(list.first?["status"] as? String == "failed")
    // Space again: the same command goes on.
    let resumed = try bench.xling(arguments + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.stderr)")
  }
}
