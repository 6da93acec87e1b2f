import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

/// `xling pretrain text`: masked-language modelling and translation ranking on CLDR.
public struct TextPretraining {
  public let options: PretrainingOptions
  let tower: TextTower
  let tokenizerFolder: String
  private let objective: TextObjective
  private let loop: PretrainingLoop

  public static let defaultOptions = PretrainingOptions(
    steps: 7_400, decaySteps: 1_800, warmupSteps: 500, rate: 1e-3)

  static let maximumLength = 32

  static func defaultConfiguration(vocabularySize: Int) -> BERTConfiguration {
    BERTConfiguration(
      vocabularySize: vocabularySize, hiddenSize: 192, layers: 4, heads: 3,
      intermediateSize: 768, maximumPositions: 64)
  }

  /// Loads CLDR and the tokenizer and, if `folder` holds a checkpoint, continues it. A new run
  /// starts from the tower in `initial` or, without one, from random weights; the masked-language
  /// head, which no tower folder holds, is random in both cases.
  public init(
    options: PretrainingOptions, folder: String, tokenizer path: String, initial: String? = nil
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
    let stream = try TextStream(
      seed: options.seed, tokenizer: tokenizer, corpus: try TranslationCorpus.load(),
      maximumLength: Self.maximumLength)
    objective = TextObjective(
      tower: tower, stream: stream, plan: .init(), options: options,
      initial: try initial.map { Digest.of(try AtomicFile.read($0 + "/model.safetensors")) })
    loop = PretrainingLoop(options: options, objective: objective, folder: folder)
    try loop.resume()
  }

  public func run() throws { try loop.run() }

  public var seconds: Double { loop.seconds }

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
