/// The steps of a tokenizer.json between a text and its tokens. Immutable.
final class Pipeline: Sendable {
  /// Found in raw text.
  let raw: AddedTokens
  /// Found in normalized text, their own texts normalized.
  let normalized: AddedTokens
  let normalizer: [NormalizationStep]
  let cuts: [CuttingStep]
  let model: Model
  /// For each time that a token's white space is taken out of its span: whether the text had a space
  /// put ahead, which is no part of it.
  let trims: [Bool]
  /// How raw text is cut into words whose tokens are kept; nil where it is not.
  let wordCut: WordCut?

  enum Model: Sendable {
    case merges(MergeVocabulary)
    case unigram(UnigramPieces)
    case wordPiece(BertTokenizer)
    case sentencePiece(SentencePieceTokenizer)
  }

  init(
    raw: [AddedToken], normalized: [AddedToken], normalizer: [NormalizationStep],
    cuts: [CuttingStep], model: Model, trims: [Bool]
  ) {
    self.raw = AddedTokens(raw)
    self.normalizer = normalizer
    self.cuts = cuts
    self.model = model
    self.trims = trims
    wordCut = WordCut(normalizer, cuts, model, hasNormalizedTokens: !normalized.isEmpty)
    self.normalized = AddedTokens(
      normalized.compactMap { token in
        var text = AlignedText(token.utf8)
        Self.normalize(&text, normalizer, model)
        var token = token
        token.utf8 = text.bytes
        return text.isEmpty ? nil : token
      })
  }

  func normalize(_ text: inout AlignedText) { Self.normalize(&text, normalizer, model) }

  private static func normalize(
    _ text: inout AlignedText, _ steps: [NormalizationStep], _ model: Model
  ) {
    if case .wordPiece(let tokenizer) = model {
      text = tokenizer.splitter.normalized(text)
    } else {
      for step in steps { step.apply(&text) }
    }
  }

  var byteCount: Int {
    let charsmaps = normalizer.reduce(0) { sum, step in
      if case .charsmap(let charsmap) = step { return sum + charsmap.byteCount }
      return sum
    }
    return charsmaps
      + {
        switch model {
        case .merges(let vocabulary): vocabulary.byteCount
        case .unigram(let pieces): pieces.byteCount
        case .wordPiece(let tokenizer): tokenizer.byteCount
        case .sentencePiece(let tokenizer): tokenizer.byteCount
        }
      }()
  }
}
