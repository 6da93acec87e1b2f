import XlingTensor

/// What a timm architecture's name says: `vit_base_patch16_224`, `deit_tiny_distilled_patch16_224`,
/// `vit_small_patch14_reg4_dinov2`, `vit_base_patch32_clip_quickgelu_224`,
/// `vit_base_patch16_siglip_gap_224`, `vit_large_patch16_dinov3`.
struct TimmArchitecture {
  enum Family { case vit, deit, deit3, dinov2, dinov3, clip, siglip }

  let family: Family
  let configuration: ViTConfiguration
  /// "token", "avg" or "map".
  let globalPool: String
  /// Whether a mean of patches is normalized behind it; nil: as timm decides by `global_pool`.
  let hasPoolNorm: Bool?

  private struct Size {
    let width: Int
    let layers: Int
    let heads: Int
    var ratio = 4.0
  }

  private static let sizes: [Substring: Size] = [
    "tiny": Size(width: 192, layers: 12, heads: 3), "small": Size(width: 384, layers: 12, heads: 6),
    "medium": Size(width: 512, layers: 12, heads: 8),
    "base": Size(width: 768, layers: 12, heads: 12),
    "large": Size(width: 1024, layers: 24, heads: 16),
    "huge": Size(width: 1280, layers: 32, heads: 16),
    "giant": Size(width: 1408, layers: 40, heads: 16, ratio: 48.0 / 11),
    "gigantic": Size(width: 1664, layers: 48, heads: 16, ratio: 64.0 / 13),
    "so400m": Size(width: 1152, layers: 27, heads: 16, ratio: 3.7362),
    "giantopt": Size(width: 1536, layers: 40, heads: 16),
  ]

  /// Of sizes that mean something else in these families.
  private static let dinoSizes: [String: Size] = [
    "giant dinov2": Size(width: 1536, layers: 40, heads: 24, ratio: 2.66667 * 2),
    "huge dinov3": Size(width: 1280, layers: 32, heads: 20),
    "7b dinov3": Size(width: 4096, layers: 40, heads: 32, ratio: 2),
  ]

  /// What is read, for a message.
  static let known =
    "ViT, DeiT, DeiT-III, DINOv2, DINOv3, CLIP and SigLIP are (vit_base_patch16_224, "
    + "deit_tiny_distilled_patch16_224, deit3_small_patch16_224, vit_small_patch14_dinov2, "
    + "vit_small_patch16_dinov3, vit_base_patch32_clip_224, vit_base_patch16_siglip_224)"

  /// Whether timm computes it by its Eva code, whose names differ.
  static func isEva(_ name: String) -> Bool { name.contains("_dinov3") }

  /// Of a plain ViT so wide, by its size; nil where there is none.
  static func size(ofWidth width: Int) -> String? {
    ["tiny", "small", "medium", "base", "large"].first { sizes[Substring($0)]?.width == width }
  }

  /// nil for architectures that compute something else.
  init?(_ name: String) {
    var words = name.split(separator: ".", omittingEmptySubsequences: false)[0].split(
      separator: "_")
    func take(_ word: String) -> Bool {
      guard words.first == word[...] else { return false }
      words.removeFirst()
      return true
    }
    guard let kind = words.first, ["vit", "deit", "deit3"].contains(kind), words.count > 2 else {
      return nil
    }
    let sizeWord = words[1]
    words.removeFirst(2)
    let isPlus = take("plus")
    let isDistilled = kind == "deit" && take("distilled")
    guard let patchWord = words.first, patchWord.hasPrefix("patch"),
      let patch = Int(patchWord.dropFirst("patch".count)), patch > 0, patch < 1 << 10
    else { return nil }
    words.removeFirst()
    let registers = take("reg4") ? 4 : 0
    let family: Family
    var (isQuick, isGap, hasBiases) = (false, false, true)
    if kind != "vit" {
      family = kind == "deit" ? .deit : .deit3
    } else if take("clip") {
      (family, isQuick) = (.clip, take("quickgelu"))
    } else if take("siglip") {
      (family, isGap) = (.siglip, take("gap"))
    } else if take("dinov2") {
      family = .dinov2
    } else if take("dinov3") {
      (family, hasBiases) = (.dinov3, take("qkvb"))
    } else {
      family = .vit
    }
    let usual = family == .dinov2 ? 518 : family == .dinov3 ? 256 : nil
    guard let image = words.first.map({ Int($0) }) ?? usual, image >= patch, image < 1 << 16,
      words.count < 2 || ["in21k", "in21ft1k"].contains(words[1]), words.count < 3,
      registers == 0 || family == .dinov2, !isPlus || family == .dinov3,
      let size = Self.dinoSizes["\(sizeWord) \(family)"] ?? Self.sizes[sizeWord]
    else { return nil }
    self.family = family
    var configuration = ViTConfiguration(
      imageSize: image, patchSize: patch, hiddenSize: size.width, layers: size.layers,
      heads: size.heads, intermediateSize: Int(Double(size.width) * size.ratio))
    configuration.naming = .timm(architecture: name)
    configuration.interpolation = .timm
    configuration.hasDistillationToken = isDistilled
    configuration.registers = registers
    switch family {
    case .vit, .deit: break
    case .deit3: (configuration.hasLayerScale, configuration.hasPrefixPositions) = (true, false)
    case .dinov2:
      configuration.hasLayerScale = true
      configuration.hasPrefixPositions = registers == 0
      if sizeWord == "giant" { (configuration.isGated, configuration.activation) = (true, .silu) }
    case .dinov3:
      configuration.makeEva(isGated: isPlus || sizeWord == "7b", hasBiases: hasBiases)
    case .clip:
      (configuration.hasEmbeddingNorm, configuration.hasPatchBias) = (true, false)
      configuration.layerNormEpsilon = 1e-5
      if isQuick { configuration.activation = .quickGELU }
    case .siglip:
      configuration.hasClassToken = false
      if sizeWord == "giantopt" || (sizeWord == "so400m" && patch == 16) {
        configuration.activation = .geluTanh
      }
    }
    self.configuration = configuration
    globalPool = isGap || family == .dinov3 ? "avg" : family == .siglip ? "map" : "token"
    hasPoolNorm = isGap || family == .dinov3 ? false : nil
  }
}

extension ViTConfiguration {
  /// timm's DINOv3, which is its Eva.
  fileprivate mutating func makeEva(isGated: Bool, hasBiases: Bool) {
    hasLayerScale = true
    rotaryTheta = 100
    registers = 4
    layerNormEpsilon = 1e-5
    // With biases of queries, keys and values those of keys are zeros outside the checkpoint.
    biases.subtract(hasBiases ? .key : .inputs)
    self.isGated = isGated
    if isGated { activation = .silu }
  }
}
