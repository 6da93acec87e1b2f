import XlingTokenizers
import XlingTowers

extension TextTower {
  /// Words of an extended vocabulary among them. Throws `TowerFailure.configuration`.
  public func check(_ tokenizer: any Tokenizer, at folder: String) throws(TowerFailure) {
    guard addedWords == nil else {
      // Both were made from one list of pieces.
      precondition(tokenizer.vocabularySize == wordCount, "a row for each piece")
      return
    }
    try configuration.check(tokenizer, at: folder)
  }
}

extension BERTConfiguration {
  /// Every id that a tokenizer may give is a row of the tower's, whatever the text. `folder` is for the
  /// message. Throws `TowerFailure.configuration`.
  public func check(_ tokenizer: any Tokenizer, at folder: String) throws(TowerFailure) {
    guard tokenizer.vocabularySize <= vocabularySize else {
      throw .configuration(
        path: folder,
        reason: "its tokenizer has \(tokenizer.vocabularySize) pieces, its config.json vocab_size "
          + "\(vocabularySize). Put the tower's own tokenizer there")
    }
  }
}
