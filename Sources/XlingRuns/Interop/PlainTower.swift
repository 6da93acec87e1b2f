import XlingAdapters
import XlingAlignment
import XlingTensor
import XlingTowers

/// A trained tower as one of its family, which other programs can build: deep adapters are layers of
/// it, low-rank updates part of its weights.
enum PlainTower {
  /// `modelType` is the family whose names the tower gets, where not its own: DistilBERT is a BERT
  /// without token types, CamemBERT a RoBERTa. Throws ``RunFailure/configuration(reason:)`` for
  /// modules that no weights of the family say.
  static func text(
    _ model: DualEncoder, as modelType: String? = nil, for program: String
  ) throws(RunFailure) -> TextTower {
    try check(model.recipe.text, model.text.configuration.modelType, program)
    var configuration = model.text.configuration
    configuration.layers = model.text.encoder.layers.count
    // As many rows as the tower has, or more where the new words end behind them.
    configuration.vocabularySize = max(configuration.vocabularySize, model.text.wordCount)
    if let modelType, modelType != configuration.modelType {
      configuration.modelType = modelType
      // Of zeros.
      configuration.tokenTypes = max(1, configuration.tokenTypes)
    }
    let plain = TextTower(configuration)
    plain.pooling = model.text.pooling
    plain.head = model.text.head
    let words = model.text.wordEmbeddings
    copy(
      model.text.outerParameters.filter { $0 !== words },
      into: plain.outerParameters.filter { $0 !== plain.wordEmbeddings })
    plain.wordEmbeddings.value.update(from: words.value, count: words.count)
    if let added = model.text.addedWords {
      (plain.wordEmbeddings.value + added.first * plain.width).update(
        from: added.rows.value, count: added.rows.count)
    }
    if !model.text.addsTokenTypes {
      let types = plain.tokenTypeEmbeddings
      types.value.update(repeating: 0, count: types.count)
    }
    copy(model.text.encoder, into: plain.encoder)
    return plain
  }

  /// Throws as ``text(_:as:for:)``.
  static func image(
    _ model: DualEncoder, for program: String
  ) throws(RunFailure) -> ImageTower {
    try check(model.recipe.image, "ViT", program)
    var configuration = model.image.configuration
    configuration.layers = model.image.encoder.layers.count
    let plain = ImageTower(configuration)
    plain.pooling = model.image.pooling
    copy(model.image.outerParameters, into: plain.outerParameters)
    copy(model.image.unusedParameters, into: plain.unusedParameters)
    copy(model.image.encoder, into: plain.encoder)
    return plain
  }

  private static func check(
    _ side: Recipe.Side, _ family: String, _ program: String
  ) throws(RunFailure) {
    let foreign = side.modules.filter { $0 != .deepAdapter && $0 != .lowRank }
    guard foreign.isEmpty else {
      let names = foreign.map(\.rawValue).joined(separator: ", ")
      throw .configuration(
        reason:
          "\(program) has no \(names) in a \(family): only towers without inserted modules, or with "
          + "da or lora, can be exported to it")
    }
  }

  private static func copy(_ trained: Encoder, into plain: Encoder) {
    for (trained, layer) in zip(trained.layers, plain.layers) {
      for (source, target) in zip(trained.parameters, layer.parameters) { copy(source, target) }
      let (from, to) = (trained.attention, layer.attention)
      for (dense, target) in [
        (from.query, to.query), (from.key, to.key), (from.value, to.value),
        (from.output, to.output),
      ] { dense.lowRank?.merge(into: target.weight) }
    }
  }

  /// By their names; what the tower lacks stays as it is.
  private static func copy(_ values: [Parameter], into parameters: [Parameter]) {
    let byName = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0) })
    for target in parameters {
      if let source = byName[target.name] { copy(source, target) }
    }
  }

  private static func copy(_ source: Parameter, _ target: Parameter) {
    precondition(source.shape == target.shape, "both towers have the same parts")
    target.value.update(from: source.value, count: source.count)
  }
}

extension CaptionReading {
  /// What a program can be told besides.
  enum Telling {
    case nothing
    /// Prompts and lower case.
    case prompts
  }

  /// Throws ``RunFailure/configuration(reason:)`` unless captions become tokens as a program's
  /// own tokenizer makes them.
  func checkIsPlain(for program: String, but told: Telling = .nothing) throws(RunFailure) {
    let isTold = told == .prompts || prompt == nil && lowercases != true
    guard preprocessing == .none, hasEndToken, paddedTo == nil, isTold else {
      throw .configuration(
        reason:
          "\(program) gives texts to the tokenizer as they are, this run reads captions as "
          + "\"\(description)\": its vectors would be others")
    }
  }
}

extension TextTower {
  /// Throws ``RunFailure/configuration(reason:)`` unless a text's vector is the first token's state, or T5's
  /// mean.
  func checkIsPlain(for program: String) throws(RunFailure) {
    guard pooling == configuration.pooling, head == nil else {
      throw .configuration(
        reason: "\(program) has no way to say what this run reads: pooling \(pooling.description)"
          + (head.map { ", behind it \($0.description)" } ?? ""))
    }
  }
}
