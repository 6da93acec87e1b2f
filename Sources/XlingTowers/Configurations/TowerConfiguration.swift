import Foundation
import XlingCore

/// A text or image tower's configuration, told apart by what a `config.json` says.
public enum TowerConfiguration: Sendable, Equatable {
  case text(BERTConfiguration)
  case image(ViTConfiguration)

  private static let imageTypes: Set = ["vit", "deit"]

  /// Throws ``TowerFailure/configuration(path:reason:)`` or ``FileFailure``.
  static func read(_ path: String) throws -> TowerConfiguration {
    let fields = try ConfigurationFields(path)
    if try fields.text("model_type") == nil, fields.has("architecture") {
      return .image(try ViTConfiguration(timm: fields))
    }
    let type = try modelType(fields)
    if imageTypes.contains(type) {
      return .image(try ViTConfiguration(fields, modelType: type))
    }
    guard let family = BERTConfiguration.families[type] else {
      let known = (Array(BERTConfiguration.families.keys) + imageTypes).sorted()
      throw fields.refuse(
        "model_type is \"\(type)\", expected one of " + known.joined(separator: ", "))
    }
    return .text(
      family == .t5
        ? try BERTConfiguration(t5: fields, modelType: type)
        : try BERTConfiguration(fields, modelType: type))
  }

  /// Old configurations do not name their type; their architecture, or BERT's own keys, do.
  private static func modelType(_ fields: ConfigurationFields) throws -> String {
    if let type = try fields.text("model_type") { return type }
    let starts = [
      ("DistilBert", "distilbert"), ("XLMRoberta", "xlm-roberta"), ("Roberta", "roberta"),
      ("Bert", "bert"), ("MT5", "mt5"), ("T5", "t5"), ("ViT", "vit"), ("DeiT", "deit"),
    ]
    for name in fields.texts("architectures") {
      if let start = starts.first(where: { name.hasPrefix($0.0) }) { return start.1 }
    }
    if fields.has("type_vocab_size") { return "bert" }
    throw fields.refuse("the key \"model_type\" is missing")
  }
}
