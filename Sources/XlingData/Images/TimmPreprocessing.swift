import Foundation

/// What timm's architectures declare by their names, where a folder says nothing of pictures.
private struct TimmDefaults {
  var cropShare = 0.875
  var statistics = ChannelStatistics.imagenet
  var squashes = false

  /// Of a folder with a `pretrained_cfg`: what timm takes for what that leaves out.
  static let pretrained = TimmDefaults()

  /// As timm 1.0's registry has it for ViT, DeiT, CLIP, SigLIP and DINO.
  init(architecture name: String) {
    let words = name.split(whereSeparator: { $0 == "_" || $0 == "." })
    switch words.first {
    case "deit": cropShare = 0.9
    case "deit3": cropShare = 1
    default:
      if words.contains("dinov2") || words.contains("dinov3") {
        cropShare = 1
      } else if words.contains("clip") {
        (cropShare, statistics) = (1, .clip)
      } else {
        (cropShare, statistics) = (0.9, .half)
        if words.contains("gap") { (cropShare, squashes) = (1, true) }
      }
    }
  }

  private init() {}
}

extension ImagePreprocessing {
  private static let harmless: Set = [
    "url", "file", "state_dict", "hf_hub_id", "hf_hub_filename", "source", "architecture", "tag",
    "custom_load", "min_input_size", "fixed_input_size", "num_classes", "label_offset",
    "label_names", "label_descriptions", "pool_size", "test_pool_size", "first_conv", "classifier",
    "license", "description", "origin_url", "paper_name", "paper_ids", "notes", "global_pool",
    "test_input_size", "test_crop_pct",
  ]
  static let timmKeys: [String: String] = [
    "input_size": "pictures of that size", "crop_pct": "resized to size / crop_pct, then cut",
    "crop_mode": "how resized", "interpolation": "the filter", "mean": "subtracted",
    "std": "divided by", "test_input_size": "not used: timm takes it when asked",
    "test_crop_pct": "not used: timm takes it when asked",
  ]

  /// timm's `create_transform` for evaluation, from a `config.json` as timm writes it: under
  /// `pretrained_cfg`, or, before 2023, at the top. `side` is what was asked for in place of
  /// `input_size`. Throws ``ImageFailure/badPreprocessor(path:key:expected:found:)``.
  init(timm config: [String: JSONValue], side: Int?, path: String) throws(ImageFailure) {
    let entries = Self.timmEntries(config, path)
    if !entries.prefix.isEmpty,
      let key = entries.keys.keys.filter({ Self.timmKeys[$0] == nil }).sorted()
        .first(where: { !Self.harmless.contains($0) })
    {
      throw entries.refuse(key, "no such key")
    }
    let name = config["architecture"]?.string ?? ""
    let isDeclared = entries.keys.keys.contains { Self.timmKeys[$0] != nil }
    let preset = isDeclared ? TimmDefaults.pretrained : TimmDefaults(architecture: name)
    let declared = try entries.read("input_size", "3 channels and a square") { value -> Int? in
      guard let sizes = value.array, sizes.count == 3, sizes[0].integer == 3 else { return nil }
      return JSONValue.array(Array(sizes[1...])).squareSide
    }
    let model = config["model_args"]?.object?["img_size"]?.squareSide
    let size = side ?? declared ?? model ?? Self.timmSize(name)
    let share =
      try entries.read("crop_pct", "a number above 0") { value in
        value.finite.flatMap { $0 > 0.01 && $0 < 100 ? $0 : nil }
      } ?? preset.cropShare
    let filters = ["nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"]
    let filter = try entries.read("interpolation", "one of " + filters.joined(separator: ", ")) {
      $0.string.flatMap(ResampleFilter.init)
    }
    let mode =
      try entries.read("crop_mode", "center, squash or border") { value in
        value.string.flatMap { ["center", "squash", "border"].contains($0) ? $0 : nil }
      } ?? (preset.squashes ? "squash" : "center")
    let statistics = try entries.statistics(or: preset.statistics)
    let scaled = min(max(1, Int(Double(size) / share)), 16384)
    let resize: Resize =
      switch mode {
      case "squash": .square(scaled)
      case "border": .longerSide(scaled)
      default: .shorterSide(scaled)
      }
    self.init(
      size: size, resize: resize, crop: resize == .square(size) ? nil : .halfToEven,
      filter: filter ?? .bicubic, statistics: statistics)
    if mode == "border" {
      fill = statistics.mean.map { mean in
        UInt8(min(max((255 * Double(mean)).rounded(.toNearestOrEven), 0), 255))
      }
    }
  }

  static func timmEntries(_ config: [String: JSONValue], _ path: String) -> PictureEntries {
    if let nested = config["pretrained_cfg"]?.object {
      return PictureEntries(path: path, keys: nested, prefix: "pretrained_cfg.")
    }
    return PictureEntries(path: path, keys: config, prefix: "")
  }

  /// The size at the end of an architecture's name, else what its family was made for.
  private static func timmSize(_ name: String) -> Int {
    let words = name.split(separator: ".")[0].split(separator: "_")
    if let size = words.last.flatMap({ Int($0) }), 1...16384 ~= size { return size }
    return words.contains("dinov2") ? 518 : words.contains("dinov3") ? 256 : 224
  }
}
