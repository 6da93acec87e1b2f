import Foundation
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

/// `xling pretrain text`: masked-language modelling and translation ranking on CLDR and, where they are
/// given, on sentences.
public struct TextPretraining {
  /// What a tower learns from.
  public enum Objective: String, Codable, Sendable, CaseIterable {
    /// Masked-language modelling alone.
    case masked
    /// Translation ranking beside it.
    case both
  }

  public let options: PretrainingOptions
  let tower: TextTower
  let tokenizerFolder: String
  private let objective: TextObjective
  private let loop: PretrainingLoop

  public static let defaultOptions = PretrainingOptions(
    steps: 7_400, decaySteps: 1_800, warmupSteps: 500, rate: 1e-3)

  /// Pieces of a name or a list, and of a sentence.
  static let maximumLength = 32
  static let maximumSentenceLength = 48

  static func defaultConfiguration(vocabularySize: Int) -> BERTConfiguration {
    BERTConfiguration(
      vocabularySize: vocabularySize, hiddenSize: 192, layers: 4, heads: 3,
      intermediateSize: 768, maximumPositions: 64)
  }

  /// Loads CLDR, the sentences in the folder `sentences` (``SentenceCorpus``), and the tokenizer and, if
  /// `folder` holds a checkpoint, continues it. A new run starts from the tower in `initial` or, without
  /// one, from random weights; the masked-language head, which no tower folder holds, is random in both
  /// cases. Throws ``PretrainingFailure`` and what reading data, tokenizers and towers throws.
  public init(
    options: PretrainingOptions, folder: String, tokenizer path: String,
    sentences: String? = nil, initial: String? = nil, objective kind: Objective = .both
  ) throws {
    self.options = options
    tokenizerFolder = path
    let tokenizer = try TokenizerSource.load(path)
    if let initial {
      tower = try TextTower.load(initial)
      let words = tower.configuration.vocabularySize
      guard words == tokenizer.vocabularySize else {
        throw PretrainingFailure.otherVocabulary(
          tower: initial, words: words, tokenizer: path, pieces: tokenizer.vocabularySize)
      }
    } else {
      tower = TextTower(Self.defaultConfiguration(vocabularySize: tokenizer.vocabularySize))
      tower.initialize(seed: options.seed)
    }
    let corpus = try sentences.map(SentenceCorpus.load)
    let longest = corpus == nil ? Self.maximumLength : Self.maximumSentenceLength
    let stream = try TextStream(
      seed: options.seed, tokenizer: tokenizer, corpus: try TranslationCorpus.load(),
      sentences: corpus,
      maximumLength: min(longest, tower.configuration.maximumPositions))
    let plan = corpus == nil ? TextObjective.Plan() : .sentences
    objective = TextObjective(
      tower: tower, stream: stream, plan: kind == .both ? plan : plan.maskedAlone(),
      options: options,
      initial: try initial.map { Digest.of(try AtomicFile.read($0 + "/model.safetensors")) })
    loop = PretrainingLoop(options: options, objective: objective, folder: folder)
    try loop.resume()
  }

  public func run() throws { try loop.run() }

  public var seconds: Double { loop.seconds }

  /// What the tower was trained on, in words.
  public var data: String {
    let names = "Unicode CLDR names, keywords and display names of all covered languages"
    guard let sentences = objective.stream.sentences else { return names }
    let count = sentences.sentences.values.reduce(0) { $0 + $1.count }
    return names + "; \(count) sentences and \(sentences.translations.count) translated ones in "
      + sentences.languages.joined(separator: ", ")
  }

  /// How often texts are drawn in each language: what CLDR has in it times its weight, and its sentences.
  public var pretraining: PretrainingData {
    PretrainingData(
      amounts: objective.stream.amounts, unit: "texts times the weight they are drawn with")
  }

  public var licence: String {
    "trained on CLDR (Unicode License)"
      + (objective.stream.sentences == nil ? "" : " and on texts under terms of their own")
  }

  public func quality() throws -> TranslationQuality {
    try TranslationQuality.measure(tower: tower, head: objective.head, stream: objective.stream)
  }

  /// The tower as a Hugging Face folder with its tokenizer, weights in bf16. From then on the tower
  /// in memory is the rounded one, so that its quality is that of what ships.
  public func save(to output: String) throws {
    try tower.save(to: output, storage: .bfloat16)
    tower.parameters.copyValues(from: try TextTower.load(output).parameters)
    for name in try TokenizerSource.files(in: tokenizerFolder) {
      try AtomicFile.write(
        try AtomicFile.read(tokenizerFolder + "/" + name), to: output + "/" + name)
    }
  }
}
