import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRetrieval
import XlingTensor
import XlingTokenizers
import XlingTowers

/// What is evaluated and how; a part of every result's protocol.
public struct EvaluationPlan: Sendable, Equatable {
  public var split: Split
  /// Captions of each picture that are used: the first so many.
  public var captionsPerPicture: Int
  /// Of a caption, with start and end. LilT evaluates with 30.
  public var maximumTokens: Int
  public var statistics: PictureStatistics
  /// What was done to the pictures in training is done to these; nil squeezes them into the tower's
  /// square, bicubic, EXIF ignored, normalized by ``statistics``.
  public var pictures: PictureInput?
  public var ties: TieBreaking
  /// What was done to the captions in training is done to these.
  public var reading = CaptionReading()
  /// How the run makes a vector of a text; nil: as the tower's family has it.
  public var textOutput: TextOutput?
  /// How the run makes a vector of a picture; nil: of the class token.
  public var imagePooling: ImagePooling?
  /// By the dataset's code: of these languages' captions the mean of unpaired sentences is taken.
  public var centred: [String: CentringText] = [:]
  public var resamples: Int
  public var seed: UInt64

  public init(
    split: Split = .test, captionsPerPicture: Int = .max, maximumTokens: Int = 30,
    statistics: PictureStatistics = .half, ties: TieBreaking = .pessimistic,
    resamples: Int = 1_000, seed: UInt64 = 0
  ) {
    self.split = split
    self.captionsPerPicture = captionsPerPicture
    self.maximumTokens = maximumTokens
    self.statistics = statistics
    self.ties = ties
    self.resamples = resamples
    self.seed = seed
  }

  /// What a protocol says of it; nothing of the class token.
  var imagePoolingWords: String { imagePooling.map { ", pooled \($0.rawValue)" } ?? "" }

  /// How pictures come before the model.
  func pictureInput(of model: DualEncoder) -> PictureInput {
    pictures
      ?? PictureInput(
        ImagePreprocessing(
          size: model.image.configuration.imageSize, statistics: statistics.channels))
  }
}

/// One model on one dataset: pictures are embedded once, captions language by language.
public final class Evaluator {
  public let dataset: Dataset
  public let plan: EvaluationPlan
  /// All pictures of the split, whatever the language: the gallery never shrinks.
  public let items: [Dataset.Item]
  private let model: DualEncoder
  let tokenizer: any Tokenizer
  private var embeddedPictures: EmbeddingMatrix?
  /// Of the pictures embedded so far.
  public let damage = PictureDamage()
  private var keptCaptions: KeptEmbeddings
  private var keptPictures: KeptEmbeddings
  /// Vectors of frozen towers from other runs; their hashes are taken when the first is missing.
  private let frozen: () throws -> FrozenFeatureStores?
  private var openedFrozen: FrozenFeatureStores??
  /// Pictures of the split, by name, that the model was trained on: results are given without them
  /// too.
  public var trainingPictures: Set<String> = []
  /// How captions are written otherwise before they are read; nil: as the dataset has them. Results under
  /// one are of another subset ("all, perturbed by nfd"), and so of another protocol.
  public var perturbation: CaptionPerturbation?
  /// What stands for a language's captions; results are of another subset ("all, translate-test").
  public var translations: TranslatedCaptions?
  /// Draws of pictures, shared by all languages and directions.
  public let resamples: Resamples

  /// `cache`: where embeddings are kept, and ``LoadedRun/modelHash()``; without it all are computed.
  /// `keepsCaptions`: those of captions, too. `frozen`: where the vectors of the model's frozen towers are kept, asked once, when one is missing.
  /// Throws `DataFailure` when the split is empty.
  public init(
    _ model: DualEncoder, tokenizer: any Tokenizer, dataset: Dataset, plan: EvaluationPlan,
    cache: (rows: EmbeddingCache, model: String)? = nil, keepsCaptions: Bool = true,
    frozen: @escaping () throws -> FrozenFeatureStores? = { nil }
  ) throws {
    self.frozen = frozen
    self.model = model
    self.tokenizer = tokenizer
    self.dataset = dataset
    self.plan = plan
    keptCaptions = KeptEmbeddings(keepsCaptions ? cache : nil, width: model.embeddingWidth)
    keptPictures = KeptEmbeddings(cache, width: model.embeddingWidth)
    items = dataset.items(in: plan.split)
    guard !items.isEmpty else {
      throw DataFailure.badDataset(
        path: dataset.folder, reason: "has no picture in split \(plan.split.rawValue).")
    }
    resamples = Resamples(clusterCount: items.count, count: plan.resamples, seed: plan.seed)
  }

