import Foundation
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingRuns
import XlingUnicode

/// Retrieval of a run in any languages, both directions; every result is stored with its ranks.
public struct EvaluateJob: Sendable {
  public struct Options: Sendable {
    public var subject: EvaluationSubject
    /// The first so many captions of each picture; nil takes all.
    public var captionsPerPicture: Int?
    public var metrics = Metric.standard
    public var ties = TieBreaking.pessimistic
    public var resamples = 1_000
    public var seed: UInt64 = 0
    /// Where pictures are not read as in training.
    public var pictures = PictureChoices()
    /// Languages, codes or names, whose captions are centred, and the files of unpaired sentences.
    public var centred: [(language: String, file: String)] = []
    /// A file of translations that stand for the captions of the one language (translate-test).
    public var translations: String?
    /// Languages, codes or names, that are measured by translations, too, beside their captions; the run's own is
    /// passed over.
    public var translationsBeside: [(language: String, file: String)] = []
    /// Lenient recall and the upper bound too, where captions or pictures repeat.
    public var measuresAmbiguity = false
    /// Results that differ from stored ones are put in their place.
    public var replaces = false
    /// Embeddings are kept beside the store, and taken from there.
    public var keepsEmbeddings = true
    /// Vectors of frozen towers, too, which runs share.
    public var keepsFeatures = true
    public var rankings: Rankings?
    /// The same again with captions written otherwise, one after another.
    public var perturbations: [Perturbation] = []
    /// Of what perturbations draw.
    public var perturbationSeed: UInt64 = 0

    public init(_ subject: EvaluationSubject) { self.subject = subject }
  }

  /// Rankings for trec_eval and its like: `LANG.text-to-image.run`, `.qrels`, and the other
  /// direction.
  public struct Rankings: Sendable, Equatable {
    public var folder: String
    /// Items of each query.
    public var depth: Int

    public init(folder: String, depth: Int = 100) {
      self.folder = folder
      self.depth = depth
    }
  }

  public struct Translated: Codable, Sendable, Equatable {
    public let language: String
    public let file: String
    /// Of its results; nil where they are the whole.
    public var `protocol`: String?
  }

  public struct Result: Codable, Sendable, Equatable {
    /// What repeats in a language.
    public struct Repeated: Codable, Sendable, Equatable {
      public let language: String
      public let captions: Int
      public let pictures: Int
      public fileprivate(set) var rows: [ResultRow]
    }

    public let run: String
    /// `few-shot tr=10` of a run that was trained on captions of other languages, too.
    public private(set) var fewShot: String?
    /// The language whose captions translations stand for, and their file.
    public fileprivate(set) var translated: Translated?
    public let dataset: String
    public let split: String
    /// Pictures of the gallery.
    public let pictures: Int
    /// Every metric of every language and direction.
    public private(set) var languages: [ResultRow]
    /// rsum of each language, and the means over languages.
    public private(set) var averages: [ResultRow]
    public private(set) var repeated: [Repeated]
    /// In the order asked for.
    public var perturbed: [PerturbedResult] = []
    /// What was measured beside the captions: its results are in the store alone.
    public internal(set) var translatedBeside: [Translated] = []
    /// Where the captions of each language lie; empty of what was stored.
    public fileprivate(set) var centroids: [LanguageCentroid] = []

    public var rows: [ResultRow] {
      languages + averages + repeated.flatMap(\.rows) + perturbed.flatMap(\.rows)
    }

    /// Every row says it.
    mutating func note(fewShot words: String?) {
      fewShot = words
      for at in languages.indices { languages[at].fewShot = words }
      for at in averages.indices { averages[at].fewShot = words }
      for at in repeated.indices {
        for row in repeated[at].rows.indices { repeated[at].rows[row].fewShot = words }
      }
      for at in perturbed.indices { perturbed[at].note(fewShot: words) }
    }
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// `given`: the subject's data, read already. The store is opened, and made, when run and data turned out to be
  /// readable. Throws what reading them throws, `ExperimentFailure`, `RetrievalFailure`, `InterruptionFailure`,
  /// `FileFailure`, and what `observe` throws.
  public func run(
    on given: Dataset? = nil, in store: @autoclosure () throws -> ExperimentStore,
    _ observe: (LanguageEvent) throws -> Void = { _ in }
  ) throws -> Result {
    func warn(_ warning: Warning) throws { try observe(.warning(warning)) }
    let subject = try options.subject.load(on: given, observe)
    try TowerWarnings.nonFinite(subject.run).forEach(warn)
    let store = try store()
    try RunLookup.register(subject.run, in: store)
    let evaluator = try subject.evaluator(
      try plan(subject), embeddingsBeside: options.keepsEmbeddings ? store.path : nil,
      featuresBeside: options.keepsFeatures ? store.path : nil)
    evaluator.translations = try translations(subject, evaluator)
    for (language, text) in evaluator.plan.centred.sorted(by: { $0.key < $1.key }) {
      let paired = try evaluator.pairedSentences(language)
      if paired > 0 {
        try warn(
          .pairedSentences(
            language, path: text.path, paired: paired, of: text.sentences.count))
      }
    }
    let search = try TrainingPictures.look(
      subject.run, evaluator, source: subject.source)
    if let search { try warn(search) }
    var centroids: [LanguageCentroid] = []
    let evaluations = try evaluations(subject, evaluator, store, observe) {
      centroids += [$0.centroid].compactMap { $0 }
    }
    let beside = try translatedBeside(subject, evaluator, store, observe)
    let perturbed = try perturbed(subject, evaluator, store, observe)
    let repeated =
      try options.measuresAmbiguity
      ? subject.languages.compactMap { try self.repeated($0, evaluator, subject.run.name) } : []
    if let tied = try writeRankings(subject, evaluator) { try warn(tied) }
    if options.keepsEmbeddings {
      let (pictures, captions) = evaluator.embedded
      try observe(
        .embedded(
          pictures: pictures, texts: captions,
          cache: EmbeddingCache.path(besideStore: store.path)))
    }
    var result = try result(subject, evaluator, evaluations, repeated)
    (result.perturbed, result.translatedBeside, result.centroids) = (perturbed, beside, centroids)
    result.translated = evaluator.translations.map { .init(language: $0.language, file: $0.path) }
    result.note(fewShot: subject.run.record.identity.configuration.fewShot.words)
    if let bare = Warning.withoutIntervals(of: result.rows) { try warn(bare) }
    return result
  }

