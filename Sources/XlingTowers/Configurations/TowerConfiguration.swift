import Foundation
import XlingCore

/// A folder's configuration: a text tower's, an image tower's, or that of a model of both, told apart by what
/// `config.json` or `open_clip_config.json` says.
public enum TowerConfiguration: Sendable, Equatable {
  case text(BERTConfiguration)
  case image(ViTConfiguration)
  case whole(WholeConfiguration)

  /// `model_type` of image towers and of models of both.
  static let imageTypes = ViTConfiguration.modelTypes.union(WholeConfiguration.modelTypes.keys)

  /// The image tower's; nil where there is none.
  public var image: ViTConfiguration? {
    switch self {
    case .text: nil
    case .image(let image): image
    case .whole(let whole): whole.image
    }
  }

  /// The text tower's; nil where there is none that can be read.
  public var text: BERTConfiguration? {
    switch self {
    case .text(let text): text
    case .image: nil
    case .whole(let whole): whole.text
    }
  }

  /// `tensors` is asked where a configuration names a model in place of sizes. Throws
  /// ``TowerFailure/configuration(path:reason:)``, ``FileFailure``, what `tensors` throws.
  static func read(
    _ path: String, tensors: () throws -> Checkpoint
  ) throws -> TowerConfiguration {
    let fields = try ConfigurationFields(path)
    if try fields.text("model_type") == nil, fields.has("architecture") {
      return .image(try ViTConfiguration(timm: fields))
    }
    let type = try modelType(fields)
    if let layout = WholeConfiguration.modelTypes[type] {
      return .whole(try WholeConfiguration(fields, layout))
    }
    if ViTConfiguration.modelTypes.contains(type) {
      return .image(try ViTConfiguration(fields, modelType: type))
    }
    if type == "M-CLIP" {
      return .text(try BERTConfiguration(multilingualCLIP: fields, try tensors()))
    }
    return .text(try BERTConfiguration(family: type, fields))
  }

  /// Old configurations do not name their type; their architecture, or BERT's own keys, do.
  private static func modelType(_ fields: ConfigurationFields) throws -> String {
    if let type = try fields.text("model_type") { return type }
    let starts = [
      ("DistilBert", "distilbert"), ("XLMRoberta", "xlm-roberta"), ("Roberta", "roberta"),
      ("Bert", "bert"), ("MT5", "mt5"), ("T5", "t5"), ("ViTMAE", "vit_mae"), ("ViT", "vit"),
      ("DeiT", "deit"), ("Dinov2WithRegisters", "dinov2_with_registers"), ("Dinov2", "dinov2"),
      ("CLIPVision", "clip_vision_model"), ("CLIPText", "clip_text_model"),
      ("CLIPModel", "clip"), ("SiglipText", "siglip_text_model"), ("ModernBert", "modernbert"),
      ("EuroBert", "eurobert"), ("MultilingualCLIP", "M-CLIP"),
    ]
    for name in fields.texts("architectures") {
      if let start = starts.first(where: { name.hasPrefix($0.0) }) { return start.1 }
    }
    if fields.has("type_vocab_size") { return "bert" }
    throw fields.refuse("the key \"model_type\" is missing")
  }

  /// With what the tensors say: whether there is a projection.
  func fitted(to checkpoint: Checkpoint) -> TowerConfiguration {
    switch self {
    case .text(let text): .text(text.fitted(to: checkpoint))
    case .image(let image): .image(image.fitted(to: checkpoint))
    case .whole: self
    }
  }
}
