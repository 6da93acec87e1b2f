import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTowers

/// `xling import`: LilT's checkpoints as runs.
@Suite("import: a run of a LilT checkpoint")
struct ImportTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// What `export --format lilt` writes has LilT's names: the same way back gives the same ranks.
  @Test func whatWasExportedIsImported() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    let exported = try bench.xling(
      ["export", "runs/one", "--format", "lilt", "--output", "lilt"])
    #expect(exported.status == 0, "\(exported.stderr)")
    let heads = ["--text-heads", "2", "--image-heads", "2"]
    let arguments = ["import", "lilt/model.safetensors", "--method", "lwa", "--tokenizer", "text"]
    let imported = try bench.xling(arguments + heads + ["--output", "runs/back"])
    #expect(imported.status == 0, "\(imported.stderr)")
    #expect(imported.stdout.contains("runs/back: lwa of lilt/model.safetensors, "))
    #expect(imported.stderr.contains("needs them as they were before"))

    let shown = try bench.xling(["show", "runs/back"])
    #expect(shown.stdout.contains("imported     model.safetensors, SHA-256 "))
    let evaluated = try bench.xling(["eval", "runs/back", "--data", "scenes", "--lang", "tr"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")

    let again = try bench.xling(
      ["export", "runs/back", "--format", "lilt", "--output", "again"])
    #expect(again.status == 0, "\(again.stderr)")
    let files = try ["lilt", "again"].map {
      try AtomicFile.read(bench.path + "/\($0)/model.safetensors")
    }
    #expect(files[0] == files[1])

    let drift = try bench.xling(["drift", "runs/back", "--data", "scenes", "--lang", "tr"])
    #expect(drift.status == 65)
    #expect(drift.stderr.contains("was imported without the towers that its training began with"))
  }

  @Test func drawsTheLineAtOtherFiles() throws {
    let plain = try bench.xling(
      ["import", "text/model.safetensors", "--tokenizer", "text", "--output", "runs/no"])
    #expect(plain.status == 64)
    #expect(plain.stderr.contains("is no checkpoint of LilT's code"))
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    _ = try bench.xling(["export", "runs/one", "--format", "lilt", "--output", "lilt"])
    let arguments = ["import", "lilt/model.safetensors", "--output", "runs/no"]
    let silent = try bench.xling(arguments)
    #expect(silent.status == 64 && silent.stderr.contains("holds no tokenizer"))
    let heads = try bench.xling(arguments + ["--tokenizer", "text"])
    #expect(heads.status == 64 && heads.stderr.contains("Give --text-heads"))
    let method = try bench.xling(
      arguments + [
        "--tokenizer", "text", "--text-heads", "2", "--image-heads", "2", "--method", "layernorm",
      ])
    #expect(method.status == 65)
    #expect(method.stderr.contains("is not what LilT's code trains as layernorm:"))
    #expect(!bench.exists("runs/no"))
  }
}
