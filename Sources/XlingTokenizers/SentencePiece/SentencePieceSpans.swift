/// What the offsets of a ▁, and of an unknown character's bytes, are.
enum SentencePieceSpans {
  /// SentencePiece's own: a ▁ has the span of its space, the one ahead of the text an empty one; the
  /// last of a character's bytes has its span.
  case sentencepiece
  /// Hugging Face's, where the ▁ ahead of the text is put in after normalization: that one shares
  /// the span of the character behind it, and so do all bytes of a character.
  case huggingFace
  /// Hugging Face's, where text is split at spaces before: every ▁ does.
  case words
}
