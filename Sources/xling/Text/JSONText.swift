import Foundation
import XlingCore

/// JSON as every `--json` prints it: sorted keys, two-space indentation, times as ISO 8601.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return TerminalText.visible(
      json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
