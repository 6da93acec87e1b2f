import XlingCore

/// A text tower that a study makes before it aligns it: a tokenizer, and a small BERT that is pretrained on it, as
/// `xling tokenizer train` and `xling pretrain text` make them.
public struct StudyTower: Codable, Sendable, Equatable {
  public enum Tokenizer: Codable, Sendable, Equatable {
    /// Trained on CLDR's texts: `wordpiece`, `unigram` or `bpe`, and pieces in all.
    case trained(kind: String, size: Int)
    /// One that ships, by its name, or a folder.
    case made(String)

    var words: String {
      switch self {
      case .trained(let kind, let size): "\(kind) \(size)"
      case .made(let place): place
      }
    }
  }

  /// What it learns from.
  public enum Objective: String, Codable, Sendable, CaseIterable {
    /// Nothing: random weights.
    case none
    /// Masked-language modelling.
    case masked
    /// And translation ranking.
    case both
  }

  /// Value of the axis `text_tower`.
  public let name: String
  public let tokenizer: Tokenizer
  public let objective: Objective
  /// Optimizer steps, 0 for none.
  public var steps: Int
  public let seed: UInt64

  public static let kinds = ["wordpiece", "unigram", "bpe"]

  /// Whatever decides it, in a line.
  var words: String { "\(tokenizer.words), \(objective.rawValue), \(steps) steps, seed \(seed)" }
}

extension StudyFile {
  /// [[tower]]. Throws ``StudyFailure``.
  static func towers(_ file: StudyTable, used: [String]) throws -> [StudyTower] {
    guard let value = file.values["tower"] else { return [] }
    guard let list = value.list else {
      throw file.mistake("tower", "tables: [[tower]]", StudyTable.shown(value))
    }
    var towers: [StudyTower] = []
    for item in list {
      guard let table = item.table else {
        throw file.mistake("tower", "a table", StudyTable.shown(item))
      }
      let tower = try tower(
        StudyTable(
          table, named: "tower", in: file.source, known: ["name", "tokenizer", "pretrain"]))
      guard !towers.contains(where: { $0.name == tower.name }) else {
        throw file.mistake("tower.name", "each name once", "\(tower.name) twice")
      }
      guard used.contains(tower.name) else {
        throw file.mistake(
          "tower.name", "a value of text_tower (\(used.joined(separator: ", ")))",
          "\"\(tower.name)\", which no cell has")
      }
      towers.append(tower)
    }
    return towers
  }

  private static func tower(_ table: StudyTable) throws -> StudyTower {
    let name = try table.required("name")
    guard name.utf8.allSatisfy(isNameByte) else {
      throw table.mistake("name", "small letters, digits and -", "\"\(name)\"")
    }
    let pretrain = try table.table("pretrain", known: ["objective", "steps", "seed"])
    let given = try pretrain?.text("objective") ?? StudyTower.Objective.both.rawValue
    guard let objective = StudyTower.Objective(rawValue: given) else {
      let known = StudyTower.Objective.allCases.map(\.rawValue).joined(separator: ", ")
      throw (pretrain ?? table).mistake("objective", "one of \(known)", "\"\(given)\"")
    }
    let steps = try pretrain?.whole("steps", 1...NumberRange.count)
    if (steps == nil) != (objective == .none) {
      throw (pretrain ?? table).mistake(
        "steps", objective == .none ? "no steps of objective none" : "steps",
        steps.map { "\($0)" } ?? "no such key")
    }
    return StudyTower(
      name: name, tokenizer: try tokenizer(table), objective: objective, steps: steps ?? 0,
      seed: UInt64(try pretrain?.whole("seed", 0...NumberRange.count) ?? 1))
  }

  private static func tokenizer(_ table: StudyTable) throws -> StudyTower.Tokenizer {
    guard let value = table.values["tokenizer"], value.table != nil else {
      return .made(try table.required("tokenizer"))
    }
    guard let trained = try table.table("tokenizer", known: ["kind", "size"]) else {
      return .made(try table.required("tokenizer"))
    }
    let kind = try trained.required("kind")
    guard StudyTower.kinds.contains(kind) else {
      throw trained.mistake(
        "kind", "one of \(StudyTower.kinds.joined(separator: ", "))", "\"\(kind)\"")
    }
    guard let size = try trained.whole("size", 100...10_000_000) else {
      throw trained.mistake("size", "a number of pieces", "no such key")
    }
    return .trained(kind: kind, size: size)
  }
}
