import ArgumentParser
import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingJobs
import XlingReports

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "What each method trains, and how much of given towers.",
    subcommands: [MethodsListCommand.self, MethodsShowCommand.self],
    defaultSubcommand: MethodsListCommand.self)
}

/// One method; counts where towers were given.
struct MethodRow: Encodable {
  let schema = "xling.methods/1"
  let name: String
  let kind: String
  let summary: String
  let source: String
  var trainedParameters: Int?
  var allParameters: Int?
  var trainedPercent: Double?
}

struct MethodsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the methods, the presets, and how much each trains.",
    discussion: "Counts are for the towers given, else for the shipped mini towers.")

  @OptionGroup var towers: MethodTowers

  @OptionGroup var json: JSONOption

  func run() throws {
    let towers = try towers.load()
    let rows = try [MethodCards.Kind.method, .preset].flatMap { kind in
      try MethodCards.load(kind).map { card in
        var row = MethodRow(
          name: card.name, kind: kind.rawValue, summary: card.recipe.summary, source: card.source)
        if let towers {
          let count = try MethodCount(card, towers, heads: self.towers.heads)
          row.trainedParameters = count.trained
          row.allParameters = count.all
          row.trainedPercent = 100 * Double(count.trained) / Double(count.all)
        }
        return row
      }
    }
    if json.isAsked { return print(try JSONText.encode(rows)) }
    for kind in [MethodCards.Kind.method, .preset] {
      print(Self.table(rows.filter { $0.kind == kind.rawValue }, kind.rawValue))
    }
  }

  private static func table(_ rows: [MethodRow], _ kind: String) -> String {
    let hasCounts = rows.contains { $0.trainedParameters != nil }
    let header = [kind, "what is trained"] + (hasCounts ? ["parameters", "share"] : [])
    return TextTable(
      [header]
        + rows.map { row in
          guard let trained = row.trainedParameters, let percent = row.trainedPercent else {
            return [row.name, row.summary]
          }
          return [row.name, row.summary, "\(trained)", String(format: "%.2f %%", percent)]
        }, leading: 2
    ).text
  }
}

/// The towers that counts are of.
struct MethodTowers: ParsableArguments {
  @Option(help: "A text tower's folder (default: mini-text).")
  var textTower: String?

  @Option(help: "An image tower's folder, or its one file (default: mini-image).")
  var imageTower: String?

  @Option(
    help: "Attention heads of the image tower, where its file does not tell.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var heads: Int?

  /// Nil where none were named and none are shipped: the list is useful without counts, too.
  func load() throws -> TowerPair? {
    if textTower == nil, imageTower == nil,
      (try? Assets.path("towers/mini-text")) == nil
        || (try? Assets.path("towers/mini-image")) == nil
    {
      return nil
    }
    return try TowerPair(text: textTower, image: imageTower)
  }
}
