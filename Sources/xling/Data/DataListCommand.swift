import ArgumentParser
import XlingData
import XlingReports

struct DataListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The protocols on published test sets that `xling eval --data NAME` knows.")

  @OptionGroup var json: JSONOption

  struct Row: Encodable {
    let schema = "xling.dataset/1"
    let name: String
    let title: String
    let split: String
    let pictures: Int?
    let languages: [String]
    let licence: String
    let obtain: String
    let source: String

    init(_ card: DatasetCard) {
      name = card.name
      title = card.title
      split = card.split.rawValue
      pictures = card.picturesUsed
      languages = card.languages
      licence = card.licence
      obtain = card.obtain
      source = card.source
    }
  }

  func run() throws {
    let cards = try DatasetCards.load().all
    guard !json.isAsked else { return print(try JSONText.encode(cards.map(Row.init))) }
    let rows = cards.map { card in
      [
        card.name, card.picturesUsed.map(String.init) ?? "?", "\(card.languages.count)", card.title,
      ]
    }
    print(TextTable([["name", "pictures", "languages", "what"]] + rows, leading: 4).text)
  }
}
