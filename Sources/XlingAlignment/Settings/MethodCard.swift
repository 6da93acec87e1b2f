import Foundation
import XlingAdapters
import XlingCore

/// A method with what belongs to it: one TOML file under `methods/`, or one given by `--recipe`.
public struct MethodCard: Sendable, Equatable, Decodable {
  public let recipe: Recipe
  /// How the method is trained where nothing else is said: all of it by presets of published recipes, by
  /// the other cards little more than a rate.
  public let training: TrainingSettings
  /// Other names of the method.
  public let aliases: [String]
  /// Paper and place that the card follows.
  public let source: String

  public var name: String { recipe.name }

  public init(from decoder: any Decoder) throws {
    let known = ["name", "summary", "aliases", "source", "text", "image", "training"]
    let keys = try StrictKeys(decoder, named: "", known: known)
    recipe = Recipe(
      name: try keys.required("name"), summary: try keys.required("summary"),
      text: try keys.value("text", else: .locked), image: try keys.value("image", else: .locked))
    training = try keys.value("training", else: TrainingSettings())
    aliases = try keys.value("aliases", else: [])
    source = try keys.value("source", else: "")
  }

  /// A card without a file: a composition of the command line.
  public init(recipe: Recipe, training: TrainingSettings = TrainingSettings()) {
    self.recipe = recipe
    self.training = training
    aliases = []
    source = ""
  }

  /// Strictly: unknown keys and words are errors. Throws ``AdapterFailure/badCard(path:expected:found:)``
  /// or `FileFailure`.
  public static func read(_ path: String) throws -> MethodCard {
    let hint = "A recipe is a TOML file as in methods/."
    let bytes = try AtomicFile.read(path, hint: hint)
    let json: Data
    do {
      json = try TOMLDocument.json(bytes)
    } catch {
      throw AdapterFailure.badCard(path: path, expected: "TOML", found: "\(error)")
    }
    do {
      return try JSONDecoder().decode(MethodCard.self, from: json)
    } catch let mistake as StrictKeys.Mistake {
      throw AdapterFailure.badCard(
        path: path, expected: mistake.expected, found: mistake.found)
    } catch {
      throw AdapterFailure.badCard(path: path, expected: "a method's card", found: "\(error)")
    }
  }
}

/// The shipped cards.
public enum MethodCards {
  /// What a card stands for.
  public enum Kind: String, Sendable {
    /// A method, trained as the command line says: `methods/NAME.toml`.
    case method
    /// A method with the whole training of a publication: `methods/presets/NAME.toml`.
    case preset

    var folder: String { self == .method ? "methods" : "methods/presets" }
  }

  /// Every card of a kind, sorted by name. Throws ``AdapterFailure`` or `FileFailure`.
  public static func load(_ kind: Kind = .method) throws -> [MethodCard] {
    try load(folder: try Assets.path(kind.folder))
  }

  static func load(folder: String) throws -> [MethodCard] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw FileFailure.missing(path: folder, hint: "It holds one TOML card per method.")
    }
    return try names.filter { $0.hasSuffix(".toml") && !FolderNames.isLeftover($0) }.map { file in
      let path = folder + "/" + file
      let card = try MethodCard.read(path)
      guard file == card.name + ".toml" else {
        throw AdapterFailure.badCard(
          path: path, expected: "name = \"\(file.dropLast(5))\", as the file is named",
          found: "\"\(card.name)\"")
      }
      return card
    }.sorted { $0.name < $1.name }
  }

  /// By name or alias. Throws ``AdapterFailure/unknownMethod(kind:name:nearest:known:)`` and what
  /// ``load(_:)`` throws.
  public static func named(_ name: String, _ kind: Kind = .method) throws -> MethodCard {
    let cards = try load(kind)
    if let card = cards.first(where: { $0.name == name || $0.aliases.contains(name) }) {
      return card
    }
    let known = cards.map(\.name)
    throw AdapterFailure.unknownMethod(
      kind: kind.rawValue, name: name,
      nearest: Spelling.nearest(to: name.lowercased(), among: known), known: known)
  }
}

extension Recipe {
  /// The recipe of a shipped card. Throws what ``MethodCards/named(_:)`` throws.
  public static func named(_ name: String) throws -> Recipe { try MethodCards.named(name).recipe }
}
