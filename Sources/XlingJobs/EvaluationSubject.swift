import XlingAlignment
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns
import XlingTensor

/// A run on a dataset, in some languages.
public struct EvaluationSubject: Sendable, Equatable {
  /// The run's folder.
  public var run: String
  /// nil: what the run was trained on.
  public var data: DataSource?
  /// Codes or names, or `all`; none: the language aligned on and those of LilT's Table 2, as far as the
  /// data have them.
  public var languages: [String]
  /// nil: test; of the run's own data val, where these have no test pictures.
  public var split: Split?
  /// nil: the run's own.
  public var precision: Precision?

  public init(
    run: String, data: DataSource? = nil, languages: [String] = [], split: Split? = nil
  ) {
    self.run = run
    self.data = data
    self.languages = languages
    self.split = split
  }

  /// A subject that was read: the languages are the dataset's codes.
  struct Loaded {
    let run: LoadedRun
    let source: DataSource
    let dataset: Dataset
    let split: Split
    var languages: [String]
  }

  /// What was taken for what nobody named.
  public struct Chosen: Sendable, Equatable {
    public let run: String
    /// nil where they were named.
    public let data: String?
    public let split: Split?
    public let languages: [String]?

    public init(run: String, data: String?, split: Split?, languages: [String]?) {
      self.run = run
      self.data = data
      self.split = split
      self.languages = languages
    }
  }

  /// `given`: the data, read already; `against`: a language that is asked for besides. Throws what reading run and
  /// data throws, ``OwnDataFailure``, `LanguageFailure`, `DatasetLanguageFailure`.
  func load(
    on given: Dataset? = nil, against: String? = nil, _ observe: (LanguageEvent) throws -> Void
  ) throws -> Loaded {
    let source = try data ?? OwnData.source(ofRun: run)
    try DatasetLanguages.check(languages + (against.map { [$0] } ?? []), file: source.captions)
    let (dataset, spellings) = try given.map { ($0, $0.spellings) } ?? source.load()
    if !spellings.isEmpty { try observe(.warning(.spellings(spellings, of: dataset.folder))) }
    if data == nil { try OwnData.check(dataset, ofRun: run) }
    let split = try split ?? (data == nil ? OwnData.split(of: dataset, ofRun: run) : .test)
    let codes = try Self.languages(languages, ofRun: run, in: dataset, split: split)
    let loaded = Loaded(
      run: try LoadedRun(folder: run, precision: precision), source: source, dataset: dataset,
      split: split,
      languages: codes)
    if data == nil || languages.isEmpty {
      try observe(
        .chose(
          Chosen(
            run: loaded.run.name, data: data == nil ? source.name : nil,
            split: data == nil && self.split == nil ? split : nil,
            languages: languages.isEmpty ? codes : nil)))
    }
    return loaded
  }

  /// The dataset's codes of `given`; without any the usual ones. Throws as `DatasetLanguages.resolve`, and
  /// what reading the run's record throws.
  public static func languages(
    _ given: [String], ofRun run: String, in dataset: Dataset, split: Split
  ) throws -> [String] {
    guard given.isEmpty else {
      return try DatasetLanguages.resolve(given, in: dataset, split: split)
    }
    let aligned = try RunFolder(run).record().identity.configuration.language
    let wanted = [aligned] + QuickstartPlan.headline.filter { $0 != aligned }
    let present = wanted.filter { dataset.coverage($0, split).n > 0 }
    return present.isEmpty
      ? [try DatasetLanguages.resolve(aligned, in: dataset, split: split)] : present
  }
}

extension EvaluationSubject.Loaded {
  /// Embeddings and vectors of frozen towers are kept beside the store at `store`. Throws as below.
  func evaluator(_ plan: EvaluationPlan, embeddingsBeside store: String?) throws -> Evaluator {
    try evaluator(plan, embeddingsBeside: store, featuresBeside: store)
  }

  /// `store`: the path of the store beside which embeddings are kept, `features`: and vectors of frozen towers;
  /// nil keeps none. Throws `DataFailure`, `ExperimentFailure`.
  func evaluator(
    _ plan: EvaluationPlan, embeddingsBeside store: String?, featuresBeside features: String?
  ) throws -> Evaluator {
    try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset, plan: plan,
      cache: try run.cache(beside: store), frozen: run.frozenFeatures(beside: features))
  }

  /// The language that others are held against: the one given, else the one aligned on. Throws as
  /// `DatasetLanguages.resolve`.
  func pivot(_ given: String?) throws -> String {
    try DatasetLanguages.resolve(
      given ?? run.record.identity.configuration.language, in: dataset, split: split)
  }
}

extension LoadedRun {
  /// Asked when a vector is missing; nil without a store. Of towers that the run trained nobody else asks for
  /// the vectors.
  func frozenFeatures(beside store: String?) -> () throws -> FrozenFeatureStores? {
    { [model, identity = record.identity] in
      try store.flatMap {
        try model.frozenFeatures(
          besideStore: $0, of: identity, trunks: try .adding(toTrunksBeside: $0),
          ofTrainedTowers: false)
      }
    }
  }

  /// nil without a store, and where it lies on a medium that keeps nothing. Throws
  /// `ExperimentFailure`.
  func cache(beside store: String?) throws -> (rows: EmbeddingCache, model: String)? {
    guard let store, let rows = try EmbeddingCache.beside(store: store) else { return nil }
    return (rows, try modelHash())
  }
}

extension EvaluationPlan {
  /// Captions and pictures are read as in the run's training.
  public init(of run: LoadedRun, split: Split, captionsPerPicture: Int? = nil) {
    let configuration = run.record.identity.configuration
    self.init(
      split: split, captionsPerPicture: captionsPerPicture ?? .max,
      maximumTokens: configuration.captions.evaluatedTokens
        ?? min(30, run.model.text.configuration.maximumTokens),
      statistics: configuration.pictureStatistics)
    reading = configuration.captions
    textOutput = configuration.textOutput
    imagePooling = configuration.imagePooling
    pictures = configuration.pictureInput(side: run.model.image.configuration.imageSize)
  }
}
