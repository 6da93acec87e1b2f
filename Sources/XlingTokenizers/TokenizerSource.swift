import Foundation
import XlingCore

/// What a path cannot tell about the tokenizer that lies there.
public struct TokenizerOptions: Sendable, Equatable {
  /// WordPiece: whether text is lower-cased; nil as the configuration file says.
  public var lowercase: Bool?
  /// WordPiece: whose Unicode data decides.
  public var unicode = UnicodeData.reference
  /// SentencePiece: whose ids; nil as `tokenizer_config.json` says, else as the `model_type` of the
  /// tower in the folder asks for, else the model's own.
  public var scheme: SentencePieceScheme?

  public init() {}
}

/// Finds out what kind of tokenizer lies at a path, and reads it.
public enum TokenizerSource {
  /// `path` is a folder as Hugging Face lays it out, or one `vocab.txt`, `.model` or
  /// `tokenizer.json` file. In a folder `vocab.txt` goes before a `.model`, and that before
  /// `tokenizer.json`. Throws ``FileFailure`` or ``TokenizerFailure``.
  public static func load(
    _ path: String, options: TokenizerOptions = TokenizerOptions()
  ) throws -> any Tokenizer {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileFailure.missing(path: path, hint: hint)
    }
    if isFolder.boolValue { return try load(folder: path, options) }
    switch PathParts.fileExtension(of: path) {
    case "txt": return try wordPiece(path, configurationFile: nil, options)
    case "model": return try sentencePiece(path, configurationFile: nil, options)
    case "json": return try json(path, options)
    default:
      throw TokenizerFailure.noTokenizer(path: path, found: "a file of another name")
    }
  }

  /// The names of what a folder's tokenizer is read from, sorted. Throws ``FileFailure``.
  public static func files(in folder: String) throws -> [String] {
    try FolderNames.read(folder).filter {
      ["vocab.txt", "tokenizer_config.json", "tokenizer.json"].contains($0)
        || $0.hasSuffix(".model")
    }
  }

  private static let hint =
    "A tokenizer is a folder as Hugging Face lays it out, or a vocab.txt, .model or tokenizer.json."

  private static func load(
    folder: String, _ options: TokenizerOptions
  ) throws -> any Tokenizer {
    let names = try FolderNames.read(folder)
    let configurationFile =
      names.contains("tokenizer_config.json") ? folder + "/tokenizer_config.json" : nil
    let hasJSON = names.contains("tokenizer.json")
    let mayBeBare = options.lowercase != nil || !hasJSON
    if names.contains("vocab.txt"), configurationFile != nil || mayBeBare {
      return try wordPiece(folder + "/vocab.txt", configurationFile: configurationFile, options)
    }
    let models = names.filter { $0.hasSuffix(".model") }
    if models.count > 1 {
      throw TokenizerFailure.noTokenizer(
        path: folder, found: "several models: " + models.joined(separator: ", "))
    }
    if let model = models.first {
      var options = options
      if options.scheme == nil, configurationFile == nil, names.contains("config.json") {
        options.scheme = try scheme(ofTower: folder + "/config.json")
      }
      return try sentencePiece(
        folder + "/" + model, configurationFile: configurationFile, options)
    }
    if hasJSON { return try json(folder + "/tokenizer.json", options) }
    throw TokenizerFailure.noTokenizer(
      path: folder, found: names.isEmpty ? "nothing" : names.prefix(8).joined(separator: ", "))
  }

  /// A tower's embeddings are numbered as its family numbers them; nil for families without a rule.
  private static func scheme(ofTower file: String) throws -> SentencePieceScheme? {
    switch try JSONReader.document(file)["model_type"]?.text {
    case "xlm-roberta": .xlmRoberta
    case "t5", "mt5": .t5
    default: nil
    }
  }

  private static func wordPiece(
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

  private static func sentencePiece(
    _ file: String, configurationFile: String?, _ options: TokenizerOptions
  ) throws -> any Tokenizer {
    try refuseWordPieceOptions(options, file, "a SentencePiece model")
    let stated = try configurationFile.map { try StatedByHuggingFace(file: $0) }
    return try SentencePieceTokenizer(
      model: file, scheme: options.scheme ?? stated?.scheme ?? .sentencepiece,
      maximumLength: stated?.maximumLength)
  }

  private static func json(
    _ file: String, _ options: TokenizerOptions
  ) throws -> any Tokenizer {
    if options.scheme != nil {
      throw TokenizerFailure.uselessOption(
        option: "a SentencePiece scheme", path: file, kind: "a tokenizer.json, which numbers pieces"
      )
    }
    return try TokenizerJSON(file: file).tokenizer(options)
  }

  static func refuseWordPieceOptions(
    _ options: TokenizerOptions, _ path: String, _ kind: String
  ) throws(TokenizerFailure) {
    if options.lowercase != nil {
      throw .uselessOption(option: "lower-casing", path: path, kind: kind)
    }
    if options.unicode != .reference {
      throw .uselessOption(option: "Unicode data of ICU", path: path, kind: kind)
    }
  }
}

/// What `tokenizer_config.json` beside a SentencePiece model says of ids and lengths; its other
/// keys change neither.
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
