import ArgumentParser
import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingReports

/// Everything about one recipe.
struct MethodDetails: Encodable {
  let schema = "xling.method/1"
  let name: String
  let summary: String
  let source: String
  let aliases: [String]
  let text: Recipe.Side
  let image: Recipe.Side
  let parts: [MethodCount.Part]
  let trainedTensors: [String: [Int]]
}

struct MethodsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Explain a method, a preset or a composition, and count what it trains.",
    discussion: """
      xling methods show lwa
      xling methods show --preset lilt-lwa
      xling methods show --text lwa+layernorm --image locked --lock text:0-1
      """)

  @Argument(help: "A method's name.")
  var name: String?

  @OptionGroup var selection: MethodSelection

  @OptionGroup var towers: MethodTowers

  @Flag(help: "List every trained tensor with its shape.")
  var tensors = false

  @OptionGroup var json: JSONOption

  func run() throws {
    var selection = selection
    if let name {
      if selection.method != nil || selection.preset != nil || selection.recipe != nil {
        throw ValidationError("name one recipe: found \(name) and another")
      }
      selection.method = name
    }
    let card = try selection.card()
    let count = try towers.load().map { try MethodCount(card, $0, heads: towers.heads) }
    if json.isAsked {
      let shapes = count?.tensors.map { ($0.name, $0.shape) } ?? []
      let details = MethodDetails(
        name: card.name, summary: card.recipe.summary, source: card.source, aliases: card.aliases,
        text: card.recipe.text, image: card.recipe.image, parts: count?.parts ?? [],
        trainedTensors: Dictionary(shapes) { first, _ in first })
      return print(try JSONText.encode(details))
    }
    print(text(card, count))
  }

  private func text(_ card: MethodCard, _ count: MethodCount?) -> String {
    var facts = [["method", card.name], ["trains", card.recipe.summary]]
    if !card.aliases.isEmpty {
      facts.append(["also called", card.aliases.joined(separator: ", ")])
    }
    if !card.source.isEmpty { facts.append(["source", card.source]) }
    facts.append(["text", Self.words(card.recipe.text)])
    facts.append(["image", Self.words(card.recipe.image)])
    if let count {
      for part in count.parts {
        facts.append([part.part, Self.share(part.trained, part.all)])
      }
      facts.append(["together", Self.share(count.trained, count.all)])
      facts.append(["embeddings", "\(count.embeddingWidth) wide"])
      if tensors {
        facts += count.tensors.map { ["tensor", "\($0.name) \($0.shape)"] }
      }
    }
    return TextTable(facts, leading: 2).text
  }

  private static func share(_ trained: Int, _ all: Int) -> String {
    let percent = 100 * Double(trained) / Double(max(1, all))
    return String(format: "%d of %d parameters trained (%.2f %%)", trained, all, percent)
  }

  private static func words(_ side: Recipe.Side) -> String {
    var parts: [String] = []
    if side.start == .random { parts.append("random start") }
    parts += side.thaw.map { "thaws \($0.rawValue)" }
    parts += side.modules.map { "inserts \($0.rawValue)" }
    if side.isLocked { parts.append("locked") }
    if !side.lock.isEmpty {
      parts.append("layers " + side.lock.map(\.rawValue).joined(separator: ", ") + " as they were")
    }
    parts += side.options.said.map { "\($0.key) \($0.value)" }
    switch side.head {
    case .linear: parts.append("linear head")
    case .hidden: parts.append("head of two layers")
    case .tokens: parts.append("MLP head on every token, averaged")
    case .none: parts.append("no head")
    }
    return parts.joined(separator: ", ")
  }
}
