import Foundation
import Testing
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTinyModel
import XlingTowers

@testable import XlingRuns

/// What `export --format open_clip` writes computes what the run does, without the biases that
/// open_clip lacks. `scripts/check_open_clip.py` asks open_clip itself.
struct OpenCLIPTests {
  static let methods = ["projection", "layernorm", "da", "lora", "full"]

  /// Every parameter moved, biases, norms and low-rank updates included.
  static func moved(
    _ method: String, text: TextTower? = nil, width: Int = 12
  ) throws -> DualEncoder {
    let model = try DualEncoder(
      text: text ?? TinyModel.text(), image: TinyModel.image(), recipe: .named(method), seed: 5,
      embeddingWidth: width)
    for (name, parameter) in model.parameters where name != "temperature" {
      var stream = RandomStream(seed: 6, name)
      for index in 0..<parameter.count {
        parameter.value[index] += 0.2 * (Float(stream.index(2001)) / 1000 - 1)
      }
    }
    return model
  }

  static func export(_ model: DualEncoder, to folder: String) throws -> Checkpoint {
    let configuration = AlignmentConfiguration(recipe: model.recipe, seed: 0, steps: 1)
    try AtomicFile.createFolder(folder)
    let tokenizer = try Assets.path("tokenizers") + "/mini-wordpiece/"
    let names = ["tokenizer_config.json", "vocab.txt"]
    let files = try names.map { ($0, try AtomicFile.read(tokenizer + $0)) }
    try OpenCLIPFolder(
      model, configuration, tokenizer: Dictionary(uniqueKeysWithValues: files)
    ).write(to: folder)
    return try Checkpoint(folder + "/open_clip_model.safetensors")
  }

  @Test(arguments: methods)
  func vectorsAreTheRuns(method: String) throws {
    try Self.compare(Self.moved(method))
  }

  @Test func distilBERTIsABERTWithoutTypes() throws {
    var configuration = TinyModel.text().configuration
    configuration.modelType = "distilbert"
    configuration.tokenTypes = 0
    let text = TextTower(configuration)
    text.initialize(seed: 1, deviation: 0.15)
    try Self.compare(Self.moved("projection", text: text))
  }

  /// Then no input has the outputs that the bias adds.
  @Test func headsMayBeWiderThanTheirTowers() throws {
    try Self.compare(Self.moved("full", width: 24))
  }

  /// What a zero factor leaves constant takes the bias.
  @Test func factorsMayBeZero() throws {
    let model = try Self.moved("layernorm")
    model.image.finalNorm?.gamma.value[3] = 0
    try Self.compare(model)
  }

  static func compare(_ model: DualEncoder) throws {
    let folder = try TemporaryFolder()
    let exported = try export(model, to: folder.path + "/clip")
    let rebuilt = try Rebuilt(exported, like: model)
    #expect(rebuilt.left.isEmpty, "\(rebuilt.left.sorted())")
    let texts = (0..<8).map { TinyPairs().tokens($0, caption: 0) }
    #expect(
      try Distance.relative(
        rebuilt.model.embedTexts(texts).array(), model.embedTexts(texts).array()) < 1e-5)
    func pictures(_ model: DualEncoder) throws -> [Float] {
      try model.embedPictures(8, preprocessing: .init(size: 16)) { try TinyPairs().picture($0) }
        .array()
    }
    #expect(try Distance.relative(pictures(rebuilt.model), pictures(model)) < 1e-5)
    let scale = try #require(exported.tensors["logit_scale"]?.floats())
    #expect(abs(exp(-scale[0]) - model.temperature.value.pointee) < 1e-6)
    #expect(exported.tensors["visual.conv1.bias"] == nil)
  }

  @Test func configurationSaysTheShape() throws {
    let folder = try TemporaryFolder()
    _ = try Self.export(Self.moved("da"), to: folder.path + "/clip")
    func json(_ name: String) throws -> [String: Any] {
      let data = try AtomicFile.read(folder.path + "/clip/" + name)
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    let whole = try json("open_clip_config.json")
    let model = try #require(whole["model_cfg"] as? [String: Any])
    let vision = try #require(model["vision_cfg"] as? [String: Any])
    #expect(vision["layers"] as? Int == 3 && vision["head_width"] as? Int == 8)
    #expect(vision["no_ln_pre"] as? Bool == true && vision["mlp_ratio"] as? Double == 2)
    #expect((vision["norm_kwargs"] as? [String: Double])?["eps"] == 1e-6)
    let text = try #require(model["text_cfg"] as? [String: Any])
    #expect(text["hf_proj_type"] as? String == "linear" && text["context_length"] as? Int == 8)
    let pictures = try #require(whole["preprocess_cfg"] as? [String: Any])
    #expect(pictures["resize_mode"] as? String == "squash" && pictures["size"] as? Int == 16)
    #expect(try json("config.json")["num_hidden_layers"] as? Int == 3)
  }

  @Test func refusesWhatOpenCLIPLacks() throws {
    func reason(
      _ model: DualEncoder, _ change: (inout AlignmentConfiguration) -> Void = { _ in }
    ) -> String {
      var configuration = AlignmentConfiguration(recipe: model.recipe, seed: 0, steps: 1)
      change(&configuration)
      do {
        _ = try OpenCLIPFolder(model, configuration, tokenizer: [:])
        return ""
      } catch { return "\(error)" }
    }
    #expect(reason(try Self.moved("lwa")).contains("open_clip has no lwa in a bert"))
    #expect(reason(try Self.moved("ape")).contains("no MLP on every token"))
    let plain = try Self.moved("projection")
    #expect(
      reason(plain) { $0.captions.preprocessing = .lilt }.contains("gives texts to the tokenizer"))
    #expect(
      reason(plain) {
        $0.pictureInput = .init(.init(size: 16, resize: .shorterSide(20)))
      }.contains("a cut out of larger ones"))
    #expect(
      reason(plain) { $0.pictureInput = .init(.init(size: 16, filter: .lanczos)) }
        .contains("the filter lanczos"))
  }
}

