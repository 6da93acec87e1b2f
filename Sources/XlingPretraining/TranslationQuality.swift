import XlingCore
import XlingData
import XlingOptimization
import XlingRetrieval
import XlingTensor
import XlingTowers

/// How well the text tower finds translations, and fills in masked pieces, language by language.
public struct TranslationQuality: Codable, Sendable, Equatable {
  public struct Language: Codable, Sendable, Equatable {
    /// English name to this language's name, share found first, over names never seen translated.
    public var unseenRecallAt1: Estimate?
    /// The same over names that training could see translated.
    public var seenRecallAt1: Estimate?
    /// Masked pieces guessed right; a fifth of the pieces of names is masked.
    public var maskedAccuracy: Estimate?
    /// English sentence to this language's, over translated sentences that were kept apart.
    public var sentenceRecallAt1: Estimate?
    /// Masked pieces of sentences that were kept apart.
    public var maskedSentenceAccuracy: Estimate?
  }

  /// Names in each gallery, at most.
  public var gallery: Int
  /// Macro average of ``Language/unseenRecallAt1`` over ``target``.
  public var unseenMean: Estimate
  /// Macro average of ``Language/sentenceRecallAt1`` over all languages that have it.
  public var sentenceMean: Estimate?
  public var languages: [String: Language]

  public static let target = ["ru", "pl", "tr", "zh", "ko", "it", "es"]

  static func measure(
    tower: TextTower, head: MaskedLanguageHead, stream: TextStream, gallery: Int = 500
  ) throws -> TranslationQuality {
    let names = stream.corpus.items.filter { $0.kind == .name && $0.texts["en"] != nil }
    let unseen = choose(names.filter { $0.pairTexts.isEmpty }, gallery).map(\.texts)
    let seen = choose(names.filter { $0.pairTexts.count > 1 }, gallery).map(\.texts)
    let sentences = Array((stream.sentences?.unseenTranslations ?? []).prefix(gallery))
    let (unseenDraws, seenDraws) = (draws(unseen), draws(seen))
    let sentenceDraws = draws(sentences)
    var languages: [String: Language] = [:]
    var parts: [RankedQueries] = []
    var sentenceParts: [RankedQueries] = []
    for language in Set(stream.corpus.languages + (stream.sentences?.languages ?? [])).sorted() {
      var card = Language()
      card.maskedAccuracy = try maskedAccuracy(
        names.compactMap { $0.texts[language] }, language, tower, head, stream)
      card.maskedSentenceAccuracy = try maskedAccuracy(
        stream.sentences?.unseenSentences[language] ?? [], language, tower, head, stream)
      if let ranked = try ranking(sentences, language, tower, stream) {
        card.sentenceRecallAt1 = try sentenceDraws.estimate(
          .recall(at: 1), of: ranked.ranking, clusters: ranked.clusters)
        sentenceParts.append(ranked)
      }
      if let ranked = try ranking(unseen, language, tower, stream) {
        card.unseenRecallAt1 = try unseenDraws.estimate(
          .recall(at: 1), of: ranked.ranking, clusters: ranked.clusters)
        if target.contains(language) { parts.append(ranked) }
      }
      if let ranked = try ranking(seen, language, tower, stream) {
        card.seenRecallAt1 = try seenDraws.estimate(
          .recall(at: 1), of: ranked.ranking, clusters: ranked.clusters)
      }
      languages[language] = card
    }
    return TranslationQuality(
      gallery: gallery, unseenMean: try unseenDraws.macroAverage(.recall(at: 1), of: parts),
      sentenceMean: sentenceParts.isEmpty
        ? nil : try sentenceDraws.macroAverage(.recall(at: 1), of: sentenceParts),
      languages: languages)
  }

  private static func draws(_ items: [[String: String]]) -> Resamples {
    Resamples(clusterCount: items.count, seed: 0)
  }

  /// A stable choice of names that the target languages all have.
  private static func choose(_ items: [MultilingualItem], _ count: Int) -> [MultilingualItem] {
    let covered = items.filter { item in target.allSatisfy { item.texts[$0] != nil } }
    return Array(
      covered.map { (Digest.key("quality/" + $0.id), $0) }.sorted { $0.0 < $1.0 }.prefix(count)
        .map(\.1))
  }

  /// Unit `[CLS]` vectors.
  private static func embed(
    _ texts: [String], _ tower: TextTower, _ stream: TextStream
  ) throws -> EmbeddingMatrix {
    let workspace = Workspace()
    let batch = TokenBatch(texts.map(stream.tokens))
    let activations = tower.forward(
      batch, reading: .pooled, in: workspace, training: false)
    let pooled = tower.pool(activations, in: workspace)
    return try EmbeddingMatrix(
      count: pooled.rows, width: pooled.columns, name: "text embeddings", isUnitLength: true
    ) { _ = L2Normalization.forward(pooled, into: $0, in: workspace) }
  }

  /// English queries over the language's texts. Equal texts are each other's ties, which count against
  /// the system. `items` are texts by language.
  private static func ranking(
    _ items: [[String: String]], _ language: String, _ tower: TextTower, _ stream: TextStream
  ) throws -> RankedQueries? {
    let covered = items.indices.filter { items[$0][language] != nil && items[$0]["en"] != nil }
    guard language != "en", covered.count > 1 else { return nil }
    let ranking = try Ranking(
      queries: try embed(covered.compactMap { items[$0]["en"] }, tower, stream),
      gallery: try embed(covered.compactMap { items[$0][language] }, tower, stream),
      gold: GoldRelation(single: covered.indices.map { Int32($0) }))
    return RankedQueries(
      ranking, clusters: try Clusters(numbered: covered.map { Int32($0) }, count: items.count))
  }

  /// How many masked pieces of up to 400 texts are guessed right; nil where nothing is masked.
  private static func maskedAccuracy(
    _ texts: [String], _ language: String, _ tower: TextTower, _ head: MaskedLanguageHead,
    _ stream: TextStream
  ) throws -> Estimate? {
    var random = RandomStream(seed: 1, "quality/mask/" + language)
    let masking = Masking(
      texts: texts.prefix(400).map(stream.tokens), probability: 0.2, mask: stream.mask,
      special: stream.tokenizer.special,
      vocabularySize: stream.tokenizer.vocabularySize, stream: &random)
    guard !masking.rows.isEmpty else { return nil }
    let workspace = Workspace()
    let activations = tower.forward(
      TokenBatch(masking.inputs), reading: .some(masking.rows), in: workspace, training: false)
    let hits = head.correct(
      hidden: activations.hidden, targets: masking.targets, in: workspace)
    return try Resamples(clusterCount: hits.count, seed: 0).mean(
      of: hits.map { $0 ? 1 : 0 }, clusters: Clusters(independent: hits.count))
  }
}
