import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

/// A run as open_clip (Ilharco et al. 2021; `local-dir:` of 2.32 and later) lays models out:
/// `open_clip_config.json`, `open_clip_model.safetensors`, and what `transformers` builds the text
/// side from. The image tower becomes open_clip's own `VisionTransformer`, which takes any size.
///
/// open_clip has no biases behind pictures' patches and in projections. A patch's goes into the
/// positions of patches, a projection's into its weight (``FoldedBias``).
struct OpenCLIPFolder {
  private static let program = "open_clip"
  /// open_clip's name of each family of text towers.
  private static let families = [
    "bert": "bert", "distilbert": "bert", "roberta": "roberta", "camembert": "roberta",
    "xlm-roberta": "xlm-roberta",
  ]
  /// What open_clip cuts texts at where nothing else is said.
  private static let contextLength = 77

  private let model: DualEncoder
  private let text: TextTower
  private let image: ImageTower
  private let textHead: Parameter?
  private let imageHead: Parameter?
  private let pictures: ImagePreprocessing
  private let tokenizer: [String: Data]

  /// `tokenizer` are its files by name. Throws ``RunFailure/configuration(reason:)`` for what open_clip
  /// does not compute.
  init(
    _ model: DualEncoder, _ configuration: AlignmentConfiguration, tokenizer: [String: Data]
  ) throws(RunFailure) {
    self.model = model
    self.tokenizer = tokenizer
    try configuration.captions.checkIsPlain(for: Self.program)
    guard let family = Self.families[model.text.configuration.modelType] else {
      throw .configuration(
        reason:
          "\(Self.program) has no bias behind a \(model.text.configuration.modelType), whose norms "
          + "leave no place for the head's: BERT, DistilBERT, RoBERTa, CamemBERT and XLM-R can be "
          + "exported to it")
    }
    try model.text.checkIsPlain(for: Self.program)
    text = try PlainTower.text(model, as: family, for: Self.program)
    image = try PlainTower.image(model, for: Self.program)
    guard image.configuration.isPlain, image.pooling == .cls else {
      throw .configuration(
        reason:
          "\(Self.program)'s VisionTransformer is written here as a plain ViT read at its class "
          + "token; this image tower has other parts, or is pooled by \(image.pooling.rawValue)")
    }
    if image.configuration.hasDistillationToken || image.configuration.channels != 3 {
      throw .configuration(
        reason: "\(Self.program)'s VisionTransformer has one token ahead of the patches and three "
          + "channels, this image tower has \(image.configuration.prefixTokens) and "
          + "\(image.configuration.channels)")
    }
    let input = configuration.pictureInput(side: image.configuration.imageSize)
    pictures = input.preprocessing
    try Self.check(input)
    // A text tower without layers reads its embeddings' norm.
    textHead = try Self.fold(
      model.textHead, model.textStandardization,
      behind: text.encoder.layers.last?.feedForwardNorm ?? text.embeddingNorm)
    imageHead = try Self.fold(
      model.imageHead, model.imageStandardization, behind: image.finalNorm)
    Self.foldPatchBias(image)
  }

  private static func check(_ input: PictureInput) throws(RunFailure) {
    let pictures = input.preprocessing
    func refuse(_ what: String) -> RunFailure {
      .configuration(reason: "\(program) has no way to prepare pictures by \(what)")
    }
    switch pictures.resize {
    case .square(pictures.size), .shorterSide(pictures.size): break
    default: throw refuse("a cut out of larger ones: \"\(input.description)\"")
    }
    guard [.bicubic, .bilinear].contains(pictures.filter) else {
      throw refuse("the filter \(pictures.filter.rawValue); bicubic and bilinear it has")
    }
    if pictures.crop == .down, pictures.resize != .square(pictures.size) {
      throw refuse("crops whose odd margins are rounded down")
    }
    if case .factor(let factor) = pictures.rescale, abs(factor * 255 - 1) > 1e-6 {
      throw refuse("a factor of \(factor); 1/255 it has")
    }
    if pictures.resizesFloats { throw refuse("resizing without rounding to eight bits") }
    if input.reading.orientation != .ignore { throw refuse("turning them as EXIF says") }
  }