/// A model without biases in patches and heads, from what was exported.
private struct Rebuilt {
  let model: DualEncoder
  /// Tensors that have no place in it.
  private(set) var left: Set<String>

  init(_ exported: Checkpoint, like original: DualEncoder) throws {
    var text = original.text.configuration
    text.layers = original.text.encoder.layers.count
    (text.modelType, text.tokenTypes) = ("bert", max(1, text.tokenTypes))
    var image = original.image.configuration
    image.layers = original.image.encoder.layers.count
    model = try DualEncoder(
      text: TextTower(text), image: ImageTower(image), recipe: .named("projection"), seed: 0,
      embeddingWidth: original.embeddingWidth)
    left = Set(exported.tensors.keys)
    left.remove("logit_scale")
    for (name, parameter) in model.parameters {
      let (source, part, parts) = Self.place(of: name)
      let tensor = exported.tensors[source]
      left.remove(source)
      guard source != "", name != "temperature" else {
        if name != "temperature" { parameter.value.update(repeating: 0, count: parameter.count) }
        continue
      }
      let values = try #require(tensor?.floats(), "\(source)")
      #expect(values.count == parts * parameter.count, "\(source)")
      for index in 0..<parameter.count {
        parameter.value[index] = values[part * parameter.count + index]
      }
      guard name == "image_projection.weight" else { continue }
      let (outputs, width) = (parameter.shape[0], parameter.shape[1])
      for row in 0..<outputs {
        for column in 0..<width {
          parameter.value[row * width + column] = values[column * outputs + row]
        }
      }
    }
  }

  /// open_clip's name of one of our parameters, and which part of how many of that tensor it is;
  /// empty for what open_clip does not have.
  private static func place(of name: String) -> (String, Int, Int) {
    let fixed = [
      "image.embeddings.cls_token": "visual.class_embedding",
      "image.embeddings.position_embeddings": "visual.positional_embedding",
      "image.embeddings.patch_embeddings.projection.weight": "visual.conv1.weight",
      "image.embeddings.patch_embeddings.projection.bias": "",
      "image.layernorm.weight": "visual.ln_post.weight",
      "image.layernorm.bias": "visual.ln_post.bias", "image_projection.weight": "visual.proj",
      "image_projection.bias": "", "text_projection.weight": "text.proj.weight",
      "text_projection.bias": "",
    ]
    if let source = fixed[name] { return (source, 0, 1) }
    if name.hasPrefix("text.") { return ("text.transformer." + name.dropFirst(5), 0, 1) }
    var rest = name.replacing("image.encoder.layer.", with: "visual.transformer.resblocks.")
    for (index, part) in ["query", "key", "value"].enumerated() {
      for kind in ["weight", "bias"] where rest.hasSuffix(".attention.attention.\(part).\(kind)") {
        rest.removeLast(".attention.attention.\(part).\(kind)".count)
        return (rest + ".attn.in_proj_" + kind, index, 3)
      }
    }
    for (ours, theirs) in [
      (".attention.output.dense.", ".attn.out_proj."), (".layernorm_before.", ".ln_1."),
      (".layernorm_after.", ".ln_2."), (".intermediate.dense.", ".mlp.c_fc."),
      (".output.dense.", ".mlp.c_proj."),
    ] {
      if rest.contains(ours) { return (rest.replacing(ours, with: theirs), 0, 1) }
    }
    return (rest, 0, 1)
  }
}
