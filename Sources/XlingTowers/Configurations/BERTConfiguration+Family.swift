import XlingCore

extension BERTConfiguration {
  /// By `model_type`, but for M-CLIP: ``init(multilingualCLIP:_:)``. Throws
  /// ``TowerFailure/configuration(path:reason:)``, for an unknown family with the nearest one.
  init(family type: String, _ fields: ConfigurationFields) throws(TowerFailure) {
    guard let family = Self.families[type] else {
      let known = (Array(Self.families.keys) + TowerConfiguration.imageTypes).sorted()
      let near = Self.nearest[type] ?? Spelling.nearest(to: type, among: known)
      throw fields.refuse(
        "model_type is \"\(type)\", which is not supported"
          + (near.map { "; the nearest that is: \($0)" } ?? "")
          + ". Expected one of " + known.joined(separator: ", "))
    }
    switch family {
    case .bert, .distilbert, .roberta: try self.init(fields, modelType: type)
    case .t5: try self.init(t5: fields, modelType: type)
    case .clip: try self.init(clip: fields)
    case .siglip: try self.init(siglip: fields)
    case .modernBERT: try self.init(modernBERT: fields)
    case .euroBERT: try self.init(euroBERT: fields)
    }
  }

  /// What people have who ask for a family that is not computed here.
  private static let nearest = [
    "mpnet": "bert, as all-MiniLM-L6-v2 is", "albert": "bert", "electra": "bert",
    "deberta": "bert", "deberta-v2": "xlm-roberta", "xlm": "xlm-roberta",
    "xlm-roberta-xl": "xlm-roberta",
    "new": "modernbert, as gte-modernbert-base is", "nomic_bert": "modernbert",
    "siglip2": "siglip, the SigLIP 2 of a fixed picture size, not NaFlex",
    "siglip2_text_model": "siglip_text_model",
    "siglip2_vision_model": "siglip_vision_model, of a fixed picture size",
    "data2vec-vision": "vit", "swinv2": "vit", "ijepa": "vit", "pvt": "vit", "levit": "deit",
    "convnext": "dinov3_vit", "convnextv2": "dinov3_vit", "dinov3_convnext": "dinov3_vit",
    "blip": "clip", "metaclip_2": "clip", "align": "clip", "qwen2": "eurobert", "qwen3": "eurobert",
    "llama": "eurobert", "mistral": "eurobert", "gemma3_text": "eurobert",
    "beit": "vit, whose positions are not relative",
    "swin": "vit", "chinese_clip": "clip", "altclip": "clip",
  ]
}
