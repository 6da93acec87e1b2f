import XlingCore

/// A line of JSON that carries a text: `{"text": "…"}`; other keys are passed over.
public enum TextRecord {
  /// The text's bytes. `source` and `line` name the place in errors. Throws
  /// ``TokenizerFailure/badRecord(source:line:expected:found:)``.
  public static func text(
    _ json: UnsafeRawBufferPointer, source: String, line: Int
  ) throws(TokenizerFailure) -> [UInt8] {
    let node: JSONNode
    do throws(JSONReader.Malformed) {
      node = try JSONReader.read(json)
    } catch {
      throw .badRecord(
        source: source, line: line, expected: error.expected,
        found: "\(error.found ?? "something else") at byte \(error.offset)")
    }
    guard case .string(let text) = node["text"] else {
      throw .badRecord(
        source: source, line: line, expected: "an object whose \"text\" is a string",
        found: node["text"]?.kind ?? node.kind)
    }
    return text
  }
}
