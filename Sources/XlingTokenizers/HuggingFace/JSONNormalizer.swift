import Foundation

/// The normalizer of a tokenizer.json, for models other than WordPiece.
struct JSONNormalizer {
  private(set) var steps: [NormalizationStep] = []
  private let json: TokenizerJSON

  /// Throws ``TokenizerFailure`` naming what cannot be followed.
  init(_ json: TokenizerJSON) throws(TokenizerFailure) {
    self.json = json
    if json.overrides.lowercase { steps.append(.lowercase(try ScalarClasses.shared(.reference))) }
    for step in try json.steps(json.root["normalizer"] ?? .null, "normalizers") { try read(step) }
  }

  private mutating func read(_ step: JSONNode) throws(TokenizerFailure) {
    switch step["type"]?.text {
    case "NFC": steps.append(.nfc(try CanonicalForm()))
    case "Lowercase": steps.append(.lowercase(try ScalarClasses.shared(.reference)))
    case "Strip":
      steps.append(
        .strip(left: try flag(step, "strip_left"), right: try flag(step, "strip_right")))
    case "Prepend":
      guard let text = step["prepend"]?.text else {
        throw json.bad("normalizer.prepend", "a text", step["prepend"])
      }
      steps.append(.prepend(text.unicodeScalars.map(\.value)))
    case "Replace": try readReplace(step)
    case "Precompiled": try readCharsmap(step)
    default:
      throw json.unsupported(
        "normalizer", step["type"]?.kind ?? step.kind,
        "NFC, Lowercase, Strip, Prepend, Replace, Precompiled, and BertNormalizer for WordPiece")
    }
  }

  private func flag(_ step: JSONNode, _ key: String) throws(TokenizerFailure) -> Bool {
    guard case .bool(let value) = step[key] else {
      throw json.bad("normalizer.\(key)", "true or false", step[key])
    }
    return value
  }

  private mutating func readReplace(_ step: JSONNode) throws(TokenizerFailure) {
    guard case .string(let content) = step["content"] else {
      throw json.bad("normalizer.content", "a text", step["content"])
    }
    let pattern: ReplacedPattern
    if case .string(let text) = step["pattern"]?["String"], !text.isEmpty {
      pattern = .text(text)
    } else {
      switch step["pattern"]?["Regex"]?.text {
      case #"\s+"#: pattern = .whiteSpaceRuns
      case " {2,}": pattern = .spaceRuns
      case ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]\^_`{|}~]"##: pattern = .asciiPunctuation
      case let other:
        throw json.unsupported(
          "normalizer.pattern", other.map { "the expression \"\($0)\"" } ?? "no pattern",
          #"a String, and the expressions "\s+", " {2,}" and one of all ASCII punctuation"#)
      }
    }
    steps.append(.replace(pattern, by: content))
  }

  private mutating func readCharsmap(_ step: JSONNode) throws(TokenizerFailure) {
    guard let text = step["precompiled_charsmap"]?.text, let data = Data(base64Encoded: text) else {
      throw json.bad("normalizer.precompiled_charsmap", "base64", step["precompiled_charsmap"])
    }
    do throws(Charsmap.Malformed) {
      steps.append(.charsmap(try Charsmap([UInt8](data))))
    } catch {
      throw .badConfiguration(
        file: json.file, key: "normalizer.precompiled_charsmap", expected: error.expected,
        found: error.found)
    }
  }
}
