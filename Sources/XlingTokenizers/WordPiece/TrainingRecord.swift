/// What a vocabulary was learnt from, for its folder's definition.toml.
public struct TrainingRecord: Sendable, Equatable {
  public let lines: Int
  public let words: Int64
  public let distinctWords: Int
  /// Occurrences of words that hold a character left out, or are too long: unknown when encoded.
  public let wordsWithDroppedCharacters: Int64
  /// Different characters seen.
  public let characters: Int
  /// Single-character pieces kept.
  public let alphabet: Int
}

/// Where a shipped tokenizer comes from.
public struct TokenizerDefinition: Sendable, Equatable {
  public var name: String
  /// The data, with versions, so that it can be had again.
  public var data: String
  public var licence: String
  /// The exact command.
  public var command: String

  public init(name: String, data: String, licence: String, command: String) {
    self.name = name
    self.data = data
    self.licence = licence
    self.command = command
  }

  /// The text of definition.toml; `facts` and `training` are lines of it.
  func toml(model: String, facts: [String], training: [String]) -> String {
    func quoted(_ text: String) -> String { JSONNode.quoted(text) }
    var lines = [
      "# Written by `xling tokenizer train`; train again instead of editing.",
      "name = \(quoted(name))",
      "model = \(quoted(model))",
      "data = \(quoted(data))",
      "licence = \(quoted(licence))",
      "command = \(quoted(command))",
    ]
    lines += facts
    if !training.isEmpty { lines += ["", "[training]"] + training }
    return lines.joined(separator: "\n") + "\n"
  }

  func toml(_ vocabulary: WordPieceVocabulary) -> String {
    let training = vocabulary.training
    return toml(
      model: "wordpiece",
      facts: [
        "vocabulary_size = \(vocabulary.pieces.count)",
        "content_hash = \"\(vocabulary.contentHash)\"",
        "normalization = \"\(vocabulary.configuration.normalization.rawValue)\"",
        "lowercase = \(vocabulary.configuration.lowercase)",
      ],
      training: training.map {
        [
          "lines = \($0.lines)", "words = \($0.words)", "distinct_words = \($0.distinctWords)",
          "words_with_dropped_characters = \($0.wordsWithDroppedCharacters)",
          "characters = \($0.characters)", "alphabet = \($0.alphabet)",
        ]
      } ?? [])
  }
}
