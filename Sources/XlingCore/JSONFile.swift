import Foundation

/// A file of JSON that is none, or not of the expected form: where, what was expected, and what was found.
public enum JSONFailure: Failure, Equatable {
  case broken(path: String, place: String)
  case version(path: String, found: Int, known: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .broken(let path, let place):
      "\(path): \(place). Restore the file from a copy."
    case .version(let path, let found, let known):
      "\(path): \"version\" is \(found), this xling knows \(known). Update xling."
    }
  }
}

/// Files of JSON that xling itself wrote.
public enum JSONFile {
  /// Throws ``JSONFailure/broken(path:place:)`` with the key, or the byte, that is wrong; `FileFailure`.
  public static func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value
  {
    let data = try AtomicFile.read(path)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw JSONFailure.broken(path: path, place: place(of: error, in: data))
    }
  }

  static func place(of error: any Error, in data: Data) -> String {
    if let mistake = error as? StrictKeys.Mistake {
      return "key \(name(mistake.path)): expected \(mistake.expected), found \(mistake.found)"
    }
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context):
      return "the key \(name(context.codingPath + [key])) is missing"
    case .typeMismatch(let type, let context):
      return
        "key \(name(context.codingPath)): expected \(words(for: type)), found another kind of value"
    case .valueNotFound(let type, let context):
      return "key \(name(context.codingPath)): expected \(words(for: type)), found null"
    case .dataCorrupted(let context):
      guard context.codingPath.isEmpty else {
        return
          "key \(name(context.codingPath)): the value is out of its range or none that it can have"
      }
      return syntax(context, data)
    @unknown default:
      return "it is not of the expected form"
    }
  }

  private static func syntax(_ context: DecodingError.Context, _ data: Data) -> String {
    guard !data.isEmpty else { return "expected JSON, found an empty file (byte 0)" }
    let underlying = context.underlyingError.map { $0 as NSError }
    if let said = underlying?.userInfo["NSDebugDescription"] as? String, said.contains("line ") {
      return "no JSON: " + said.prefix(200)
    }
    return "no JSON: cut short or broken within its \(data.count) bytes"
  }

  static func name(_ path: [any CodingKey]) -> String {
    var name = ""
    for key in path {
      if let index = key.intValue {
        name += "[\(index)]"
      } else {
        name += (name.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return "\"" + name + "\""
  }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }
}
