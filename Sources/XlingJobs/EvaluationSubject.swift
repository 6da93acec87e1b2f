import XlingAlignment
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns

/// A run on a dataset, in some languages.
public struct EvaluationSubject: Sendable, Equatable {
  /// The run's folder.
  public var run: String
  public var data: DataSource
  /// Codes or names, or `all`.
  public var languages: [String]
  public var split: Split

  public init(run: String, data: DataSource, languages: [String], split: Split = .test) {
    self.run = run
    self.data = data
    self.languages = languages
    self.split = split
  }

  /// A subject that was read: the languages are the dataset's codes.
  struct Loaded {
    let run: LoadedRun
    let dataset: Dataset
    let languages: [String]
  }

  /// `against`: a language that is asked for besides. Throws what reading run and data throws,
  /// `LanguageFailure`, `DatasetLanguageFailure`.
  func load(
    against: String? = nil, _ warn: (Warning) throws -> Void
  ) throws -> Loaded {
    try DatasetLanguages.check(languages + (against.map { [$0] } ?? []), file: data.captions)
    let (dataset, spellings) = try data.load()
    if !spellings.isEmpty { try warn(.spellings(spellings, of: dataset.folder)) }
    let codes = try DatasetLanguages.resolve(languages, in: dataset, split: split)
    return Loaded(run: try LoadedRun(folder: run), dataset: dataset, languages: codes)
  }
}

extension EvaluationSubject.Loaded {
  /// `store`: the path of the store beside which embeddings are kept; nil keeps none. Throws
  /// `DataFailure`, `ExperimentFailure`.
  func evaluator(_ plan: EvaluationPlan, embeddingsBeside store: String?) throws -> Evaluator {
    try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset, plan: plan,
      cache: try run.cache(beside: store))
  }

  /// The language that others are held against: the one given, else the one aligned on. Throws as
  /// `DatasetLanguages.resolve`.
  func pivot(_ given: String?, _ split: Split) throws -> String {
    try DatasetLanguages.resolve(
      given ?? run.record.identity.configuration.language, in: dataset, split: split)
  }
}

extension LoadedRun {
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
