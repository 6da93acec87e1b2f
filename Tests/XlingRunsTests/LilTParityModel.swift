import Foundation
import XlingAdapters
import XlingAlignment
import XlingRuns
import XlingTensor
import XlingTestSupport
import XlingTowers

/// One configuration of the LilT code (Khan and Fu 2023) run on tiny towers, and our recipe for it.
struct LilTConfiguration: Sendable, CustomStringConvertible {
  let name: String
  let text: Recipe.Side
  let image: Recipe.Side
  /// Where no recipe says the same, the parameters are thawed by LilT's own list.
  var thawsByList = false

  var description: String { name }

  static let folder = "fixtures/parity/lilt"
  static var isPresent: Bool { SharedData.exists(folder) }

  static func both(_ name: String, _ side: Recipe.Side) -> LilTConfiguration {
    LilTConfiguration(name: name, text: side, image: side)
  }

  static func card(_ name: String, _ method: String) -> LilTConfiguration? {
    (try? Recipe.named(method)).map {
      LilTConfiguration(name: name, text: $0.text, image: $0.image)
    }
  }

  private static let normal = Recipe.Side(thaw: [.layerNorm])
  private static let adapted = Recipe.Side(thaw: [.layerNorm], modules: [.layerwiseAdapters])

  private static var halved: Recipe.ModuleOptions {
    var options = Recipe.ModuleOptions()
    options.reduction = 2
    return options
  }

  static let all: [LilTConfiguration] =
    [
      ("projection", "projection"), ("layernorm", "layernorm"), ("bitfit", "bitfit"),
      ("lwa_ln", "lwa"), ("da", "da"), ("lit", "lit"), ("full", "full"),
      ("layernorm_temp_high", "layernorm"), ("layernorm_temp_low", "layernorm"),
      ("last_layer", "last-layer"),
    ].compactMap { card($0.0, $0.1) } + [
      .init(name: "layernorm_text", text: normal, image: .locked),
      .init(name: "layernorm_vision", text: .locked, image: normal),
      .init(name: "bitfit_text", text: .init(thaw: [.bias]), image: .locked),
      .init(name: "bitfit_vision", text: .locked, image: .init(thaw: [.bias])),
      .both("lwa", .init(modules: [.layerwiseAdapters])),
      .both("lwa_bitfit", .init(thaw: [.bias], modules: [.layerwiseAdapters])),
      .both(
        "lwa_ln_reduction2",
        .init(thaw: [.layerNorm], modules: [.layerwiseAdapters], options: halved)),
      .init(name: "lwa_text_ln", text: adapted, image: .locked),
      .init(name: "lwa_vision_ln", text: .locked, image: adapted),
      .both("da_ln", .init(thaw: [.layerNorm], modules: [.deepAdapter])),
      // LilT puts adapters into locked layers, too, and never trains them; our `lock` does not.
      .init(name: "lwa_ln_locked_layers", text: adapted, image: adapted, thawsByList: true),
      .init(name: "layernorm_noproj", text: normal, image: normal, thawsByList: true),
      // DeiT-III: layer scale, no position for the class token.
      .both("deit3_lwa_ln", adapted),
    ]

  /// The state that it starts from: "base", "lwa", "da", …
  var state: String {
    (try? info().before)?.split(separator: "/").last?.split(separator: ".").first.map(String.init)
      ?? ""
  }

  func file(_ name: String) throws -> TensorFile {
    try TensorFile(path: SharedData.path(Self.folder + "/\(self.name)/\(name).safetensors"))
  }

  /// The part of `info.json` that the tests need.
  struct Info: Decodable {
    struct Trained: Decodable {
      let name: String
      let numel: Int
    }
    struct Run: Decodable { let loss: [Double] }

    let before: String
    let temperature: Float
    let trainable: [Trained]
    let train: Run

    enum CodingKeys: String, CodingKey {
      case before
      case temperature = "temp_before"
      case trainable
      case train
    }
  }

