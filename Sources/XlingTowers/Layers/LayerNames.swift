/// What a checkpoint family calls the parts of one encoder layer.
public struct LayerNames: Sendable {
  let query: String
  let key: String
  let value: String
  let attentionOutput: String
  let attentionNorm: String
  let intermediate: String
  /// Of a gated feed-forward; as ours are called, since BERT has none.
  let factor: String
  let feedForwardOutput: String
  let feedForwardNorm: String
  /// Where layers have factors for their branches; as ours are called, since timm's own names differ
  /// by release and Hugging Face's ViT has none.
  let attentionScale: String
  let feedForwardScale: String

  /// Hugging Face's BERT, under `prefix` ("encoder.layer.3").
  public static func bert(_ prefix: String) -> LayerNames {
    LayerNames(
      query: prefix + ".attention.self.query", key: prefix + ".attention.self.key",
      value: prefix + ".attention.self.value",
      attentionOutput: prefix + ".attention.output.dense",
      attentionNorm: prefix + ".attention.output.LayerNorm",
      intermediate: prefix + ".intermediate.dense",
      factor: prefix + ".intermediate.factor.dense",
      feedForwardOutput: prefix + ".output.dense", feedForwardNorm: prefix + ".output.LayerNorm",
      attentionScale: prefix + ".layer_scale_attention",
      feedForwardScale: prefix + ".layer_scale_feed_forward")
  }

  /// Hugging Face's ViT.
  public static func vit(_ prefix: String) -> LayerNames {
    LayerNames(
      query: prefix + ".attention.attention.query", key: prefix + ".attention.attention.key",
      value: prefix + ".attention.attention.value",
      attentionOutput: prefix + ".attention.output.dense",
      attentionNorm: prefix + ".layernorm_before",
      intermediate: prefix + ".intermediate.dense",
      factor: prefix + ".intermediate.factor.dense",
      feedForwardOutput: prefix + ".output.dense", feedForwardNorm: prefix + ".layernorm_after",
      attentionScale: prefix + ".layer_scale_attention",
      feedForwardScale: prefix + ".layer_scale_feed_forward")
  }
}
