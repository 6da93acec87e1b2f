import Foundation
import XlingCore

/// Single files, and folders as version 0.1.0 chose their tokenizer: `vocab.txt` before a `.model`, and
/// that before `tokenizer.json`; ids by `tokenizer_class`, or by the tower's `model_type` where no
/// tokenizer_config.json lies there; no added tokens. Runs that were trained so stay what they were.
enum EarlierTokenizer {
  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  static func load(folder: String) throws -> any Tokenizer {
    let names = try FolderNames.read(folder)
    let options = TokenizerOptions()
    let configurationFile =
      names.contains("tokenizer_config.json") ? folder + "/tokenizer_config.json" : nil
    let hasJSON = names.contains("tokenizer.json")
    let tokenizer: any Tokenizer
    let file: String
    if names.contains("vocab.txt"), configurationFile != nil || !hasJSON {
      file = "vocab.txt"
      tokenizer = try wordPiece(
        folder + "/vocab.txt", configurationFile: configurationFile, options)
    } else if let model = names.first(where: { $0.hasSuffix(".model") }) {
      file = model
      var options = options
      if configurationFile == nil, names.contains("config.json") {
        options.scheme = try scheme(ofTower: folder + "/config.json")
      }
      tokenizer = try sentencePiece(
        folder + "/" + model, configurationFile: configurationFile, options)
    } else {
      file = "tokenizer.json"
      tokenizer = try json(folder + "/tokenizer.json", options)
    }
    return tokenizer.declaring([
      Declaration(
        file: file, key: "(whole file)", value: tokenizer.summary.model,
        use: "read as version 0.1.0 chose it, with which the run was trained")
    ])
  }

  private static func scheme(ofTower file: String) throws -> SentencePieceScheme? {
    switch try JSONReader.document(file)["model_type"]?.text {
    case "xlm-roberta": .xlmRoberta
    case "t5", "mt5": .t5
    default: nil
    }
  }

  static func wordPiece(
    _ file: String, configurationFile: String?, _ options: TokenizerOptions
  ) throws -> any Tokenizer {
    if options.scheme != nil {
      throw TokenizerFailure.uselessOption(
        option: "a SentencePiece scheme", path: file, kind: "a WordPiece vocabulary")
    }
    var configuration = BertConfiguration()
    if let configurationFile {
      configuration = try BertConfiguration(
        json: try AtomicFile.read(configurationFile), file: configurationFile)
    } else if options.lowercase == nil {
      throw TokenizerFailure.lowercaseUnknown(file: file)
    }
    if let lowercase = options.lowercase { configuration.lowercase = lowercase }
    configuration.unicode = options.unicode
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(file), configuration: configuration, file: file)
    return try BertTokenizer(vocabulary, file: file)
  }

  static func sentencePiece(
    _ file: String, configurationFile: String?, _ options: TokenizerOptions
  ) throws -> any Tokenizer {
    try options.refuseWordPiece(file, "a SentencePiece model")
    let stated = try configurationFile.map { try StatedByHuggingFace(file: $0) }
    return try SentencePieceTokenizer(
      model: file, scheme: options.scheme ?? stated?.scheme ?? .sentencepiece,
      maximumLength: stated?.maximumLength)
  }

  static func json(_ file: String, _ options: TokenizerOptions) throws -> any Tokenizer {
    if options.scheme != nil {
      throw TokenizerFailure.uselessOption(
        option: "a SentencePiece scheme", path: file, kind: "a tokenizer.json, which numbers pieces"
      )
    }
    return try TokenizerJSON(file: file).tokenizer(options)
  }
}

/// What `tokenizer_config.json` beside a SentencePiece model says of ids and lengths.
private struct StatedByHuggingFace {
  var scheme: SentencePieceScheme?
  var maximumLength: Int?

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(file: String) throws {
    let root = try JSONReader.document(file)
    switch root["tokenizer_class"]?.text {
    case "XLMRobertaTokenizer", "XLMRobertaTokenizerFast": scheme = .xlmRoberta
    case "T5Tokenizer", "T5TokenizerFast", "MT5Tokenizer", "MT5TokenizerFast": scheme = .t5
    default: scheme = nil
    }
    if let length = root["model_max_length"]?.integer, length < 1_000_000_000 {
      maximumLength = length
    }
  }
}
