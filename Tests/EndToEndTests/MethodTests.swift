import Foundation
import Testing
import XlingCore

@Suite("methods: lists, compositions, presets, engine options")
struct MethodTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private let towers = ["--text-tower", "text", "--image-tower", "image"]

  @Test func theListCountsEveryMethodAndPreset() throws {
    let result = try bench.xling(["methods", "--json"] + towers)
    #expect(result.status == 0, "\(result.stderr)")
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [[String: Any]])
    let names = rows.compactMap { $0["name"] as? String }
    #expect(names.count == 24 && names.contains("lora") && names.contains("lilt-lwa"))
    #expect(rows.allSatisfy { ($0["trainedParameters"] as? Int ?? 0) > 0 })
    let full = rows.first { $0["name"] as? String == "full" }
    #expect(full?["trainedPercent"] as? Double == 100)
  }

  @Test func oneMethodIsExplained() throws {
    let result = try bench.xling(["methods", "show", "lwa", "--tensors"] + towers)
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.contains("thaws layernorm, inserts lwa, linear head"))
    #expect(result.stdout.contains("text.encoder.layer.0.attention_adapter.down.weight [8, 32]"))
  }

  @Test func aRunIsDrawnBackAndEvaluated() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/lwa")).status == 0)
    let drawn = try bench.xling(
      ["interpolate", "lwa", "--text", "0.5", "--output", "runs/half"])
    #expect(drawn.status == 0, "\(drawn.stderr)")
    #expect(
      drawn.stdout == """
        runs/half: lwa of lwa, text 0.5, image 1.0
        next: xling eval runs/half --data \(bench.path)/data/scenes --split val --lang all

        """)
    let evaluated = try bench.xling(["eval", "runs/half", "--data", "scenes", "--lang", "tr"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    let shown = try bench.xling(["show", "runs/half"])
    #expect(shown.stdout.contains("text 0.5, image 1.0 of the way to lwa"), "\(shown.stderr)")

    for (options, status, message) in [
      (["--text", "1.5", "--output", "runs/x"], 64, "--text must be from 0 to 1, found 1.5"),
      (["--output", "runs/x"], 64, "give --text or --image"),
      (["--text", "0", "--output", "runs/half"], 64, "runs/half"),
    ] {
      let result = try bench.xling(["interpolate", "lwa"] + options)
      #expect(result.status == status && result.stderr.contains(message), "\(result.stderr)")
    }
  }

  @Test func aCompositionIsTrainedAndItsRecipeTrainsTheSame() throws {
    let more = ["--data", "scenes", "--batch-size", "8", "--steps", "2", "--json"] + towers
    let composed = try bench.xling(
      [
        "align", "--text", "lwa+layernorm", "--image", "locked", "--lock", "text:0",
        "--option", "text:bottleneck=4", "--output", "runs/one",
      ] + more)
    #expect(composed.status == 0, "\(composed.stderr)")
    let written = try bench.xling(
      ["align", "--recipe", "runs/one/recipe.toml", "--output", "runs/two"] + more)
    #expect(written.status == 0, "\(written.stderr)")
    let runs = try [composed, written].map { try Parsed.object($0.stdout) }
    // Equal weights in files whose metadata, the towers, is equal, too.
    #expect(runs[0]["checkpoint"] as? String == runs[1]["checkpoint"] as? String)
    #expect(
      runs[0]["method"] as? String
        == "text=lwa+layernorm,image=locked,lock=text:0,text:bottleneck=4")
  }

  @Test func everyEngineOptionRunsAndTheModelIsEvaluated() throws {
    let aligned = try bench.xling(
      bench.align(
        "layernorm", "runs/one",
        [
          "--steps", "6", "--chunk", "3", "--recompute", "--optimizer", "adafactor",
          "--schedule", "lilt", "--image-rate", "delay", "--captions", "unicode",
          "--pairs", "20", "--validate-every", "1", "--patience", "4", "--augment", "crop",
        ]))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    #expect(bench.exists("runs/one/model.safetensors"))
    #expect(bench.exists("runs/one/checkpoints/best"))
    let evaluated = try bench.xling(
      ["eval", "runs/one", "--data", "scenes", "--lang", "tr", "--json"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    let next = try bench.xling(
      bench.align("lwa", "runs/two", ["--start-from", "runs/one"]))
    #expect(next.status == 0, "\(next.stderr)")
    #expect(next.stderr.contains("trained tensors of runs/one"))
  }

  @Test(arguments: [
    (["--text", "locked+lwa"], "\"locked\" alone"),
    (["--text", "lwa", "--lock", "text:7"], "locked layers from 0 to 1, found 7"),
    (["--method", "lwa", "--option", "width=3"], "found \"width\""),
    (["--method", "lwa", "--preset", "lit"], "exclude each other"),
    (["--preset", "lilt"], "there is no preset \"lilt\". Did you mean \"lit\"?"),
    (["--strict"], "name the method"),
    (["--method", "lwa", "--batch-size", "64"], "only 40 training pairs"),
    (["--method", "lwa", "--rate", "0"], "--rate must be above 0"),
    (
      ["--method", "projection", "--option", "head=none"],
      "trains nothing: both towers are locked"
    ),
    (
      ["--method", "lwa", "--batch-size", "8", "--patience", "2"],
      "stopping early needs validations"
    ),
  ])
  func whatCannotBeIsOneClearError(_ options: [String], _ part: String) throws {
    let result = try bench.xling(
      ["align", "--data", "scenes", "--output", "runs/one"] + towers + options)
    #expect(result.status == 64, "\(result.stderr)")
    #expect(result.stderr.contains(part), "\(result.stderr)")
    #expect(!bench.exists("runs/one/run.json"))
  }
}

@Suite("drift: what alignment changed")
struct DriftCommandTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test func everyPartIsPrinted() throws {
    #expect(try bench.xling(bench.align("layernorm", "runs/one")).status == 0)
    let arguments = ["drift", "runs/one", "--data", "scenes", "--lang", "en", "--lang", "tr"]
    let result = try bench.xling(arguments)
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.contains("text LayerNorms, L1 shift by layer:"))
    #expect(result.stdout.contains("R@1 before"))
    let object = try Parsed.object(try bench.xling(arguments + ["--json"]).stdout)
    let languages = try #require(object["languages"] as? [[String: Any]])
    #expect(languages.map { $0["language"] as? String } == ["en", "tr"])
    #expect(languages[1]["n"] as? Int == 8 && languages[1]["before"] != nil)
    // Locked towers do not move.
    #expect(try bench.xling(bench.align("projection", "runs/two")).status == 0)
    let locked = try Parsed.object(
      try bench.xling(["drift", "runs/two", "--data", "scenes", "--lang", "tr", "--json"]).stdout)
    let rows = try #require(locked["languages"] as? [[String: Any]])
    // What enters the first layer as [CLS] is alike for all captions: no alignment is defined there.
    let alignment = try #require(rows[0]["alignment"] as? [Any]).compactMap { $0 as? Double }
    #expect(alignment.count == 2)
    #expect(alignment.allSatisfy { abs($0 - 1) < 1e-9 })
  }

  @Test func badInput() throws {
    #expect(
      try bench.xling(["drift", "runs/none", "--data", "scenes", "--lang", "tr"]).status == 66)
    #expect(try bench.xling(["drift", "runs/none", "--data", "scenes"]).status == 66)
  }
}

