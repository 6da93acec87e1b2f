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

  /// The text of definition.toml.
  func toml(_ vocabulary: WordPieceVocabulary) -> String {
    func quoted(_ text: String) -> String { JSONValue.quoted(text) }
    var lines = [
      "# Written by `xling tokenizer train`; train again instead of editing.",
      "name = \(quoted(name))",
      "model = \"wordpiece\"",
      "data = \(quoted(data))",
      "licence = \(quoted(licence))",
      "command = \(quoted(command))",
      "vocabulary_size = \(vocabulary.pieces.count)",
      "content_hash = \"\(vocabulary.contentHash)\"",
      "normalization = \"\(vocabulary.configuration.normalization.rawValue)\"",
      "lowercase = \(vocabulary.configuration.lowercase)",
    ]
    if let training = vocabulary.training {
      lines += [
        "", "[training]", "lines = \(training.lines)", "words = \(training.words)",
        "distinct_words = \(training.distinctWords)",
        "words_with_dropped_characters = \(training.wordsWithDroppedCharacters)",
        "characters = \(training.characters)", "alphabet = \(training.alphabet)",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