  public var width: Int { model.embeddingWidth }

  /// The protocol of the results, but for the subset.
  public func measured(subset: String = "all") -> EvaluationProtocol {
    let captions =
      plan.captionsPerPicture == .max ? "all" : "first \(plan.captionsPerPicture)"
    let usual = CaptionReading().description
    let read = plan.reading.description == usual ? "" : ", read as \(plan.reading.description)"
    let vectors = plan.textOutput.map { ", pooled \($0.pooling.description)" } ?? ""
    let centring = Centring.words(plan.centred.map { $1.centring($0) })
    return EvaluationProtocol(
      dataset: dataset.name, datasetHash: dataset.contentHash, split: plan.split.rawValue,
      subset: subset + (perturbation?.label ?? "")
        + (translations == nil ? "" : TranslatedCaptions.label), ties: plan.ties.rawValue,
      captions: "\(captions), at most \(plan.maximumTokens) tokens\(read)\(vectors)\(centring)"
        + (translations?.words ?? ""),
      imagePreprocessing: pictureInput.description + plan.imagePoolingWords,
      tokenizerHash: tokenizer.contentHash, precision: model.precision.stored,
      blasCore: model.precision.kernels,
      resamples: plan.resamples, seed: plan.seed)
  }

  private var pictureInput: PictureInput { plan.pictureInput(of: model) }

  /// Contents that were embedded so far, being in no cache.
  public var embedded: (pictures: Int, captions: Int) {
    (keptPictures.computed, keptCaptions.computed)
  }

  /// Unit vectors of all pictures, in the order of ``items``.
  public func pictureEmbeddings() throws -> EmbeddingMatrix {
    if let embeddedPictures { return embeddedPictures }
    let all = try keptPictures.rows(
      of: items.map { .file(dataset.path(of: $0)) }, by: model, input: pictureInput,
      damage: damage, frozen: frozenFeatures)
    embeddedPictures = all
    return all
  }

  /// Unit vectors of captions in `language`, else in the run's own. Throws `EmbeddingFailure`,
  /// `UnicodeFailure`.
  public func captionEmbeddings(
    _ captions: [String], language: String? = nil
  ) throws -> EmbeddingMatrix {
    let written = try perturbation?.apply(captions, language: language) ?? captions
    let ids = try written.map {
      try plan.reading.ids(
        of: $0, language: language, maximumTokens: plan.maximumTokens, by: tokenizer)
    }
    let keys = ids.map(Digest.key(ids:))
    return try keptCaptions.rows(of: keys, what: "captions", batch: 4_096) { places in
      try model.embedTexts(
        places.map { ids[$0] }, batchSize: 256, frozen: try frozenFeatures())
    }
  }

  private func frozenFeatures() throws -> FrozenFeatureStores? {
    if let openedFrozen { return openedFrozen }
    let opened = try frozen()
    openedFrozen = .some(opened)
    return opened
  }

  /// Both directions in one language, ranks and estimates. Throws `DataFailure` when the split has
  /// no caption in the language.
  public func evaluate(_ language: String) throws -> LanguageResult {
    let queries = try captionQueries(language)
    let both = try Ranking.bothWays(
      texts: queries.embeddings, images: try pictureEmbeddings(),
      gold: GoldRelation(single: queries.pictures))
    return LanguageResult(
      language: language, coverage: queries.gold.coverage, captions: queries.gold.captions,
      textToImage: .init(
        ranking: both.textToImage, pictures: queries.pictures,
        queriesHash: Self.hash(captions: queries.gold)),
      imageToText: .init(
        ranking: both.imageToText, pictures: queries.covered,
        queriesHash: Self.hash(pictures: queries.gold)),
      centroid: LanguageCentroid(
        language: language, captions: queries.embeddings.count,
        mean: queries.embeddings.mean.map { Float($0) }))
  }

  /// What a stored evaluation from text to image has of its queries.
  public static func hash(captions gold: Dataset.Gold) -> String {
    Digest.of(gold.captions.joined(separator: "\n"))
  }

  private static func hash(pictures gold: Dataset.Gold) -> String {
    Digest.of(gold.items.map(\.image).joined(separator: "\n"))
  }

  /// What a language asks, without embedding it.
  func queryHashes(
    _ language: String
  ) throws -> (gold: Dataset.Gold, texts: String, images: String) {
    let gold = try gold(language)
    return (gold, Self.hash(captions: gold), Self.hash(pictures: gold))
  }

