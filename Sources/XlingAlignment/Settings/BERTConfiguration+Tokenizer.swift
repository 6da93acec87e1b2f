import XlingTokenizers
import XlingTowers

extension BERTConfiguration {
  /// Every id that a tokenizer may give is a row of the tower's, whatever the text. `folder` is for the
  /// message. Throws ``AlignmentFailure/configuration(reason:)``.
  public func check(_ tokenizer: any Tokenizer, at folder: String) throws(AlignmentFailure) {
    guard tokenizer.vocabularySize <= vocabularySize else {
      throw .configuration(
        reason: "\(folder): its tokenizer has \(tokenizer.vocabularySize) pieces, its "
          + "config.json vocab_size \(vocabularySize). Put the tower's own tokenizer there.")
    }
  }
}
