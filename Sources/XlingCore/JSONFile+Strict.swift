import Foundation

extension JSONFile {
  private struct Versioned: Decodable { let version: Int? }

  /// A value of a version that this program knows, of whose keys none is unknown. `omitted` are the objects
  /// that refuse unknown keys themselves and do not write all that they know. Throws
  /// ``JSONFailure/version(path:found:known:)``, ``JSONFailure/broken(path:place:)`` with the key or byte
  /// that is wrong, `FileFailure`.
  public static func decode<Value: Codable>(
    _ type: Value.Type, from path: String, version: Int, strictBut omitted: Set<String>
  ) throws -> Value {
    if let found = try? decode(Versioned.self, from: path).version, found != version {
      throw JSONFailure.version(path: path, found: found, known: version)
    }
    let value = try decode(type, from: path)
    let given = try JSONDecoder().decode(Keys.self, from: try AtomicFile.read(path))
    let known = try JSONDecoder().decode(Keys.self, from: try JSONEncoder().encode(value))
    if let unknown = given.unknown(to: known, except: omitted) {
      let near = Spelling.nearest(to: unknown.key, among: unknown.known)
      throw JSONFailure.broken(
        path: path,
        place: "this xling knows no key \"\(unknown.place)\""
          + (near.map { "; there is \"\($0)\"" } ?? ""))
    }
    return value
  }
}

/// The keys of JSON, without what is neither object nor list.
private indirect enum Keys: Decodable {
  case object([String: Keys])
  case list([Keys])
  case value
  case null

  init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: StrictKeys.Key.self) {
      var keys: [String: Keys] = [:]
      for key in object.allKeys {
        keys[key.stringValue] = try object.decode(Keys.self, forKey: key)
      }
      self = .object(keys)
    } else if var list = try? decoder.unkeyedContainer() {
      var all: [Keys] = []
      while !list.isAtEnd { all.append(try list.decode(Keys.self)) }
      self = .list(all)
    } else {
      self = try decoder.singleValueContainer().decodeNil() ? .null : .value
    }
  }

  /// The first key, in their order, that the other lacks. null is as if the key were not there.
  func unknown(
    to known: Keys, except omitted: Set<String>, under path: String = ""
  ) -> (place: String, key: String, known: [String])? {
    switch (self, known) {
    case (.object(let given), .object(let known)):
      for (key, value) in given.sorted(by: { $0.key < $1.key }) where !omitted.contains(key) {
        let place = path.isEmpty ? key : path + "." + key
        if let inner = known[key] {
          if let found = value.unknown(to: inner, except: omitted, under: place) { return found }
        } else if case .null = value {
          continue
        } else {
          return (place, key, known.keys.sorted())
        }
      }
      return nil
    case (.list(let given), .list(let known)):
      for (index, pair) in zip(given, known).enumerated() {
        if let found = pair.0.unknown(to: pair.1, except: omitted, under: "\(path)[\(index)]") {
          return found
        }
      }
      return nil
    default: return nil
    }
  }
}
