import Foundation
import XlingCore

/// The keys of a `config.json`, each read with the type it must have.
struct ConfigurationFields {
  let path: String
  private let object: [String: Any]

  /// Throws ``TowerFailure/configuration(path:reason:)``, `JSONFailure` or ``FileFailure``.
  init(_ path: String) throws {
    guard let object = try Self.value(path) as? [String: Any] else {
      throw TowerFailure.configuration(path: path, reason: "expected a JSON object")
    }
    self.init(path: path, object)
  }

  /// The objects of a file that holds a list of such. Throws as ``init(_:)``.
  static func list(_ path: String) throws -> [ConfigurationFields] {
    guard let objects = try value(path) as? [[String: Any]] else {
      throw TowerFailure.configuration(path: path, reason: "expected a list of JSON objects")
    }
    return objects.map { ConfigurationFields(path: path, $0) }
  }

  private static func value(_ path: String) throws -> Any {
    let data = try JSONFile.read(
      path, hint: "A tower is a folder with config.json and model.safetensors.")
    do {
      return try JSONSerialization.jsonObject(with: data)
    } catch {
      let place = (error as NSError).userInfo["NSDebugDescription"] as? String
      throw TowerFailure.configuration(
        path: path, reason: "not valid JSON" + (place.map { ": " + $0 } ?? ""))
    }
  }

  private init(path: String, _ object: [String: Any]) {
    (self.path, self.object) = (path, object)
  }

  func refuse(_ reason: String) -> TowerFailure { .configuration(path: path, reason: reason) }

  /// Present and not null.
  func has(_ key: String) -> Bool { object[key].map { !($0 is NSNull) } ?? false }
  var keys: [String] { object.keys.sorted() }

  /// A nested object; empty when there is none.
  func section(_ key: String) -> ConfigurationFields {
    ConfigurationFields(path: path, object[key] as? [String: Any] ?? [:])
  }

  /// The value, or the default where the key is absent or null. Without a default it must be there.
  private func read<Value>(
    _ key: String, _ fallback: Value?, _ convert: (NSNumber) -> Value?
  ) throws(TowerFailure) -> Value {
    if let fallback, !has(key) { return fallback }
    guard let found = object[key] else { throw refuse("the key \"\(key)\" is missing") }
    if found is NSNull { throw refuse("\"\(key)\" is null, expected \(Value.self)") }
    guard let number = found as? NSNumber, let value = convert(number) else {
      throw refuse("\"\(key)\" is not of type \(Value.self)")
    }
    return value
  }

  /// A size between 1 and 2^24: larger ones are damage, and their products would overflow.
  func size(_ key: String, default fallback: Int? = nil) throws(TowerFailure) -> Int {
    let size = try integer(key, default: fallback)
    guard size > 0, size <= 1 << 24 else {
      throw refuse("\(key) is \(size), expected a positive size")
    }
    return size
  }

  func integer(_ key: String, default fallback: Int? = nil) throws(TowerFailure) -> Int {
    try read(key, fallback) { number in Int(exactly: number.doubleValue) }
  }

  func float(_ key: String, default fallback: Float? = nil) throws(TowerFailure) -> Float {
    try read(key, fallback) { $0.floatValue }
  }

  func flag(_ key: String, default fallback: Bool) throws(TowerFailure) -> Bool {
    try read(key, fallback) { $0.boolValue }
  }

  /// nil where the key is absent or null.
  func text(_ key: String) throws(TowerFailure) -> String? {
    guard let found = object[key], !(found is NSNull) else { return nil }
    guard let text = found as? String else { throw refuse("\"\(key)\" is not of type String") }
    return text
  }

  /// A number, or a list of equal numbers (height and width).
  func side(_ key: String, default fallback: Int? = nil) throws(TowerFailure) -> Int {
    guard let list = object[key] as? [Int] else { return try size(key, default: fallback) }
    guard let first = list.first, list.allSatisfy({ $0 == first }), (1...1 << 24).contains(first)
    else {
      throw refuse("\(key) is \(list), expected a square")
    }
    return first
  }

  /// Whole numbers of a list; nil where it is none.
  func numbers(_ key: String) -> [Int]? { object[key] as? [Int] }

  func isList(_ key: String) -> Bool { object[key] is [Any] }

  func texts(_ key: String) -> [String] { object[key] as? [String] ?? [] }

  /// The texts of an object by their keys; empty where it is absent or null.
  func textsByKey(_ key: String) throws(TowerFailure) -> [String: String] {
    guard has(key) else { return [:] }
    guard let object = object[key] as? [String: Any] else {
      throw refuse("\"\(key)\" is not an object of texts")
    }
    var texts: [String: String] = [:]
    for (name, value) in object where !(value is NSNull) {
      guard let text = value as? String else {
        throw refuse("\"\(key)\": \"\(name)\" is not a text")
      }
      texts[name] = text
    }
    return texts
  }

  /// Whether a value is a text, a list of texts, or neither.
  func isText(_ key: String) -> Bool { object[key] is String }

  /// The value as JSON writes it, at most 80 characters of it; "" where it is absent.
  func shown(_ key: String) -> String {
    guard let value = object[key] else { return "" }
    if let text = value as? String { return "\"\(text)\"" }
    let data = try? JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes])
    let text = data.map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
    return text.unicodeScalars.count > 80
      ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(77))) + "…" : text
  }
}