@Suite("data import: other layouts")
struct DataImportTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test func aKarpathyFileBecomesADataset() throws {
    let picture = try #require(bench.names(in: "data/scenes/images").first)
    let file = """
      {"images": [{"filename": "\(picture)", "split": "test", "sentences": [{"raw": "A dog."}]}]}
      """
    try AtomicFile.write(file, to: bench.path + "/dataset.json")
    let arguments = [
      "data", "import", "--layout", "karpathy", "--test", "dataset.json", "--images",
      "data/scenes/images", "--output",
    ]
    let result = try bench.xling(arguments + ["small"])
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.hasPrefix("small: 0 train, 0 val, 1 test pictures, 1 captions"))
    #expect(try bench.xling(["data", "show", "small"]).stdout.contains("en: n 1"))
    let again = try bench.xling(arguments + ["small"])
    #expect(again.status == 74 && again.stderr.contains("is there already"))
    var wrong = arguments
    wrong[3] = "karpathi"
    let unknown = try bench.xling(wrong + ["other"])
    #expect(unknown.status == 64 && unknown.stderr.contains("Did you mean \"karpathy\"?"))
  }
}

@Suite("export: a run for other machines and programs")
struct ExportTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test func anExportedRunNeedsNothingElse() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    let exported = try bench.xling(["export", "runs/one", "--output", "whole"])
    #expect(exported.status == 0, "\(exported.stderr)")
    func evaluated(_ run: String) throws -> String {
      let result = try bench.xling(
        ["eval", run, "--data", "scenes", "--lang", "tr", "--store", "\(run).sqlite"])
      #expect(result.status == 0, "\(result.stderr)")
      return result.stdout
    }
    let before = try evaluated("runs/one")
    // Moved, and the towers gone.
    try FileManager.default.createDirectory(
      atPath: bench.path + "/far", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: bench.path + "/whole", toPath: bench.path + "/far/one")
    for tower in ["text", "image"] {
      try FileManager.default.removeItem(atPath: bench.path + "/" + tower)
    }
    #expect(try evaluated("far/one") == before)
    let again = try bench.xling(["export", "far/one", "--output", "far"])
    #expect(again.status == 64 && again.stderr.contains("is there already"))
  }

  @Test func liltsNames() throws {
    #expect(try bench.xling(bench.align("lwa", "runs/one")).status == 0)
    let result = try bench.xling(
      ["export", "runs/one", "--format", "lilt", "--output", "lilt"])
    #expect(result.status == 0, "\(result.stderr)")
    #expect(bench.exists("lilt/model.safetensors"))
    #expect(try bench.xling(bench.align("lora", "runs/two")).status == 0)
    let lora = try bench.xling(["export", "runs/two", "--format", "lilt", "--output", "two"])
    #expect(lora.status == 64 && lora.stderr.contains("LilT's code has no lora"))
    #expect(!bench.exists("two"))
  }

  /// Its files and their numbers; `scripts/check_sentence_transformers.py` loads such a folder there.
  @Test func sentenceTransformersFolders() throws {
    #expect(try bench.xling(bench.align("da", "runs/one")).status == 0)
    let arguments = ["export", "--format", "sentence-transformers"]
    let result = try bench.xling(arguments + ["runs/one", "--output", "st"])
    #expect(result.status == 0, "\(result.stderr)")
    let modules = try Parsed.list(
      try String(contentsOfFile: bench.path + "/st/modules.json", encoding: .utf8))
    #expect(
      modules.compactMap { $0["path"] as? String } == ["", "1_Pooling", "2_Dense", "3_Normalize"])
    // The deep adapter is a third layer.
    let inspected = try Parsed.object(try bench.xling(["inspect", "st", "--json"]).stdout)
    #expect(inspected["kind"] as? String == "text tower")
    #expect((inspected["problems"] as? [String])?.isEmpty == true)
    let config = try String(contentsOfFile: bench.path + "/st/config.json", encoding: .utf8)
    #expect(config.contains("\"num_hidden_layers\" : 3"))
    #expect(bench.exists("st/vocab.txt") && bench.exists("st/2_Dense/model.safetensors"))
    #expect(try bench.xling(bench.align("lwa", "runs/two")).status == 0)
    let adapters = try bench.xling(arguments + ["runs/two", "--output", "two"])
    #expect(adapters.status == 64)
    #expect(adapters.stderr.contains("sentence-transformers has no lwa in a bert"))
    #expect(!bench.exists("two"))
  }

  /// Its files; `scripts/check_open_clip.py` loads such a folder there.
  @Test func openCLIPFolders() throws {
    #expect(try bench.xling(bench.align("lora", "runs/one")).status == 0)
    let arguments = ["export", "--format", "open_clip"]
    let result = try bench.xling(arguments + ["runs/one", "--output", "clip"])
    #expect(result.status == 0, "\(result.stderr)")
    for name in [
      "open_clip_config.json", "open_clip_model.safetensors", "config.json", "vocab.txt",
    ] {
      #expect(bench.exists("clip/" + name), "\(name)")
    }
    #expect(try bench.xling(bench.align("lwa", "runs/two")).status == 0)
    let adapters = try bench.xling(arguments + ["runs/two", "--output", "two"])
    #expect(adapters.status == 64)
    #expect(adapters.stderr.contains("open_clip has no lwa in a bert"))
    #expect(!bench.exists("two"))
  }
}
