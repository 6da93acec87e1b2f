import Foundation
import XlingCore

/// Which defaults a `preprocessor_config.json` starts from: those of the Hugging Face image
/// processor that it names.
private enum ImageProcessor: String, CaseIterable {
  case vit = "ViT"
  case deit = "DeiT"
  case clip = "CLIP"
  case bit = "Bit"
  case siglip = "Siglip"
  case dinov3 = "DINOv3ViT"
  case beit = "Beit"

  /// `ViTImageProcessor`, its `Fast` and `Pil` twins, and the feature extractor of old.
  init?(named name: String) {
    let match = Self.allCases.first { processor in
      ["FeatureExtractor", "ImageProcessor", "ImageProcessorFast", "ImageProcessorPil"]
        .contains { processor.rawValue + $0 == name }
    }
    guard let match else { return nil }
    self = match
  }

  var filter: ResampleFilter { self == .vit || self == .dinov3 ? .bilinear : .bicubic }
  var crops: Bool { [.deit, .clip, .bit].contains(self) }
  var statistics: ChannelStatistics {
    switch self {
    case .vit, .deit, .siglip, .beit: .half
    case .clip, .bit: .clip
    case .dinov3: .imagenet
    }
  }
  /// What a `size` that is one number means: both sides, or the shorter one.
  var oneNumberIsSquare: Bool { self != .clip && self != .bit }
  var resize: ImagePreprocessing.Resize {
    switch self {
    case .vit, .siglip, .dinov3, .beit: .square(224)
    case .deit: .square(256)
    case .clip, .bit: .shorterSide(224)
    }
  }
  /// Scales first and resizes then, so that nothing is rounded to eight bits between.
  var resizesFloats: Bool { self == .dinov3 }
}

extension ImagePreprocessing {
  /// What `preprocessor_config.json` says, computed as Hugging Face's image processors do on
  /// Pillow (their torchvision backend may be a grey level off). What it leaves out is the default of
  /// the processor it names: ViT, DeiT, CLIP, Bit, SigLIP, DINOv3 or BEiT. A key that is not known and a
  /// step that is not done here are errors. `path` is what an error calls it. Throws
  /// ``ImageFailure/badPreprocessor(path:key:expected:found:)``.
  init(huggingFace keys: [String: JSONValue], path: String) throws(ImageFailure) {
    let entries = PreprocessorEntries(path: path, keys: keys)
    try entries.checkKeys()
    let processor = try entries.processor()
    let resize =
      try entries.flag("do_resize") ?? true
      ? try entries.resize(processor) : .none
    let crops = try entries.flag("do_center_crop") ?? processor.crops
    let size = try entries.side(resize, crops: crops)
    let rescales = try entries.flag("do_rescale") ?? true
    let normalizes = try entries.flag("do_normalize") ?? true
    self.init(
      size: size, resize: resize, crop: crops ? .down : nil,
      filter: try entries.filter() ?? processor.filter,
      rescale: .factor(rescales ? try entries.number("rescale_factor") ?? 1 / 255 : 1),
      statistics: normalizes ? try entries.statistics(processor.statistics) : .none)
    resizesFloats = processor.resizesFloats
  }
}

private struct PreprocessorEntries {
  let path: String
  /// Without those that are null: they mean the default.
  let keys: [String: JSONValue]

  init(path: String, keys: [String: JSONValue]) {
    self.path = path
    self.keys = keys.filter { $0.value != .null }
  }

  func refuse(_ key: String, _ expected: String) -> ImageFailure {
    .badPreprocessor(
      path: path, key: key, expected: expected, found: keys[key]?.shown ?? "nothing")
  }

