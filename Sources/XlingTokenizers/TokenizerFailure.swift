import XlingCore

/// Errors of reading, training and writing tokenizers.
public enum TokenizerFailure: Failure, Equatable {
  case badVocabulary(file: String, line: Int, expected: String, found: String)
  case missingSpecialToken(file: String, token: String)
  case badConfiguration(file: String, key: String, expected: String, found: String)
  /// `offset` is where in the file, in bytes.
  case badModel(file: String, offset: Int, expected: String, found: String)
  case vocabularyTooSmall(requested: Int, needed: Int)
  case nothingToTrainOn
  case unicode(reason: String)
  /// Nothing at the path is a tokenizer.
  case noTokenizer(path: String, found: String)
  /// A vocabulary alone does not tell whether it is lower-cased.
  case lowercaseUnknown(file: String)
  case uselessOption(option: String, path: String, kind: String)
  /// A line of input.
  case badRecord(source: String, line: Int, expected: String, found: String)
  /// A part of a tokenizer.json that would have to be approximated.
  case unsupported(file: String, part: String, found: String, supported: String)
  /// Two files of one folder do not belong together.
  case contradiction(first: String, second: String, found: String)
  /// A class of tokenizers without a reader here.
  case unknownFamily(path: String, name: String, found: String)
  /// New pieces that are none, or another tokenizer's.
  case badExtension(file: String, expected: String, found: String)
  /// A tokenizer behind whose pieces none can be put.
  case notExtensible(path: String, found: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .badVocabulary, .missingSpecialToken, .badConfiguration, .badModel, .nothingToTrainOn,
      .noTokenizer, .unsupported, .badRecord, .contradiction, .unknownFamily, .badExtension,
      .notExtensible:
      .badData
    case .vocabularyTooSmall, .lowercaseUnknown, .uselessOption: .usage
    case .unicode: .internal
    }
  }

  public var description: String {
    switch self {
    case .badVocabulary(let file, let line, let expected, let found):
      "\(file):\(line): expected \(expected), found \(found). Copy the vocabulary again from its "
        + "source; a piece's line number is its id, so no line can be skipped."
    case .missingSpecialToken(let file, let token):
      "\(file) has no line \"\(token)\". A BERT vocabulary holds it, and tokenizer_config.json may "
        + "name another: check that both files belong together."
    case .badConfiguration(let file, let key, let expected, let found):
      "\(file): \(key): expected \(expected), found \(found). Mend or remove that key."
    case .badModel(let file, let offset, let expected, let found):
      "\(file), byte \(offset): expected \(expected), found \(found). Copy the model again from its "
        + "source and compare its SHA-256."
    case .vocabularyTooSmall(let requested, let needed):
      "a vocabulary of \(requested) pieces is too small: special tokens and characters alone need "
        + "\(needed). Ask for more pieces or lower the alphabet limit."
    case .nothingToTrainOn:
      "the training text holds no word whose characters were all kept. Give more text or lower the "
        + "minimum character count."
    case .unicode(let reason): reason
    case .badRecord(let source, let line, let expected, let found):
      "\(source):\(line): expected \(expected), found \(found). With --jsonl every line is "
        + "{\"text\": \"…\"}."
    case .noTokenizer(let path, let found):
      "\(path) holds no tokenizer: expected tokenizer.json, vocab.txt, a .model, or vocab.json with "
        + "merges.txt, found \(found)."
    case .lowercaseUnknown(let file):
      "\(file) does not tell whether its text is lower-cased, and no tokenizer_config.json lies "
        + "beside it: say --lowercase or --no-lowercase."
    case .uselessOption(let option, let path, let kind):
      "\(option) means nothing to \(path), \(kind). Leave that option out."
    case .contradiction(let first, let second, let found):
      "\(first) and \(second) contradict each other: \(found). One of them belongs to another model: "
        + "fetch both from one source, or remove the one that the tower was not trained with."
    case .unknownFamily(let path, let name, let found):
      "\(path) declares the tokenizer \(name), and has \(found): expected a tokenizer.json beside it, "
        + "or the files of BERT, XLM-R, CamemBERT, T5, Llama, GPT-2, RoBERTa, CLIP or SigLIP. Fetch its "
        + "tokenizer.json, or convert it with transformers."
    case .badExtension(let file, let expected, let found):
      "\(file): expected \(expected), found \(found). Make it anew for this tokenizer: xling tokenizer "
        + "repair TOKENIZER --text FILE --output \(file)"
    case .notExtensible(let path, let found):
      "\(path) has \(found): new pieces can be put behind those of a vocab.txt (WordPiece), or of a "
        + "Unigram .model whose ids are its own numbers, without byte fallback."
    case .unsupported(let file, let part, let found, let supported):
      "\(file): \(part): \(found) is not supported, and nothing is approximated; supported: "
        + "\(supported)."
    }
  }
}
