import ArgumentParser
import Foundation
import XlingReports
import XlingTokenizers

struct TokenizerShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "What a tokenizer is: type, size, special tokens, normalizer.")

  @Argument(help: "A folder as Hugging Face lays it out, or a vocab.txt, .model or tokenizer.json.")
  var path: String

  @OptionGroup var arguments: TokenizerArguments

  @OptionGroup var json: JSONOption

  func run() throws {
    let shown = ShownTokenizer(path, try arguments.load(path))
    try json.print(shown) { shown.text }
  }
}

/// What `tokenizer show` prints.
private struct ShownTokenizer: Encodable {
  struct Special: Encodable {
    let role: String
    let token: String
    let id: Int32
  }

  let schema = "xling.tokenizer/1"
  let path: String
  let type: String
  let size: Int
  let specialTokens: [Special]
  let normalizer: [String]
  let charsmapSHA256: String?
  let unicode: String
  let maximumLength: Int?
  let contentHash: String
  let memoryBytes: Int
  let scripts: [String: Int]
  private let scriptCounts: [VocabularyScripts.Count]

  enum CodingKeys: String, CodingKey {
    case schema, path, type, size, specialTokens, normalizer, charsmapSHA256, unicode
    case maximumLength, contentHash, memoryBytes, scripts
  }

  init(_ path: String, _ tokenizer: any Tokenizer) {
    let summary = tokenizer.summary
    self.path = path
    type = summary.model
    size = tokenizer.vocabularySize
    specialTokens = summary.specialTokens.map {
      Special(role: $0.role, token: $0.text, id: $0.id)
    }
    normalizer = summary.normalizer
    charsmapSHA256 = summary.charsmapHash
    unicode = summary.unicode
    maximumLength = tokenizer.maximumLength
    contentHash = tokenizer.contentHash
    memoryBytes = tokenizer.byteCount
    scriptCounts = VocabularyScripts(tokenizer).counts
    scripts = Dictionary(uniqueKeysWithValues: scriptCounts.map { ($0.script, $0.pieces) })
  }

  var text: String {
    var rows = [
      ("tokenizer", path), ("type", type), ("size", "\(size) pieces"),
      ("normalizer", normalizer.isEmpty ? "none" : normalizer.joined(separator: ", ")),
      ("charsmap", charsmapSHA256.map { "sha256 \($0)" } ?? "none"), ("unicode", unicode),
      ("maximum length", maximumLength.map { "\($0) tokens" } ?? "not stated"),
      ("memory", String(format: "%.2f MB", Double(memoryBytes) / 1e6)),
      ("content hash", contentHash),
    ]
    rows += specialTokens.prefix(16).map { ($0.role, "\($0.token) (\($0.id))") }
    if specialTokens.count > 16 { rows.append(("added", "and \(specialTokens.count - 16) more")) }
    let shares = scriptCounts.map { "\($0.script) \($0.pieces)" }
    rows.append(("scripts", shares.joined(separator: ", ")))
    return TextTable(rows.map { [$0.0, $0.1] }, leading: 2).text
  }
}