  /// A head's weight without its bias, behind a norm that takes it; nil without a head.
  private static func fold(
    _ head: Head, _ standardization: Standardization?, behind norm: LayerNorm?
  ) throws(RunFailure) -> Parameter? {
    switch head {
    case .none: return nil
    case .hidden:
      throw .configuration(
        reason:
          "\(program)'s head of two layers has no biases: a head linear or none can be exported")
    case .tokens:
      throw .configuration(
        reason: "\(program) has no MLP on every token: a head linear or none can be exported")
    case .linear(let linear):
      guard let norm, let beta = norm.beta else {
        preconditionFailure("the families that are exported end in a LayerNorm")
      }
      let linear = standardization?.folded(into: linear) ?? linear
      return FoldedBias.weight(of: linear, behind: norm, beta)
    }
  }

  private static func foldPatchBias(_ tower: ImageTower) {
    let (table, width) = (tower.positionEmbeddings, tower.width)
    let first = table.count - tower.configuration.patches * width
    for index in first..<table.count {
      table.value[index] += tower.patchBias.value[(index - first) % width]
    }
  }

  /// Throws `TowerFailure`, `FileFailure`.
  func write(to folder: String) throws {
    let tensors = OpenCLIPTensors(
      text, textHead, image, imageHead, width: model.embeddingWidth,
      temperature: model.temperature.value.pointee)
    try withExtendedLifetime(tensors) {
      try Safetensors.write(
        tensors.tensors, to: folder + "/open_clip_model.safetensors", metadata: ["format": "pt"])
    }
    try text.saveConfiguration(to: folder)
    for (name, data) in tokenizer.sorted(by: { $0.key < $1.key }) {
      try AtomicFile.write(data, to: folder + "/" + name)
    }
    let json = try JSONSerialization.data(
      withJSONObject: [
        "model_cfg": modelConfiguration, "preprocess_cfg": pictureConfiguration,
      ], options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try AtomicFile.write(json + Data("\n".utf8), to: folder + "/open_clip_config.json")
  }

  private var modelConfiguration: [String: any Sendable] {
    let vit = image.configuration
    var vision: [String: any Sendable] = [
      "image_size": vit.imageSize, "patch_size": vit.patchSize, "width": vit.hiddenSize,
      "layers": vit.layers, "head_width": vit.hiddenSize / vit.heads,
      "mlp_ratio": Self.ratio(vit.intermediateSize, vit.hiddenSize), "no_ln_pre": true,
      "pool_type": "tok", "norm_kwargs": ["eps": JSONNumber.shortest(vit.layerNormEpsilon)],
    ]
    if vit.hasLayerScale { vision["ls_init_value"] = 1e-6 }
    if vit.activation == .geluTanh { vision["act_kwargs"] = ["approximate": "tanh"] }
    var language: [String: any Sendable] = [
      // The folder itself, from within which it is loaded.
      "hf_model_name": ".", "hf_tokenizer_name": ".",
      "hf_pooler_type": "cls_last_hidden_state_pooler",
      "vocab_size": text.configuration.vocabularySize,
      "width": text.width, "layers": text.encoder.layers.count,
      "context_length": min(Self.contextLength, text.configuration.maximumTokens),
    ]
    language["hf_proj_type"] = textHead == nil ? NSNull() : "linear"
    return [
      "embed_dim": model.embeddingWidth, "quick_gelu": vit.activation == .quickGELU,
      "custom_text": true, "vision_cfg": vision, "text_cfg": language,
    ]
  }

  /// A number that gives back `inner` when `width` is multiplied by it and cut down to a whole one.
  private static func ratio(_ inner: Int, _ width: Int) -> Double {
    let ratio = Double(inner) / Double(width)
    return Int(Double(width) * ratio) == inner ? ratio : ratio.nextUp
  }

  private var pictureConfiguration: [String: any Sendable] {
    let isSquare = pictures.resize == .square(pictures.size)
    return [
      "size": pictures.size, "mode": "RGB", "interpolation": pictures.filter.rawValue,
      "resize_mode": isSquare ? "squash" : "shortest", "fill_color": 0,
      "mean": pictures.statistics.mean.map(JSONNumber.shortest),
      "std": pictures.statistics.deviation.map(JSONNumber.shortest),
    ]
  }
}
