import Foundation

/// A file of JSON that is none, or not of the expected form: where, what was expected, and what was found.
public enum JSONFailure: Failure, Equatable {
  case broken(path: String, place: String)
  /// `line` from 1, `offset` in bytes from 0.
  case repeatedKey(path: String, key: String, line: Int, offset: Int)
  case version(path: String, found: Int, known: Int)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .broken(let path, let place):
      "\(path): \(place). Restore the file from a copy."
    case .repeatedKey(let path, let key, let line, let offset):
      "\(path), line \(line), byte \(offset): expected every key once, found "
        + "\(RepeatedKey(key: key, offset: offset, line: line).words). Keep one of both."
    case .version(let path, let found, let known):
      "\(path): \"version\" is \(found), this xling knows \(known). Update xling."
    }
  }
}

/// Files of JSON, whoever wrote them: a key that stands twice in one object is an error.
public enum JSONFile {
  /// The bytes of a file that is read as JSON, without a repeated key. Throws
  /// ``JSONFailure/repeatedKey(path:key:line:offset:)``; `ForeignFileFailure` for a pointer or a page in
  /// its place; `FileFailure`, with `hint`.
  public static func read(_ path: String, hint: String = "Check the path.") throws -> Data {
    let data = try AtomicFile.read(path, hint: hint)
    if let found = ForeignFile(head: data.prefix(ForeignFile.headCount)) {
      throw ForeignFileFailure(path: path, expected: "JSON", found: found)
    }
    try check(data, in: path)
    return data
  }

  /// Throws ``JSONFailure/repeatedKey(path:key:line:offset:)``; `line` is that of the first byte, where
  /// `json` is a line of a longer file.
  public static func check(
    _ json: some ContiguousBytes, in path: String, line: Int = 1
  ) throws(JSONFailure) {
    guard let found = RepeatedKey(in: json) else { return }
    throw .repeatedKey(
      path: path, key: found.key, line: line + found.line - 1, offset: found.offset)
  }

  /// A value of a file that xling itself wrote. Throws ``JSONFailure`` with the key, or the byte, that
  /// is wrong; `FileFailure`.
  public static func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value
  {
    let data = try read(path)
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