  private static let known: Set<String> = [
    "crop_size", "default_to_square", "do_center_crop", "do_normalize", "do_rescale", "do_resize",
    "feature_extractor_type", "image_mean", "image_processor_type", "image_std", "resample",
    "rescale_factor", "size", "do_pad",
  ]
  /// Say nothing about pixels, or what holds here anyway (three channels, channels first).
  private static let immaterial: Set<String> = [
    "_valid_processor_keys", "data_format", "device", "disable_grouping", "do_convert_rgb",
    "do_reduce_labels", "image_seq_length", "input_data_format", "processor_class",
    "reduce_labels", "return_tensors",
  ]

  func checkKeys() throws(ImageFailure) {
    let strange = Set(keys.keys).subtracting(Self.known).subtracting(Self.immaterial)
    if let key = strange.min() { throw refuse(key, "no such key") }
    if try flag("do_pad") == true { throw refuse("do_pad", "false") }
  }

  func processor() throws(ImageFailure) -> ImageProcessor {
    let key =
      keys["image_processor_type"] == nil ? "feature_extractor_type" : "image_processor_type"
    guard let value = keys[key] else { return .vit }
    guard let name = value.string, let processor = ImageProcessor(named: name) else {
      let names = ImageProcessor.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse(key, "the image processor of one of \(names)")
    }
    return processor
  }

  func flag(_ key: String) throws(ImageFailure) -> Bool? {
    guard let value = keys[key] else { return nil }
    guard let flag = value.bool else { throw refuse(key, "true or false") }
    return flag
  }

  func number(_ key: String) throws(ImageFailure) -> Double? {
    guard let value = keys[key] else { return nil }
    guard let number = value.finite else { throw refuse(key, "a number") }
    return number
  }

  func resize(_ processor: ImageProcessor) throws(ImageFailure) -> ImagePreprocessing.Resize {
    guard let value = keys["size"] else { return processor.resize }
    if let side = pixels(value) {
      let square = try flag("default_to_square") ?? processor.oneNumberIsSquare
      return square ? .square(side) : .shorterSide(side)
    }
    if let side = square(value) { return .square(side) }
    if let sides = value.object, sides.count == 1, let side = pixels(sides["shortest_edge"]) {
      return .shorterSide(side)
    }
    throw refuse("size", "a number, an equal height and width, or a shortest_edge")
  }

  /// Of the result.
  func side(_ resize: ImagePreprocessing.Resize, crops: Bool) throws(ImageFailure) -> Int {
    guard crops else {
      if case .square(let side) = resize { return side }
      throw refuse("do_center_crop", "true where size is no square: pictures must come out alike")
    }
    guard let value = keys["crop_size"] else { return 224 }
    guard let side = pixels(value) ?? square(value) else {
      throw refuse("crop_size", "a number, or an equal height and width")
    }
    return side
  }

  /// Pillow's number of a filter.
  func filter() throws(ImageFailure) -> ResampleFilter? {
    guard let value = keys["resample"] else { return nil }
    let numbered: [ResampleFilter] = [.nearest, .lanczos, .bilinear, .bicubic, .box, .hamming]
    guard case .number(let digits) = value, let index = Int(digits), numbered.indices ~= index
    else { throw refuse("resample", "0 to 5") }
    return numbered[index]
  }

  func statistics(_ preset: ChannelStatistics) throws(ImageFailure) -> ChannelStatistics {
    let mean = try channels("image_mean") ?? preset.mean
    let deviation = try channels("image_std") ?? preset.deviation
    guard deviation.allSatisfy({ $0 > 0 }) else { throw refuse("image_std", "numbers above 0") }
    return ChannelStatistics(mean: mean, deviation: deviation)
  }

  private func channels(_ key: String) throws(ImageFailure) -> [Float]? {
    guard let value = keys[key] else { return nil }
    guard let numbers = value.channels else { throw refuse(key, "three numbers") }
    return numbers
  }

  private func pixels(_ value: JSONValue?) -> Int? { value?.pixels }

  private func square(_ value: JSONValue) -> Int? {
    guard let sides = value.object, sides.count == 2, let height = pixels(sides["height"]),
      height == pixels(sides["width"])
    else { return nil }
    return height
  }
}