  private func plan(_ subject: EvaluationSubject.Loaded) throws -> EvaluationPlan {
    let run = subject.run
    let configuration = run.record.identity.configuration
    var plan = EvaluationPlan(
      of: run, split: subject.split, captionsPerPicture: options.captionsPerPicture)
    plan.ties = options.ties
    plan.resamples = options.resamples
    plan.seed = options.seed
    plan.centred = try centred(subject)
    plan.pictures = try options.pictures.input(
      like: configuration.pictureInput(side: run.model.image.configuration.imageSize))
    return plan
  }

  /// By the dataset's codes. Throws ``CentringFailure``, as `DatasetLanguages.resolve` and what reading
  /// sentences throws.
  private func centred(_ subject: EvaluationSubject.Loaded) throws -> [String: CentringText] {
    var centred: [String: CentringText] = [:]
    for (given, file) in options.centred {
      let code = try DatasetLanguages.resolve(given, in: subject.dataset, split: subject.split)
      guard subject.languages.contains(code) else {
        throw CentringFailure.notEvaluated(given, evaluated: subject.languages)
      }
      guard centred[code] == nil else { throw CentringFailure.twice(code) }
      centred[code] = try CentringText(path: file)
    }
    return centred
  }

  /// The evaluator reads captions as the dataset has them before and after.
  private func perturbed(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator, _ store: ExperimentStore,
    _ observe: (LanguageEvent) throws -> Void
  ) throws -> [PerturbedResult] {
    defer { evaluator.perturbation = nil }
    return try options.perturbations.map { kind in
      let perturbation = CaptionPerturbation(kind, seed: options.perturbationSeed)
      evaluator.perturbation = perturbation
      let evaluations = try evaluations(subject, evaluator, store, observe)
      return try PerturbedResult(perturbation, evaluations, options.metrics, evaluator, subject)
    }
  }

  /// `measured` hears each language's result.
  func evaluations(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator, _ store: ExperimentStore,
    _ observe: (LanguageEvent) throws -> Void, measured: (LanguageResult) -> Void = { _ in }
  ) throws -> [Evaluation] {
    var saved = Saved()
    let count = subject.languages.count
    // What the evaluator keeps is touched by `ahead` alone, one language at a time; `work` reads what was
    // settled before the loop.
    nonisolated(unsafe) let ranker = evaluator
    let all = try EachLanguage.map(
      subject.languages, of: subject.run.name,
      kept: { "evaluated and stored \($0) of \(count) languages" },
      observe: { try observe(.step($0)) }, ahead: { try ranker.evaluate($0) },
      work: { _, result in
        measured(result)
        let evaluations = try evaluator.evaluations(
          of: result, run: subject.run.name, at: Date(), metrics: options.metrics)
        saved += try store.save(evaluations, replacing: options.replaces)
        return evaluations
      })
    try observe(.saved(saved))
    if let damaged = evaluator.damage.warning, evaluator.perturbation == nil {
      try observe(.warning(damaged))
    }
    return all.flatMap { $0 }
  }

  /// nil where nothing repeats.
  private func repeated(
    _ language: String, _ evaluator: Evaluator, _ run: String
  ) throws -> Result.Repeated? {
    guard let found = try evaluator.ambiguity(language) else { return nil }
    return Result.Repeated(
      language: language, captions: found.repeatedCaptions, pictures: found.repeatedPictures,
      rows: found.metrics.map {
        ResultRow($0, language: language, run: run, measured: evaluator.measured())
      })
  }

  /// What other programs will order otherwise; nil where there are no ties.
  private func writeRankings(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator
  ) throws -> Warning? {
    guard let rankings = options.rankings else { return nil }
    var written: [(name: String, files: TRECFiles)] = []
    for language in subject.languages {
      let files = try evaluator.trecFiles(
        language, depth: rankings.depth, tag: subject.run.name)
      for (name, file) in files {
        try file.write(to: rankings.folder, name: "\(language).\(name)")
        written.append(("\(language).\(name)", file))
      }
    }
    return Warning.tiedRankings(written)
  }

  private func result(
    _ subject: EvaluationSubject.Loaded, _ evaluator: Evaluator, _ evaluations: [Evaluation],
    _ repeated: [Result.Repeated]
  ) throws -> Result {
    let split = subject.split
    let partial = Set(subject.languages.filter { subject.dataset.coverage($0, split).isPartial })
    let averages = EvaluationAverages(evaluations, evaluator)
    return Result(
      run: subject.run.name, dataset: subject.dataset.name, split: split.rawValue,
      pictures: evaluator.items.count,
      languages: evaluations.flatMap {
        ResultRow.rows($0, options.metrics, partial: partial.contains($0.language))
      }, averages: try averages.sums(options.metrics) + averages.means(options.metrics),
      repeated: repeated)
  }
}
