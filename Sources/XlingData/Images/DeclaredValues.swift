import Foundation

/// What declarations about pictures are made of.
extension JSONValue {
  /// Sides up to 16,384: four times what any published tower reads.
  var pixels: Int? {
    guard let side = integer, 1...16384 ~= side else { return nil }
    return side
  }

  var finite: Double? { number.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil } }

  /// Three numbers: red, green, blue.
  var channels: [Float]? {
    guard let values = array, values.count == 3 else { return nil }
    let numbers = values.compactMap { $0.number.flatMap(Float.init) }.filter(\.isFinite)
    return numbers.count == 3 ? numbers : nil
  }

  /// One number, or two that are equal.
  var squareSide: Int? {
    if let side = pixels { return side }
    guard let sides = array, sides.count == 2, sides[0] == sides[1] else { return nil }
    return sides[0].pixels
  }
}

/// The keys that declare how pictures are prepared, null as if left out.
struct PictureEntries {
  let path: String
  let keys: [String: JSONValue]
  /// What stands before a key in a message: "pretrained_cfg.".
  let prefix: String

  init(path: String, keys: [String: JSONValue], prefix: String) {
    self.path = path
    self.keys = keys.filter { $0.value != .null }
    self.prefix = prefix
  }

  func refuse(_ key: String, _ expected: String) -> ImageFailure {
    .badPreprocessor(
      path: path, key: prefix + key, expected: expected, found: keys[key]?.shown ?? "nothing")
  }

  /// `expected` names what a value may be, where it is another. nil where the key is absent.
  func read<Value>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
  ) throws(ImageFailure) -> Value? {
    guard let value = keys[key] else { return nil }
    guard let converted = convert(value) else { throw refuse(key, expected) }
    return converted
  }

  func statistics(or preset: ChannelStatistics) throws(ImageFailure) -> ChannelStatistics {
    let mean = try read("mean", "three numbers", \.channels) ?? preset.mean
    let deviation = try read("std", "three numbers above 0") { value in
      value.channels.flatMap { $0.allSatisfy { $0 > 0 } ? $0 : nil }
    }
    return ChannelStatistics(mean: mean, deviation: deviation ?? preset.deviation)
  }

  /// Each key with what was made of it.
  func declarations(file: String, uses: [String: String]) -> [(String, String, String)] {
    keys.keys.sorted().compactMap { key in
      guard let use = uses[key], let value = keys[key] else { return nil }
      return (prefix + key, value.shown, use)
    }
  }
}
