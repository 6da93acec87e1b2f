import Foundation
import XlingCore

/// A text or image tower's configuration, told apart by what a `config.json` says.
public enum TowerConfiguration: Sendable, Equatable {
  case text(BERTConfiguration)
  case image(ViTConfiguration)

  static let imageTypes: Set = ["vit", "deit"]

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
    if imageTypes.contains(type) {
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
      ("Bert", "bert"), ("MT5", "mt5"), ("T5", "t5"), ("ViT", "vit"), ("DeiT", "deit"),
      ("CLIPText", "clip_text_model"), ("SiglipText", "siglip_text_model"),
      ("ModernBert", "modernbert"), ("EuroBert", "eurobert"), ("MultilingualCLIP", "M-CLIP"),
    ]
    for name in fields.texts("architectures") {
      if let start = starts.first(where: { name.hasPrefix($0.0) }) { return start.1 }
    }
    if fields.has("type_vocab_size") { return "bert" }
    throw fields.refuse("the key \"model_type\" is missing")
  }

  /// With what the tensors say: whether there is a projection.
  func fitted(to checkpoint: Checkpoint) -> TowerConfiguration {
    if case .text(let text) = self { .text(text.fitted(to: checkpoint)) } else { self }
  }
}
