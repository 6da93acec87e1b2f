import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Towers of every family and container against float64 results of `transformers` and timm.
struct TowerParityTests {
  /// The reference's own float32 deviates by up to 4e-6; the usual mistakes (epsilon, GELU, mask,
  /// positions) by 2e-5 and more.
  static let bound: Float = 1.5e-5

  static let folders = ParityFixtures.folders(in: "towers", holding: "inputs.safetensors")
    .filter { $0.has("expected.safetensors") && $0.name != "pos_interp" }

  @Test func aSetIsFound() { #expect(Self.folders.count >= 8) }

  @Test(arguments: folders)
  func everyHiddenState(folder: ParityFolder) throws {
    try compare(folder, "expected.safetensors", .given)
  }

  @Test(arguments: folders.filter { $0.has("expected_default_token_types.safetensors") })
  func everyTokenOfTheFirstType(folder: ParityFolder) throws {
    try compare(folder, "expected_default_token_types.safetensors", .first)
  }

  @Test(arguments: folders.filter { $0.has("expected_no_token_types.safetensors") })
  func noTokenTypesAtAll(folder: ParityFolder) throws {
    try compare(folder, "expected_no_token_types.safetensors", .none)
  }

  private func compare(
    _ folder: ParityFolder, _ file: String, _ types: RawForward.TokenTypes
  ) throws {
    let loaded = try TowerCheckpoint(folder.path)
    let inputs = try Checkpoint(folder.file("inputs.safetensors"))
    let outputs: [RawForward.Output]
    switch loaded.configuration {
    case .text:
      outputs = try RawForward.run(
        loaded.text(), on: inputs, readouts: loaded.readouts, tokenTypes: types)
    case .image:
      outputs = try RawForward.run(loaded.image(), on: inputs, readouts: loaded.readouts)
    case .whole:
      Issue.record("a tower was expected, this is a model of both")
      return
    }
    let found = Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0) })
    let expected = try TensorFile(path: folder.file(file))
    #expect(!expected.names.isEmpty)
    for name in expected.names {
      let output = try #require(found[name], "\(name) is missing")
      #expect(output.shape == (try expected.shape(name)), "\(name)")
      #expect(Distance.largest(output.values, try expected.floats(name)) <= Self.bound, "\(name)")
    }
  }

  /// Other containers of a model: the file, the folder with the same weights, and its heads.
  struct Copy: Sendable, CustomStringConvertible {
    let file: String
    let original: String
    var heads: Int?
    var description: String { file }
  }

  static let copies = [
    Copy(file: "bert_bin", original: "bert"), Copy(file: "bert_legacy_bin", original: "bert"),
    Copy(file: "bert_gamma_beta", original: "bert"), Copy(file: "bert_sharded", original: "bert"),
    Copy(file: "distilbert_mlm", original: "distilbert"),
    Copy(file: "mt5_whole", original: "mt5"), Copy(file: "xlmr_mlm", original: "xlmr"),
    Copy(file: "deit_pth/deit_tiny_patch16_224.pth", original: "timm_vit", heads: 3),
    Copy(file: "deit_pth/deit_tiny_patch16_224_legacy.pth", original: "timm_vit", heads: 3),
    Copy(file: "dino_pth/dino_vitbase16_pretrain.pth", original: "timm_dino", heads: 4),
    Copy(
      file: "dino_pth/dino_vitbase16_pretrain_full_checkpoint.pth", original: "timm_dino", heads: 4),
    Copy(file: "deit3_pth/deit_3_small_224_1k.pth", original: "timm_deit3", heads: 3),
  ]

  @Test(arguments: copies)
  func everyContainerHoldsTheSameWeights(copy: Copy) throws {
    for root in ParityFixtures.roots {
      let folder = ParityFolder(path: root + "/towers")
      guard folder.has(copy.file) else { continue }
      let original = try TowerCheckpoint(folder.file(copy.original))
      let other = try TowerCheckpoint(folder.file(copy.file), heads: copy.heads)
      switch original.configuration {
      case .text: same(try original.text(), try other.text())
      case .image:
        let (one, two) = (try original.image(), try other.image())
        #expect(one.configuration.layers == two.configuration.layers)
        #expect(one.configuration.imageSize == two.configuration.imageSize)
        same(one, two)
      case .whole: Issue.record("a tower was expected, this is a model of both")
      }
    }
  }

  private func same(_ one: some Tower, _ two: some Tower) {
    #expect(one.parameters.all.map(\.name) == two.parameters.all.map(\.name))
    for (a, b) in zip(one.parameters.all, two.parameters.all) {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }
}

/// Position embeddings on other grids against torch's two bicubic interpolations.
struct PositionInterpolationParityTests {
  /// Source side, target rows and columns of the cases in a set.
  static let grids: [Character: (source: Int, rows: Int, columns: Int)] = [
    "0": (14, 16, 16), "1": (14, 24, 24), "2": (16, 14, 14), "3": (3, 4, 4), "4": (14, 10, 20),
  ]

  @Test(
    .enabled(
      if: ParityFixtures.root(of: "towers/pos_interp") != nil,
      "needs a set with towers/pos_interp"))
  func everyGrid() throws {
    let root = try #require(ParityFixtures.root(of: "towers/pos_interp"))
    let inputs = try TensorFile(path: root + "/inputs.safetensors")
    let expected = try TensorFile(path: root + "/expected.safetensors")
    #expect(!expected.names.isEmpty)
    for name in expected.names {
      let parts = name.split(separator: ".")
      let table = String(parts[0])
      let grid = try #require(Self.grids[table.dropFirst("case".count).first ?? " "])
      let shape = try inputs.shape(table)
      let kind = parts[1] == "torch_bicubic" ? PositionInterpolation.bicubic : .timm
      let found = kind.apply(
        try inputs.floats(table), prefix: shape[1] - grid.source * grid.source,
        source: grid.source, rows: grid.rows, columns: grid.columns, width: shape[2])
      #expect(Distance.largest(found, try expected.floats(name)) < 1e-6, "\(name)")
    }
  }
}
