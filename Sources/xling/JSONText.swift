import Foundation
import XlingCore

/// JSON as every `--json` prints it: sorted keys, two-space indentation.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return TerminalText.visible(
      json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
