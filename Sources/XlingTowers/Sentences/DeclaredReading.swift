import Foundation
import XlingCore

/// How a folder says that its texts are read: cut to how many tokens, lower-cased, with which prompts in front.
public struct DeclaredReading: Sendable, Equatable {
  /// Start and end counted; nil where nobody says it.
  public private(set) var maximumLength: Int?
  /// Whether ``maximumLength`` is that of a folder of sentence-transformers.
  public private(set) var isOfSentences = false
  /// Texts are lower-cased, letter by letter, before the tokenizer sees them.
  public private(set) var lowercases = false
  /// By their names.
  public private(set) var prompts: [String: String] = [:]
  public private(set) var defaultPrompt: String?
  public private(set) var declarations: [Declaration] = []
  private let promptFile: String

  /// `folder` is the whole, `tower` that in which the tower and its tokenizer lie, "" for the same. Throws
  /// ``TowerFailure/configuration(path:reason:)``, ``FileFailure``.
  init(_ folder: String, tower: String) throws {
    promptFile = folder + "/config_sentence_transformers.json"
    let isModular = FileManager.default.fileExists(
      atPath: folder + "/" + SentenceModules.fileName)
    let prefix = tower.isEmpty ? "" : tower + "/"
    if isModular {
      isOfSentences = true
      try readSentenceFile(folder, prefix)
      try readPrompts()
    }
    try readTokenizerFile(folder, prefix)
  }

  /// In the order in which sentence-transformers looks for them.
  private static let sentenceFiles =
    ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map {
      "sentence_\($0)_config.json"
    }

  private mutating func readSentenceFile(_ folder: String, _ prefix: String) throws {
    let found = Self.sentenceFiles.map { prefix + $0 }.first {
      FileManager.default.fileExists(atPath: folder + "/" + $0)
    }
    guard let found else { return }
    let fields = try ConfigurationFields(folder + "/" + found)
    func note(_ key: String, _ use: String) {
      declarations.append(Declaration(file: found, key: key, value: fields.shown(key), use: use))
    }
    for key in fields.keys where fields.has(key) {
      switch key {
      case "max_seq_length":
        let length = try fields.size(key)
        maximumLength = length
        note(key, "texts are cut to \(length) tokens, start and end counted")
      case "do_lower_case":
        lowercases = try fields.flag(key, default: false)
        note(key, lowercases ? "texts are lower-cased first" : "texts are left as they are")
      case "transformer_task":
        guard try fields.text(key) == "feature-extraction" else {
          throw fields.refuse("\(key) is \(fields.shown(key)), expected \"feature-extraction\"")
        }
        note(key, "computed: hidden states")
      case "module_output_name":
        guard try fields.text(key) == "token_embeddings" else {
          throw fields.refuse("\(key) is \(fields.shown(key)), expected \"token_embeddings\"")
        }
        note(key, "computed: the last hidden state of each token")
      case "modality_config", "__version__": note(key, "not needed: texts alone are read")
      case "unpad_inputs": note(key, "not needed: nothing is padded here")
      case "model_args", "model_kwargs", "config_args", "config_kwargs":
        note(key, "not needed: config.json and the weights say it")
      case "tokenizer_args", "processor_kwargs", "tokenizer_name_or_path":
        guard fields.shown(key) == "{}" else {
          throw fields.refuse(
            "\(key) is \(fields.shown(key)): it may change how texts are cut. Write it to "
              + "tokenizer_config.json and remove it here")
        }
      default:
        throw fields.refuse(
          "the key \"\(key)\" is not known here; nothing that may change a vector is passed over")
      }
    }
  }

  private mutating func readPrompts() throws {
    // As sentence-transformers has them, whatever the file says.
    prompts = ["query": "", "document": ""]
    guard FileManager.default.fileExists(atPath: promptFile) else { return }
    let fields = try ConfigurationFields(promptFile)
    let file = PathParts.name(of: promptFile)
    func note(_ key: String, _ value: String, _ use: String) {
      declarations.append(Declaration(file: file, key: key, value: value, use: use))
    }
    if let type = try fields.text("model_type"), type != "SentenceTransformer" {
      throw fields.refuse("model_type is \"\(type)\", expected \"SentenceTransformer\"")
    }
    if fields.has("truncate_dim") {
      throw fields.refuse(
        "truncate_dim is \(fields.shown("truncate_dim")); whole vectors are computed here. Remove the key"
      )
    }
    prompts.merge(try fields.textsByKey("prompts")) { _, said in said }
    defaultPrompt = try fields.text("default_prompt_name")
    for (name, text) in try fields.textsByKey("prompts").sorted(by: { $0.key < $1.key }) {
      note(
        "prompts.\(name)", "\"\(text)\"",
        name == defaultPrompt ? "in front of every text" : "for --prompt-name \(name)")
    }
    if let name = defaultPrompt {
      guard let text = prompts[name] else {
        throw fields.refuse(
          "default_prompt_name is \"\(name)\", which is none of its prompts: \(promptNames)")
      }
      note(
        "default_prompt_name", "\"\(name)\"",
        text.isEmpty ? "no text in front" : "\"\(text)\" in front of every text")
    }
    if fields.has("similarity_fn_name") {
      note(
        "similarity_fn_name", fields.shown("similarity_fn_name"),
        "not needed: vectors are written as they are, rankings go by cosine")
    }
    for key in fields.keys
    where !["prompts", "default_prompt_name", "similarity_fn_name", "truncate_dim"].contains(key) {
      if fields.has(key) { note(key, fields.shown(key), "not needed: it changes no vector") }
    }
  }

  private mutating func readTokenizerFile(_ folder: String, _ prefix: String) throws {
    let file = prefix + "tokenizer_config.json"
    guard FileManager.default.fileExists(atPath: folder + "/" + file) else { return }
    let fields = try ConfigurationFields(folder + "/" + file)
    let key = "model_max_length"
    guard fields.has(key) else { return }
    let length = try fields.float(key)
    let use: String
    if let maximumLength {
      use = "not needed: max_seq_length \(maximumLength) goes before it"
    } else if length >= 1, length < 1e9 {
      maximumLength = Int(length)
      use = "texts are cut to \(Int(length)) tokens, start and end counted"
    } else {
      use = "no limit"
    }
    declarations.append(Declaration(file: file, key: key, value: fields.shown(key), use: use))
  }

  private var promptNames: String {
    prompts.isEmpty ? "it has none" : prompts.keys.sorted().joined(separator: ", ")
  }

  /// The text in front of every text: that of a name, else the folder's default; nil for none. Throws
  /// ``TowerFailure/prompt(name:path:names:)`` for a name that the folder does not have.
  public func prompt(named name: String?) throws(TowerFailure) -> String? {
    guard let name = name ?? defaultPrompt else { return nil }
    guard let text = prompts[name] else {
      throw .prompt(name: name, path: promptFile, names: prompts.keys.sorted())
    }
    return text.isEmpty ? nil : text
  }
}
