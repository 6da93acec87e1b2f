import ArgumentParser
import XlingAlignment
import XlingCore
import XlingTokenizers
import XlingTowers

/// How texts are read and pooled, where not as the tower's folder declares.
struct EmbedTextOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How hidden states become a vector: \(TextPooling.words) (default: as the folder declares, else as "
        + "the tower's family has it)."),
    transform: { text in
      guard let pooling = TextPooling(text) else {
        throw NumberFailure(text: text, expected: TextPooling.words)
      }
      return pooling
    })
  var pooling: TextPooling?

  @Option(help: "The prompt of the folder that stands in front of every text (default: its own).")
  var promptName: String?

  @Option(help: "The text that stands in front of every text; an empty one takes no prompt.")
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "Tokens of a text, start and end included; longer ones are cut (default: as the folder declares, "
        + "else 64)."), transform: NumberRange.whole(from: 2))
  var maximumTokens: Int?

  func validate() throws {
    if prompt != nil, promptName != nil {
      throw ValidationError("--prompt and --prompt-name exclude each other; give one of them")
    }
  }

  /// Names of the options that were given.
  var given: [String] {
    GivenOptions.names([
      ("--pooling", pooling != nil), ("--prompt-name", promptName != nil),
      ("--prompt", prompt != nil), ("--maximum-tokens", maximumTokens != nil),
    ])
  }

  /// Throws `TowerFailure`.
  func tower(of checkpoint: TowerCheckpoint) throws -> TextTower {
    try checkpoint.text(pooling: checkpoint.pooling(pooling))
  }

  /// How the texts are read, and in the tower how much of them a prompt is. `folder` is for messages. Throws
  /// `TowerFailure`, `AlignmentFailure`.
  func reading(
    of checkpoint: TowerCheckpoint, _ tower: TextTower, by tokenizer: any Tokenizer,
    at folder: String
  ) throws -> CaptionReading {
    try tower.configuration.check(tokenizer, at: folder)
    var reading = CaptionReading()
    let limit = tower.configuration.maximumTokens
    reading.maximumTokens = min(maximumTokens ?? 64, limit)
    if let declared = checkpoint.reading {
      try reading.take(
        declared, of: tower.configuration, prompt: prompt, promptName: promptName,
        length: length(declared, tower.configuration))
    }
    guard reading.maximumTokens >= max(1, tokenizer.special.frameCount) else {
      throw TowerFailure.configuration(
        path: folder,
        reason:
          "texts are cut to \(reading.maximumTokens) tokens, which is no room for start and end")
    }
    if !tower.pooling.includesPrompt { tower.promptTokens = reading.promptTokens(by: tokenizer) }
    return reading
  }

  /// nil where the folder's own length is to count.
  private func length(_ declared: DeclaredReading, _ tower: BERTConfiguration) -> Int? {
    if declared.isOfSentences || tower.ownLength != nil { return maximumTokens }
    return min(maximumTokens ?? declared.maximumLength ?? 64, tower.maximumTokens)
  }
}