  /// The captions of one language.
  struct CaptionQueries {
    let gold: Dataset.Gold
    /// The picture of each caption, by its place in the whole split, not among the pictures that the
    /// language covers.
    let pictures: [Int32]
    /// Pictures with a caption. The others ask nothing; they stay in the gallery.
    let covered: [Int32]
    /// Unit vectors.
    let embeddings: EmbeddingMatrix
  }

  /// Places in ``items``.
  func pictureNumbers(_ some: [Dataset.Item]) -> [Int32] {
    var number: [String: Int32] = [:]
    for (index, item) in items.enumerated() { number[item.image] = Int32(index) }
    return some.map { number[$0.image] ?? 0 }
  }

  /// The captions of a language, or what stands for them.
  private func gold(_ language: String) throws(DataFailure) -> Dataset.Gold {
    let gold = try dataset.gold(language, plan.split, perImage: plan.captionsPerPicture)
    guard let translations, translations.language == language else { return gold }
    return gold.with(captions: translations.texts)
  }

  func captionQueries(_ language: String) throws -> CaptionQueries {
    let gold = try gold(language)
    let covered = pictureNumbers(gold.items)
    return CaptionQueries(
      gold: gold, pictures: gold.imageOfCaption.map { covered[$0] }, covered: covered,
      embeddings: try centred(
        try captionEmbeddings(
          gold.captions, language: translations?.language == language ? nil : language), language))
  }

  /// Captions less the mean of their language's unpaired sentences, where the plan has some. Pictures stay:
  /// what their own mean would take from a caption's scores is the same for all of them, but for lengths.
  private func centred(_ captions: EmbeddingMatrix, _ language: String) throws -> EmbeddingMatrix {
    guard let text = plan.centred[language] else { return captions }
    let sentences = try captionEmbeddings(text.sentences, language: language)
    return try captions.centred(by: sentences.mean, name: "centred caption embeddings")
  }

  /// How many of the sentences that a language is centred by are captions of the split, which are no
  /// unpaired text.
  public func pairedSentences(_ language: String) throws -> Int {
    guard let text = plan.centred[language] else { return 0 }
    let captions = Set(
      try dataset.gold(language, plan.split).captions.map {
        $0.trimmingCharacters(in: .whitespaces)
      })
    return text.sentences.count(where: captions.contains)
  }

  /// The results of a language as the store keeps them: all queries, and, where the dataset marks
  /// held-out words, the queries with and without them.
  public func evaluations(
    of result: LanguageResult, run: String, at time: Date,
    metrics wanted: [Metric] = Metric.standard
  ) throws -> [Evaluation] {
    var all: [Evaluation] = []
    for subset in subsets {
      for direction in Direction.allCases {
        let queries = result[direction]
        let kept = queries.pictures.indices.filter {
          subset.contains(items[Int(queries.pictures[$0])])
        }
        guard !kept.isEmpty else { continue }
        let part = queries.subset(kept)
        let estimates = try resamples.estimates(
          wanted,
          of: RankedQueries(
            part.ranking, clusters: try Clusters(numbered: part.pictures, count: items.count)),
          ties: plan.ties)
        let metrics = Dictionary(zip(wanted.map(\.name), estimates)) { first, _ in first }
        all.append(
          Evaluation(
            run: run, measured: measured(subset: subset.name), language: result.language,
            direction: direction, queriesHash: part.queriesHash, started: time,
            ranking: part.ranking, pictures: part.pictures, metrics: metrics))
      }
    }
    return all
  }

  public func estimate(_ metric: Metric, _ queries: LanguageResult.Queries) throws -> Estimate {
    try resamples.estimate(
      metric, of: queries.ranking, ties: plan.ties,
      clusters: try Clusters(numbered: queries.pictures, count: items.count))
  }

  /// Names in the protocol, and which pictures belong.
  private var subsets: [(name: String, contains: (Dataset.Item) -> Bool)] {
    var subsets: [(String, (Dataset.Item) -> Bool)] = [("all", { _ in true })]
    if items.contains(where: \.isHeldOut) {
      subsets.append(("with held-out words", { $0.isHeldOut }))
      subsets.append(("without held-out words", { !$0.isHeldOut }))
    }
    let seen = trainingPictures
    if !seen.isEmpty { subsets.append(("without training pictures", { !seen.contains($0.image) })) }
    return subsets
  }
}