  func info() throws -> Info {
    let path = SharedData.path(Self.folder + "/\(name)/info.json")
    return try JSONDecoder().decode(
      Info.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// The tiny towers' sizes.
enum LilTTowers {
  static let text = BERTConfiguration(
    vocabularySize: 197, hiddenSize: 32, layers: 3, heads: 4, intermediateSize: 80,
    maximumPositions: 32)

  static func image(isDeiT3: Bool = false) -> ViTConfiguration {
    var image = ViTConfiguration(
      imageSize: 32, patchSize: 8, hiddenSize: 36, layers: 3, heads: 3, intermediateSize: 144)
    image.hasLayerScale = isDeiT3
    image.hasPrefixPositions = !isDeiT3
    return image
  }
}

/// What LilT calls a parameter of ours, and which part of its tensor it is.
struct LilTName {
  let name: String
  /// Third of a joined query-key-value tensor; nil for a whole tensor.
  let third: Int?

  /// nil for the token types, which LilT's text tower does not have.
  init?(_ ours: String) {
    let heads = ["text_projection": "text_proj", "image_projection": "vision_proj"]
    var name = ours
    for (mine, other) in heads where name.hasPrefix(mine) {
      self.init(other + name.dropFirst(mine.count), nil)
      return
    }
    guard ours != "temperature" else {
      self.init("temp", nil)
      return
    }
    guard !ours.contains("token_type") else { return nil }
    name = name.replacingOccurrences(of: "deep_adapter.0", with: "encoder.layer.3")
      .replacingOccurrences(of: "adapter.down", with: "adapter.down_sampler")
      .replacingOccurrences(of: "adapter.up", with: "adapter.up_sampler")
    if name.hasPrefix("text.") {
      self.init(
        "text_encoder."
          + name.dropFirst("text.".count)
          .replacingOccurrences(of: "attention_adapter", with: "attention.output.adapter")
          .replacingOccurrences(of: "feed_forward_adapter", with: "output.adapter"), nil)
      return
    }
    let third = ["query", "key", "value"].firstIndex { name.contains("attention.attention.\($0)") }
    for (mine, other) in Self.parts { name = name.replacingOccurrences(of: mine, with: other) }
    self.init("visual_encoder." + name.dropFirst("image.".count), third)
  }

  private init(_ name: some StringProtocol, _ third: Int?) {
    self.name = String(name)
    self.third = third
  }

  /// The ViT's parts, in the order of replacement.
  private static let parts = [
    ("embeddings.cls_token", "cls_token"), ("embeddings.position_embeddings", "pos_embed"),
    ("embeddings.patch_embeddings.projection", "patch_embed.proj"),
    ("encoder.layer.", "blocks."), ("attention.attention.query", "attn.qkv"),
    ("attention.attention.key", "attn.qkv"), ("attention.attention.value", "attn.qkv"),
    ("attention.output.dense", "attn.proj"), ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"), ("layernorm_before", "norm1"), ("layernorm_after", "norm2"),
    ("layer_scale_attention.weight", "gamma_1"), ("layer_scale_feed_forward.weight", "gamma_2"),
    ("layernorm", "norm"), ("attention_adapter", "adapter1"),
    ("feed_forward_adapter", "adapter2"),
  ]

  func values(in file: TensorFile) throws -> [Float] {
    let whole = try file.floats(name)
    guard let third else { return whole }
    let size = whole.count / 3
    return Array(whole[third * size..<(third + 1) * size])
  }
}

/// LilT's tiny model under one configuration, with the state that LilT started from.
struct LilTModel {
  let dual: DualEncoder
  let info: LilTConfiguration.Info
  private let batches: TensorFile

  init(_ configuration: LilTConfiguration) throws {
    info = try configuration.info()
    let recipe = Recipe(
      name: configuration.name, summary: "", text: configuration.text,
      image: configuration.image)
    dual = try DualEncoder(
      text: TextTower(LilTTowers.text),
      image: ImageTower(LilTTowers.image(isDeiT3: configuration.state.hasPrefix("deit3"))),
      recipe: recipe, seed: 1, embeddingWidth: 20)
    let folder = SharedData.path(LilTConfiguration.folder)
    batches = try TensorFile(path: folder + "/batches.safetensors")
    let state = try TensorFile(path: folder + "/\(configuration.name)/\(info.before)")
    let listed = Set(info.trainable.map(\.name))
    for (name, parameter) in dual.parameters {
      // Our text tower adds the first token type to every token: zero is what LilT computes.
      guard let other = LilTName(name) else { continue }
      let values = try other.values(in: state)
      precondition(values.count == parameter.count, "\(name) and \(other.name) differ in size")
      for (index, value) in values.enumerated() { parameter.value[index] = value }
      if configuration.thawsByList { parameter.isTrainable = listed.contains(other.name) }
    }
    dual.temperature.value.pointee = info.temperature
    clampTemperature()
  }

  /// LilT clamps at the start of a forward pass.
  func clampTemperature() {
    let range = DualEncoder.temperatureRange
    let value = dual.temperature.value.pointee
    dual.temperature.value.pointee = min(max(value, range.lowerBound), range.upperBound)
  }

  /// What is trained, with LilT's names; the token types, which LilT lacks, left out.
  var trained: [(name: LilTName, parameter: Parameter)] {
    dual.trainedParameters.compactMap { entry in
      LilTName(entry.name).map { ($0, entry.parameter) }
    }
  }

  func texts(_ batch: Int) throws -> [[Int32]] {
    let ids = try batches.integers("batch\(batch).input_ids")
    let mask = try batches.integers("batch\(batch).attention_mask")
    let shape = try batches.shape("batch\(batch).input_ids")
    return (0..<shape[0]).map { row in
      (row * shape[1]..<(row + 1) * shape[1]).filter { mask[$0] == 1 }.map { Int32(ids[$0]) }
    }
  }

  func pixels(_ batch: Int) throws -> [Float] {
    try batches.floats("batch\(batch).pixel_values")
  }

  /// Loss and gradients of a batch.
  func step(_ batch: Int, in workspace: Workspace) throws -> Float {
    dual.zeroGradients()
    let texts = try texts(batch)
    return try pixels(batch).withUnsafeBufferPointer {
      dual.forwardBackward(
        texts: .tokens(texts),
        images: .pictures(PictureBatch(pixels: $0.baseAddress!, count: texts.count)),
        in: workspace)
    }
  }
}
