import Foundation
import XlingCore

/// A folder's configuration: a text tower's, an image tower's, or that of a model of both, told apart by what
/// `config.json` or `open_clip_config.json` says.
public enum TowerConfiguration: Sendable, Equatable {
  case text(BERTConfiguration)
  case image(ViTConfiguration)
  case whole(WholeConfiguration)

  static let openCLIPFile = "open_clip_config.json"

  /// The image tower's; nil where there is none.
  public var image: ViTConfiguration? {
    switch self {
    case .text: nil
    case .image(let image): image
    case .whole(let whole): whole.image
    }
  }

  /// Throws ``TowerFailure/configuration(path:reason:)`` or ``FileFailure``.
  static func read(_ path: String) throws -> TowerConfiguration {
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
    guard let family = BERTConfiguration.families[type] else {
      let known =
        (Array(BERTConfiguration.families.keys) + ViTConfiguration.modelTypes
        + Array(WholeConfiguration.modelTypes.keys)).sorted()
      throw fields.refuse(
        "model_type is \"\(type)\", expected one of " + known.joined(separator: ", ")
          + (nearest[type].map { ". The nearest is \($0)" } ?? ""))
    }
    return .text(
      family == .t5
        ? try BERTConfiguration(t5: fields, modelType: type)
        : try BERTConfiguration(fields, modelType: type))
  }

  /// What people most often have instead of a family that is read, and the nearest that is.
  private static let nearest = [
    "beit": "\"vit\", whose positions are not relative", "data2vec-vision": "\"vit\"",
    "siglip2": "\"siglip\": SigLIP 2 of a fixed picture size, not NaFlex, which hands pictures over as "
      + "patches",
    "siglip2_vision_model": "\"siglip_vision_model\", of a fixed picture size",
    "swin": "\"vit\"", "swinv2": "\"vit\"", "convnext": "\"dinov3_vit\"",
    "dinov3_convnext": "\"dinov3_vit\"", "ijepa": "\"vit\"", "blip": "\"clip\"",
    "altclip": "\"clip\"", "chinese_clip": "\"clip\"", "metaclip_2": "\"clip\"",
    "align": "\"clip\"", "eva": "timm's vit", "pvt": "\"vit\"", "levit": "\"deit\"",
  ]

  /// Old configurations do not name their type; their architecture, or BERT's own keys, do.
  private static func modelType(_ fields: ConfigurationFields) throws -> String {
    if let type = try fields.text("model_type") { return type }
    let starts = [
      ("DistilBert", "distilbert"), ("XLMRoberta", "xlm-roberta"), ("Roberta", "roberta"),
      ("Bert", "bert"), ("MT5", "mt5"), ("T5", "t5"), ("ViTMAE", "vit_mae"), ("ViT", "vit"),
      ("DeiT", "deit"), ("Dinov2WithRegisters", "dinov2_with_registers"), ("Dinov2", "dinov2"),
      ("CLIPVision", "clip_vision_model"), ("CLIPModel", "clip"),
    ]
    for name in fields.texts("architectures") {
      if let start = starts.first(where: { name.hasPrefix($0.0) }) { return start.1 }
    }
    if fields.has("type_vocab_size") { return "bert" }
    throw fields.refuse("the key \"model_type\" is missing")
  }
}
