extension ImagePreprocessing {
  static let openCLIPKeys: [String: String] = [
    "size": "pictures of that size, where the model names none", "mean": "subtracted",
    "std": "divided by", "interpolation": "the filter", "resize_mode": "how resized",
    "fill_color": "beside a picture resized whole", "mode": "colour",
  ]

  /// open_clip's `image_transform_v2` for evaluation, from an `open_clip_config.json`. `side` is what
  /// was asked for in place of the model's size. Throws
  /// ``ImageFailure/badPreprocessor(path:key:expected:found:)``.
  init(openCLIP config: [String: JSONValue], side: Int?, path: String) throws(ImageFailure) {
    let entries = PictureEntries(
      path: path, keys: config["preprocess_cfg"]?.object ?? [:], prefix: "preprocess_cfg.")
    if let key = entries.keys.keys.sorted().first(where: { Self.openCLIPKeys[$0] == nil }) {
      throw entries.refuse(key, "no such key")
    }
    _ = try entries.read("mode", "\"RGB\"") { $0.string == "RGB" ? true : nil }
    let vision = config["model_cfg"]?.object?["vision_cfg"]?.object ?? [:]
    let model = PictureEntries(path: path, keys: vision, prefix: "model_cfg.vision_cfg.")
    let square = "a number, or two equal ones"
    let modelSize = try model.read("image_size", square, \.squareSide)
    let declared = try entries.read("size", square, \.squareSide)
    let size = side ?? modelSize ?? declared ?? 224
    let filter = try entries.read("interpolation", "bicubic or bilinear") { value in
      let filter = value.string.flatMap(ResampleFilter.init)
      return filter == .bicubic || filter == .bilinear ? filter : nil
    }
    let mode =
      try entries.read("resize_mode", "shortest, longest or squash") { value in
        value.string.flatMap { ["shortest", "longest", "squash"].contains($0) ? $0 : nil }
      } ?? "shortest"
    let resize: Resize =
      switch mode {
      case "squash": .square(size)
      case "longest": .longerSide(size)
      default: .shorterSide(size)
      }
    self.init(
      size: size, resize: resize, crop: mode == "squash" ? nil : .halfToEven,
      filter: filter ?? .bicubic, statistics: try entries.statistics(or: .clip))
    let colour = try entries.read("fill_color", "0 to 255, or three of them", Self.colour)
    if mode == "longest" { fill = colour }
  }

  private static func colour(_ value: JSONValue) -> [UInt8]? {
    if let grey = value.integer.flatMap(UInt8.init(exactly:)) { return [grey, grey, grey] }
    let colour = (value.array ?? []).compactMap { $0.integer.flatMap(UInt8.init(exactly:)) }
    return colour.count == 3 ? colour : nil
  }
}
