import CTOML
import Foundation

/// Why a text is no TOML, and where.
public struct TOMLMistake: Error, Equatable, CustomStringConvertible {
  /// From 1; 0 when the place is not known.
  public let line: Int
  public let column: Int
  public let reason: String

  public var description: String {
    line > 0 ? "line \(line), column \(column): \(reason)" : reason
  }
}

/// One value of a card.
public enum TOMLValue: Sendable, Equatable, Codable {
  case text(String)
  case whole(Int)
  case real(Double)
  case truth(Bool)
  case list([TOMLValue])
  case table([String: TOMLValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let table = try? container.decode([String: TOMLValue].self) {
      self = .table(table)
    } else if let list = try? container.decode([TOMLValue].self) {
      self = .list(list)
    } else if let truth = try? container.decode(Bool.self) {
      self = .truth(truth)
    } else if let whole = try? container.decode(Int.self) {
      self = .whole(whole)
    } else {
      self = .real(try container.decode(Double.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .whole(let whole): try container.encode(whole)
    case .real(let real): try container.encode(real)
    case .truth(let truth): try container.encode(truth)
    case .list(let list): try container.encode(list)
    case .table(let table): try container.encode(table)
    }
  }

  public var text: String? { if case .text(let text) = self { text } else { nil } }
  public var whole: Int? { if case .whole(let whole) = self { whole } else { nil } }
  public var list: [TOMLValue]? { if case .list(let list) = self { list } else { nil } }
  public var table: [String: TOMLValue]? { if case .table(let table) = self { table } else { nil } }
}

/// The one reader of TOML: cards, recipes, prompts.
public enum TOMLDocument {
  /// Longer files are none of ours, and their trees take a hundred times the memory.
  static let longest = 2 << 20

  /// The tree as JSON, for `Decodable` types. Throws ``TOMLMistake``.
  public static func json(_ bytes: Data) throws(TOMLMistake) -> Data {
    try read(bytes, asTOML: false)
  }

  /// The top table. Throws ``TOMLMistake``.
  public static func table(_ bytes: Data) throws(TOMLMistake) -> [String: TOMLValue] {
    let json = try json(bytes)
    do {
      return try JSONDecoder().decode([String: TOMLValue].self, from: json)
    } catch {
      throw TOMLMistake(line: 0, column: 0, reason: "\(error)")
    }
  }

  /// A value as TOML: keys in their order, tables behind the rest. Throws what encoding throws.
  public static func text(of value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = try JSONDecoder().decode(
      [String: TOMLValue].self, from: try encoder.encode(value))
    var plain = ""
    write(json, under: [], into: &plain)
    return String(decoding: try read(Data(plain.utf8), asTOML: true), as: UTF8.self)
  }

  private static func read(_ bytes: Data, asTOML: Bool) throws(TOMLMistake) -> Data {
    guard bytes.count <= longest else {
      throw TOMLMistake(
        line: 0, column: 0, reason: "\(bytes.count) bytes, expected at most \(longest)")
    }
    var (line, column) = (Int64(0), Int64(0))
    var reason = [CChar](repeating: 0, count: 400)
    let text = bytes.withUnsafeBytes { bytes in
      xling_toml_read(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int64(bytes.count), asTOML ? 1 : 0,
        &line, &column, &reason, Int64(reason.count))
    }
    guard let text else {
      let words = String(
        decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw TOMLMistake(line: Int(line), column: Int(column), reason: words)
    }
    defer { xling_toml_free(text) }
    return Data(bytes: text, count: strlen(text))
  }

  /// Any TOML that means the same; the library lays it out.
  private static func write(
    _ table: [String: TOMLValue], under path: [String], into text: inout String
  ) {
    let sorted = table.sorted { $0.key < $1.key }
    for (key, value) in sorted where value.table == nil {
      text += "\(quoted(key)) = \(inline(value))\n"
    }
    for (key, value) in sorted {
      guard let inner = value.table else { continue }
      let place = path + [key]
      text += "[\(place.map(quoted).joined(separator: "."))]\n"
      write(inner, under: place, into: &text)
    }
  }

  private static func inline(_ value: TOMLValue) -> String {
    switch value {
    case .text(let text): quoted(text)
    case .whole(let whole): "\(whole)"
    case .real(let real): "\(real)"
    case .truth(let truth): "\(truth)"
    case .list(let list): "[" + list.map(inline).joined(separator: ", ") + "]"
    case .table(let table):
      "{"
        + table.sorted { $0.key < $1.key }.map { "\(quoted($0.key)) = \(inline($0.value))" }
        .joined(separator: ", ") + "}"
    }
  }

  /// A basic string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
