import XlingTensor

/// Sizes where no configuration says them.
extension ViTConfiguration {
  /// From the tensors of a bare checkpoint under timm's names. Heads leave no trace in them: `heads`,
  /// or the width in heads of 64 that most published sizes have. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  package init(inferredFrom checkpoint: Checkpoint, heads given: Int?) throws(TowerFailure) {
    let shapes = Self.shapes(in: checkpoint, .timm)
    guard let sizes = TensorSizes(shapes) else {
      throw .configuration(
        path: checkpoint.path,
        reason:
          "there is no config.json beside it, and its tensors are not those of a ViT under timm's "
          + "names, from which the sizes could be read")
    }
    self.init(
      imageSize: 1, patchSize: 1, hiddenSize: sizes.width, layers: sizes.layers, heads: 1,
      intermediateSize: sizes.inner,
      queryBias: shapes["encoder.layer.0.attention.attention.query.bias"] != nil)
    hasClassToken = shapes["embeddings.cls_token"] != nil
    hasDistillationToken = shapes["embeddings.distillation_token"] != nil
    registers = shapes["embeddings.register_tokens"].map { $0.count == 3 ? $0[1] : 0 } ?? 0
    hasEmbeddingNorm = shapes["embeddings.layernorm.weight"] != nil
    hasPatchBias = shapes["embeddings.patch_embeddings.projection.bias"] != nil
    hasLayerScale = shapes["encoder.layer.0.layer_scale_attention.weight"] != nil
    if shapes["encoder.layer.0.intermediate.factor.dense.weight"] != nil {
      (isGated, activation) = (true, .silu)
    }
    hasFinalNorm = shapes["layernorm.weight"] != nil
    let hasPoolNorm = shapes["head.norm.weight"] != nil
    if shapes["head.probe"] != nil, let inner = shapes["head.intermediate.weight"]?.first {
      head = ImageHead.Shape(.attention(intermediate: inner), hasNorm: hasPoolNorm)
    } else if hasPoolNorm {
      head = ImageHead.Shape(.mean, hasNorm: true)
    }
    pooling = head == nil ? .cls : .head
    if hasDistillationToken { head = ImageHead.Shape(.distilled) }
    try take(sizes, heads: given, path: checkpoint.path)
    naming = .timm(architecture: architecture)
  }

  /// timm's tower inside open_clip: parts as its architecture has them, sizes as its tensors. Throws
  /// ``TowerFailure/configuration(path:reason:)``.
  init(
    trunk name: String, in checkpoint: Checkpoint, heads given: Int?, path: String
  ) throws(TowerFailure) {
    guard let named = TimmArchitecture(name) else {
      throw .configuration(
        path: path,
        reason: "timm_model_name \"\(name)\" is not known; \(TimmArchitecture.known)")
    }
    self = named.configuration
    naming = .openCLIPTrunk(architecture: name)
    guard let sizes = TensorSizes(Self.shapes(in: checkpoint, keyMap)) else {
      throw .configuration(
        path: checkpoint.path, reason: "its tensors under visual.trunk are not those of \(name)")
    }
    let isPublished = sizes.width == hiddenSize
    let published = heads
    (hiddenSize, layers, intermediateSize) = (sizes.width, sizes.layers, sizes.inner)
    try take(sizes, heads: given ?? (isPublished ? published : nil), path: checkpoint.path)
  }

  /// Our names of what a checkpoint holds, and how large it is.
  private static func shapes(in checkpoint: Checkpoint, _ map: KeyMap) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for (name, tensor) in checkpoint.tensors {
      switch map.target(of: name) {
      case .parameter(let ours): shapes[ours] = tensor.shape
      case .parts(let ours):
        for name in ours {
          shapes[name] = [(tensor.shape.first ?? 0) / ours.count] + tensor.shape.dropFirst()
        }
      case .ignored, .copy, .unknown: continue
      }
    }
    return shapes
  }

  private mutating func take(
    _ sizes: TensorSizes, heads given: Int?, path: String
  ) throws(TowerFailure) {
    func refuse(_ reason: String) -> TowerFailure { .configuration(path: path, reason: reason) }
    let width = sizes.width
    guard let heads = given ?? (width % 64 == 0 ? width / 64 : nil), heads > 0, width % heads == 0
    else {
      throw refuse(
        given.map { "its width \(width) is not a multiple of \($0) heads" }
          ?? "its width \(width) is none of the published ones, so its heads are unknown: --heads")
    }
    self.heads = heads
    guessesHeads = given == nil
    (patchSize, channels) = (sizes.patch, sizes.channels)
    guard rotaryTheta == nil else { return }
    let prefix = prefixTokens - registers
    guard let rows = sizes.positions, let (grid, hasPrefix) = Self.grid(rows, prefix) else {
      throw refuse("its position table of \(sizes.positions ?? 0) rows fits no square of patches")
    }
    (imageSize, hasPrefixPositions) = (grid * sizes.patch, hasPrefix)
  }

  /// The square that a table of `rows` rows covers, and whether it has rows for the prefix.
  private static func grid(_ rows: Int, _ prefix: Int) -> (Int, Bool)? {
    for (patches, hasPrefix) in [(rows - prefix, true), (rows, false)] where patches > 0 {
      let side = Int(Double(patches).squareRoot().rounded())
      if side * side == patches { return (side, hasPrefix) }
    }
    return nil
  }

  /// timm's model of this width, or its base model; `model_args` change what differs.
  private var architecture: String {
    let size = TimmArchitecture.size(ofWidth: hiddenSize) ?? "base"
    if !hasClassToken { return "vit_\(size)_patch16_siglip_224" }
    if registers > 0 || isGated {
      let infix = registers > 0 ? "_reg4" : ""
      return "vit_\(isGated ? "giant" : size)_patch14\(infix)_dinov2"
    }
    if hasLayerScale { return "deit3_\(size)_patch16_224" }
    return hasDistillationToken ? "deit_\(size)_distilled_patch16_224" : "vit_\(size)_patch16_224"
  }
}

/// What tensors say of a tower's sizes.
private struct TensorSizes {
  let width: Int
  let channels: Int
  let patch: Int
  let inner: Int
  let layers: Int
  /// Rows of the position table; nil without one.
  let positions: Int?

  /// nil where they are no ViT's.
  init?(_ shapes: [String: [Int]]) {
    guard let kernel = shapes["embeddings.patch_embeddings.projection.weight"], kernel.count == 4,
      let inner = shapes["encoder.layer.0.intermediate.dense.weight"], inner.count == 2,
      kernel[2] == kernel[3]
    else { return nil }
    let table = shapes["embeddings.position_embeddings"]
    guard table.map({ $0.count == 3 }) ?? true,
      (kernel + inner + (table ?? [])).allSatisfy({ (1...1 << 24).contains($0) })
    else { return nil }
    (width, channels, patch) = (kernel[0], kernel[1], kernel[2])
    self.inner = inner[0]
    positions = table?[1]
    layers =
      (0...1000).first { shapes["encoder.layer.\($0).intermediate.dense.weight"] == nil } ?? 0
  }
}
