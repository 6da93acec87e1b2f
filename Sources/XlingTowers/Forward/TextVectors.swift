extension BERTConfiguration {
  /// What the family's library calls the vectors, besides hidden states.
  var textVectors: [RawForward.TextVector] {
    let behind = RawForward.TextVector(name: "text_embeds", isPooled: false)
    switch (family, naming) {
    case (.siglip, .huggingFace): return [.init(name: "pooler_output", isPooled: false), behind]
    case (.clip, .huggingFace):
      return [.init(name: "pooler_output", isPooled: true)] + (projections.isEmpty ? [] : [behind])
    case (_, .huggingFace): return []
    default: return [behind]
    }
  }
}
