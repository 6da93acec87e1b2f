import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

@testable import XlingRuns

/// Checkpoints of LilT's code as runs, and back.
@Suite(.enabled(if: LilTConfiguration.isPresent, "needs ../shared/fixtures/parity/lilt"))
struct LilTImportTests {
  let folder: TemporaryFolder
  private var fixtures: String { SharedData.path(LilTConfiguration.folder) }

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(path("tokenizer"))
    try AtomicFile.write(
      "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n", to: path("tokenizer/vocab.txt"))
    try AtomicFile.write(
      "{\"do_lower_case\": true}", to: path("tokenizer/tokenizer_config.json"))
  }

  private func path(_ name: String) -> String { folder.path + "/" + name }

  /// Heads of the tiny towers cannot be told from their widths.
  private var options: LilTImport.Options {
    var options = LilTImport.Options()
    (options.textHeads, options.imageHeads) = (4, 3)
    options.tokenizer = path("tokenizer")
    return options
  }

  private func card(_ recipe: Recipe) throws -> MethodCard {
    MethodCard(recipe: recipe, training: try MethodCards.named("lilt-lwa", .preset).training)
  }

  private func card(_ configuration: LilTConfiguration) throws -> MethodCard {
    try card(
      Recipe(
        name: configuration.name, summary: "", text: configuration.text,
        image: configuration.image))
  }

  /// LilT's own file after five steps: imported and exported, every tensor has its bits.
  @Test func aReleaseComesBackWhole() throws {
    let release = fixtures + "/lwa_ln/checkpoint_00.pth"
    let importer = try LilTImport(checkpoint: release, options: options)
    #expect(importer.presetName == "lilt-lwa")
    let record = try importer.write(try MethodCards.named("lilt-lwa", .preset), to: path("run"))
    #expect(record.isFinished && record.imported?.file == "checkpoint_00.pth")
    #expect(record.imported?.hasStart == false)
    try RunExport(run: path("run")).write(.lilt, to: path("back"))
    let back = try Checkpoint(path("back")).tensors
    let original = try Checkpoint(release).tensors
    #expect(Set(back.keys) == Set(original.keys).subtracting(LilTNames.buffers))
    for (name, tensor) in back {
      #expect(tensor.shape == original[name]?.shape, "\(name)")
      #expect(tensor.floats() == original[name]?.floats(), "\(name)")
    }
    #expect(throws: FileFailure.exists(path: path("run"))) {
      try importer.write(try MethodCards.named("lilt-lwa", .preset), to: path("run"))
    }
  }

  /// A run made of LilT's state computes LilT's features, for recipes with each kind of part.
  @Test(
    arguments: LilTConfiguration.all.filter {
      ["lwa_ln", "lwa_text_ln", "lwa_ln_reduction2", "da", "full", "deit3_lwa_ln"]
        .contains($0.name)
    })
  func computesWhatLilTComputes(_ configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    let state = fixtures + "/\(configuration.name)/\(model.info.before)"
    _ = try LilTImport(checkpoint: state, options: options)
      .write(try card(configuration), to: path("run"))
    let loaded = try DualEncoder.load(run: path("run"))
    let expected = try configuration.file("forward")
    let workspace = Workspace(blockBytes: 1 << 18)
    let texts = loaded.encodeTexts(try model.texts(0), in: workspace)
    #expect(Distance.largest(texts.array(), try expected.floats("text_feat")) < 1e-5)
    let pixels = try model.pixels(0)
    let images = pixels.withUnsafeBufferPointer {
      loaded.encodeImages(
        PictureBatch(pixels: $0.baseAddress!, count: texts.rows), in: workspace
      ).array()
    }
    #expect(Distance.largest(images, try expected.floats("image_feat")) < 1e-5)
    // What the recipe freezes is in the towers, not once more in the run.
    let stored = try Safetensors(path: path("run") + "/model.safetensors").entries.keys
    #expect(Set(stored) == Set(model.dual.trainedParameters.map(\.name)))
  }

  /// With the towers that LilT began with, the run's own are those, LayerNorms included.
  @Test func beginsWithTheTowersGiven() throws {
    let bert = path("bert")
    try AtomicFile.createFolder(bert)
    for name in ["config.json", "pytorch_model.bin"] {
      try FileManager.default.copyItem(
        atPath: fixtures + "/pretrained/bert/" + name, toPath: bert + "/" + name)
    }
    var options = options
    // Of smaller pictures: its positions are interpolated as LilT does.
    (options.textTower, options.imageTower) = (bert, fixtures + "/pretrained/deit.pth")
    options.textHeads = nil
    let release = fixtures + "/lwa_ln/checkpoint_00.pth"
    let record = try LilTImport(checkpoint: release, options: options)
      .write(try MethodCards.named("lilt-lwa", .preset), to: path("run"))
    #expect(record.imported?.hasStart == true)
    let start = try TextTower.load(path("run/towers/text"))
    let before = try TextTower.load(bert)
    #expect(
      start.embeddingNorm?.gamma.values.elementsEqual(before.embeddingNorm!.gamma.values) == true)
    let after = try DualEncoder.load(run: path("run"))
    #expect(
      after.text.embeddingNorm?.gamma.values.elementsEqual(start.embeddingNorm!.gamma.values)
        == false)
    // LilT's BERT adds no token types.
    #expect(start.tokenTypeEmbeddings.values.elementsEqual(before.tokenTypeEmbeddings.values))
    #expect(!after.text.addsTokenTypes)
    // A tower of other weights was not the beginning.
    before.wordEmbeddings.value[0] += 1
    try before.save(to: path("other"), storage: .float32)
    options.textTower = path("other")
    let failure = #expect(throws: RunFailure.self) {
      try LilTImport(checkpoint: release, options: options)
        .write(try MethodCards.named("lilt-lwa", .preset), to: path("no"))
    }
    #expect(
      failure?.description.contains(
        "embeddings.word_embeddings.weight: frozen by the recipe, but not as in the tower given")
        == true)
    #expect(!FileManager.default.fileExists(atPath: path("no")))
  }

  @Test func anotherRecipeIsRefused() throws {
    let release = fixtures + "/lwa_ln/checkpoint_00.pth"
    let importer = try LilTImport(checkpoint: release, options: options)
    let failure = #expect(throws: RunFailure.self) {
      try importer.write(try card(try .named("layernorm")), to: path("run"))
    }
    guard case .notLilT(_, let recipe, let problems) = failure else {
      Issue.record("another failure")
      return
    }
    #expect(recipe == "layernorm" && problems.count == 48)
    #expect(problems.allSatisfy { $0.hasPrefix("unexpected: ") && $0.contains("_sampler.") })
    #expect(failure?.exitStatus == .badData)
    let plain = fixtures + "/pretrained/deit.pth"
    #expect(throws: RunFailure.self) { try LilTImport(checkpoint: plain, options: options) }
    #expect(throws: RunFailure.self) { try LilTImport(checkpoint: release) }
  }
}
