import ArgumentParser
import XlingCore
import XlingTokenizers

struct TokenizerDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What two tokenizers do not share: settings, pieces, ids.",
    discussion: "Options that tell what a path cannot hold for both.")

  @Argument(help: "A tokenizer, as in tokenizer show.")
  var first: String

  @Argument(help: "Another.")
  var second: String

  @OptionGroup var arguments: TokenizerArguments

  @Option(help: "Pieces to print of each kind.", transform: NumberRange.whole(from: 0))
  var examples = 10

  @Flag(help: "Print it as JSON, all pieces included.")
  var json = false

  func run() throws {
    let difference = TokenizerDifference(
      try arguments.load(first), try arguments.load(second))
    if json { return print(try JSONText.encode(Report(difference))) }
    if difference.isEmpty { return print("no difference") }
    for setting in difference.settings {
      print("\(setting.name):\n  \(first): \(setting.first)\n  \(second): \(setting.second)")
    }
    for (title, pieces) in [
      ("only in \(first)", difference.onlyInFirst), ("only in \(second)", difference.onlyInSecond),
      ("in both with another id", difference.moved),
    ] where !pieces.isEmpty {
      let shown = pieces.prefix(examples).map { String(decoding: $0, as: UTF8.self) }
      let rest = pieces.count > shown.count ? " …" : ""
      print("\(title): \(pieces.count) pieces: \(shown.joined(separator: " "))\(rest)")
    }
  }

  private struct Report: Encodable {
    struct Setting: Encodable {
      let name: String
      let first: String
      let second: String
    }

    let schema = "xling.tokenizer-diff/1"
    let settings: [Setting]
    let onlyInFirst: [String]
    let onlyInSecond: [String]
    let moved: [String]

    init(_ difference: TokenizerDifference) {
      func texts(_ pieces: [[UInt8]]) -> [String] {
        pieces.map { String(decoding: $0, as: UTF8.self) }
      }
      settings = difference.settings.map {
        Setting(name: $0.name, first: $0.first, second: $0.second)
      }
      onlyInFirst = texts(difference.onlyInFirst)
      onlyInSecond = texts(difference.onlyInSecond)
      moved = texts(difference.moved)
    }
  }
}
