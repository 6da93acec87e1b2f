import ArgumentParser
import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore

/// One method; counts where towers were given.
struct MethodRow: Encodable {
  let schema = "xling.methods/1"
  let name: String
  let summary: String
  var trainedParameters: Int?
  var allParameters: Int?
  var trainedPercent: Double? {
    guard let trainedParameters, let allParameters else { return nil }
    return 100 * Double(trainedParameters) / Double(allParameters)
  }

  enum CodingKeys: String, CodingKey {
    case schema, name, summary, trainedParameters, allParameters, trainedPercent
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(schema, forKey: .schema)
    try values.encode(name, forKey: .name)
    try values.encode(summary, forKey: .summary)
    try values.encodeIfPresent(trainedParameters, forKey: .trainedParameters)
    try values.encodeIfPresent(allParameters, forKey: .allParameters)
    try values.encodeIfPresent(trainedPercent, forKey: .trainedPercent)
  }
}

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "List the methods and how much each trains.",
    discussion: "Counts are for the towers given, else for the shipped mini towers.")

  @Option(help: "A text tower's folder (default: mini-text).")
  var textTower: String?

  @Option(help: "An image tower's folder (default: mini-image).")
  var imageTower: String?

  @Flag(help: "Print the list as JSON.")
  var json = false

  func run() throws {
    let towers = try towers()
    let rows = try Recipe.cards.map { recipe in
      guard let towers else { return MethodRow(name: recipe.name, summary: recipe.summary) }
      let model = try DualEncoder(
        text: towers.text, image: towers.image,
        configuration: AlignmentConfiguration(recipe: recipe, seed: 0, steps: 1))
      func count(_ parameters: [DualEncoder.NamedParameter]) -> Int {
        parameters.reduce(0) { $0 + $1.parameter.count }
      }
      return MethodRow(
        name: recipe.name, summary: recipe.summary,
        trainedParameters: count(model.trainedParameters), allParameters: count(model.parameters))
    }
    print(json ? try JSONText.encode(rows) : Self.table(rows))
  }

  /// Nil where none were named and none are shipped: the list is useful without counts, too.
  private func towers() throws -> AlignTowers? {
    if textTower == nil, imageTower == nil,
      (try? Assets.path("towers/mini-text")) == nil
        || (try? Assets.path("towers/mini-image")) == nil
    {
      return nil
    }
    return try AlignTowers(text: textTower, image: imageTower)
  }

  private static func table(_ rows: [MethodRow]) -> String {
    let hasCounts = rows.contains { $0.trainedParameters != nil }
    let header =
      hasCounts
      ? ["method", "what is trained", "parameters", "share"]
      : ["method", "what is trained"]
    return EvalTable.text(
      [header]
        + rows.map { row in
          guard let trained = row.trainedParameters, let percent = row.trainedPercent else {
            return [row.name, row.summary]
          }
          return [row.name, row.summary, "\(trained)", String(format: "%.2f %%", percent)]
        }, leading: 2)
  }
}
