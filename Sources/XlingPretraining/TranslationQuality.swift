import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTowers

/// How well the text tower finds translations, and fills in masked pieces, language by language.
public struct TranslationQuality: Codable, Sendable, Equatable {
  public struct Language: Codable, Sendable, Equatable {
    /// English name to this language's name, share found first, over pairs never seen as pairs.
    public var unseenRecallAt1: Double?
    public var unseenQueries: Int
    /// The same over pairs that training could see.
    public var seenRecallAt1: Double?
    public var seenQueries: Int
    public var maskedAccuracy: Double?
    public var maskedTokens: Int
  }

  /// Names in each gallery, at most.
  public var gallery: Int
  /// Mean of ``Language/unseenRecallAt1`` over ru, pl, tr, zh, ko, it, es.
  public var unseenMean: Double
  public var languages: [String: Language]

  public static let target = ["ru", "pl", "tr", "zh", "ko", "it", "es"]

  static func measure(
    tower: TextTower, head: MaskedLanguageHead, stream: TextStream, gallery: Int = 500
  ) -> TranslationQuality {
    let names = stream.corpus.items.filter { $0.kind == .name && $0.texts["en"] != nil }
    let unseen = choose(names.filter { $0.pairTexts.isEmpty }, gallery)
    let seen = choose(names.filter { $0.pairTexts.count > 1 }, gallery)
    var languages: [String: Language] = [:]
    for language in stream.corpus.languages {
      let first = recall(unseen, language, tower, stream)
      let second = recall(seen, language, tower, stream)
      let masked = maskedAccuracy(names, language, tower, head, stream)
      languages[language] = Language(
        unseenRecallAt1: first.value, unseenQueries: first.count, seenRecallAt1: second.value,
        seenQueries: second.count, maskedAccuracy: masked.value, maskedTokens: masked.count)
    }
    let values = target.compactMap { languages[$0]?.unseenRecallAt1 }
    return TranslationQuality(
      gallery: gallery, unseenMean: values.reduce(0, +) / Double(max(1, values.count)),
      languages: languages)
  }

  /// A stable choice of names that the target languages all have.
  private static func choose(_ items: [MultilingualItem], _ count: Int) -> [MultilingualItem] {
    let covered = items.filter { item in target.allSatisfy { item.texts[$0] != nil } }
    return Array(
      covered.map { (Digest.key("quality/" + $0.id), $0) }.sorted { $0.0 < $1.0 }.prefix(count)
        .map(\.1))
  }

  /// Unit `[CLS]` vectors, row by row.
  private static func embed(
    _ texts: [String], _ tower: TextTower, _ stream: TextStream, _ workspace: Workspace
  ) -> Matrix {
    let batch = TokenBatch(texts.map(stream.tokens))
    let activations = tower.forward(batch, in: workspace, training: false)
    let pooled = tower.pool(activations, in: workspace)
    let unit = workspace.take(pooled.rows, pooled.columns)
    _ = L2Normalization.forward(pooled, into: unit, in: workspace)
    return unit
  }

  /// Ties count against the system; equal texts in the gallery are each other's ties.
  private static func recall(
    _ items: [MultilingualItem], _ language: String, _ tower: TextTower, _ stream: TextStream
  ) -> (value: Double?, count: Int) {
    let covered = items.filter { $0.texts[language] != nil }
    guard language != "en", covered.count > 1 else { return (nil, 0) }
    let workspace = Workspace()
    let queries = embed(covered.compactMap { $0.texts["en"] }, tower, stream, workspace)
    let targets = embed(covered.compactMap { $0.texts[language] }, tower, stream, workspace)
    let scores = workspace.take(covered.count, covered.count)
    Matmul.multiply(queries, targets, into: scores, transposeB: true)
    var hits = 0
    for row in 0..<covered.count {
      let gold = scores[row, row]
      let beaten = (0..<covered.count).contains { $0 != row && scores[row, $0] >= gold }
      if !beaten { hits += 1 }
    }
    return (Double(hits) / Double(covered.count), covered.count)
  }

  private static func maskedAccuracy(
    _ names: [MultilingualItem], _ language: String, _ tower: TextTower,
    _ head: MaskedLanguageHead, _ stream: TextStream
  ) -> (value: Double?, count: Int) {
    let texts = names.compactMap { $0.texts[language] }.prefix(400).map(stream.tokens)
    var random = RandomStream(seed: 1, "quality/mask/" + language)
    let masking = Masking(
      texts: texts, probability: 0.2, special: stream.tokenizer.special,
      vocabularySize: stream.tokenizer.vocabularySize, stream: &random)
    guard !masking.rows.isEmpty else { return (nil, 0) }
    let workspace = Workspace()
    let activations = tower.forward(
      TokenBatch(masking.inputs), in: workspace, training: false)
    let correct = head.correct(
      hidden: activations.hidden, rows: masking.rows, targets: masking.targets, in: workspace)
    return (Double(correct.count { $0 }) / Double(correct.count), correct.count)
  }
}
