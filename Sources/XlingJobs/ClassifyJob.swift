import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns

/// Zero-shot classification by a run, with class names of any language.
public struct ClassifyJob: Sendable {
  public struct Options: Sendable, Equatable {
    /// The run's folder.
    public var run: String
    /// An embedded dataset, or a folder of labelled pictures.
    public var data: String
    public var followsLinks = false
    /// A file of class names; nil: those of the data.
    public var classes: String?
    /// A set of `prompts/`, or a file.
    public var prompts = "plain"
    /// Codes or names, or `all` in which classes have names; none: the language aligned on and those of
    /// LilT's Table 2, as far as classes have names in them.
    public var languages: [String]
    /// Classes without a name in a language are left out, with their pictures.
    public var allowsMissing = false
    public var resamples = 1_000
    public var seed: UInt64 = 0
    /// Where pictures are not read as in training.
    public var pictures = PictureChoices()
    /// The path of the store beside which embeddings are kept; nil keeps none.
    public var embeddingsBeside: String?

    public init(run: String, data: String, languages: [String] = []) {
      self.run = run
      self.data = data
      self.languages = languages
    }
  }

  public struct Result: Codable, Sendable, Equatable {
    public let run: String
    public let data: String
    /// The name of the set, and what it says of itself.
    public let prompts: String
    public let title: String
    public let rows: [ClassifyRow]
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws what reading run and data throws, `LanguageFailure`, `ClassLanguageFailure`,
  /// `ClassificationFailure`, `InterruptionFailure`, and what `observe` throws.
  public func run(_ observe: (LanguageEvent) throws -> Void = { _ in }) throws -> Result {
    func warn(_ warning: Warning) throws { try observe(.warning(warning)) }
    let prompts = try PromptSet.load(options.prompts)
    try DatasetLanguages.check(
      options.languages, file: options.classes ?? DataSource(options.data).captions)
    let labelled = try LabelledPictures.load(
      try EmbeddedDataset.resolve(options.data), followingLinks: options.followsLinks)
    let names = try classNames(of: labelled, warn)
    if !names.spellings.isEmpty { try warn(.spellings(names.spellings, of: names.origin)) }
    let (languages, leftOut) = try ClassLanguages.resolve(
      try wanted(names, labelled), in: names, labelled, options.allowsMissing)
    if leftOut > 0 {
      try warn(.languagesWithoutNames(leftOut, of: leftOut + languages.count))
    }
    let run = try LoadedRun(folder: options.run)
    try TowerWarnings.nonFinite(run).forEach(warn)
    let classifier = Classifier(
      run.model, tokenizer: run.tokenizer, pictures: labelled, plan: try plan(run),
      cache: try run.cache(beside: options.embeddingsBeside))
    let results = try EachLanguage.map(
      languages, of: run.name, observe: { try observe(.step($0)) },
      work: {
        try classifier.classify(
          $0, names: names, prompts: prompts, allowMissing: options.allowsMissing)
      })
    if let damaged = classifier.damage.warning { try warn(damaged) }
    if let store = options.embeddingsBeside {
      let (pictures, texts) = classifier.embedded
      try observe(
        .embedded(
          pictures: pictures, texts: texts, cache: EmbeddingCache.path(besideStore: store)))
    }
    for result in results where !result.sharedNames.isEmpty {
      try warn(.sharedNames(result.sharedNames, language: result.language))
    }
    let rows = results.flatMap { ClassifyRow.rows($0, run.name, labelled.name, prompts.name) }
    let bare = Warning.withoutIntervals(rows.filter { $0.low == nil }.map(\.language))
    if let bare { try warn(bare) }
    return Result(
      run: run.name, data: labelled.name, prompts: prompts.name, title: prompts.title, rows: rows)
  }

  private func wanted(_ names: ClassNames, _ labelled: LabelledPictures) throws -> [String] {
    guard options.languages.isEmpty else { return options.languages }
    let aligned = try RunFolder(options.run).record().identity.configuration.language
    let usual = [aligned] + QuickstartPlan.headline.filter { $0 != aligned }
    let named = usual.filter { language in
      let found = try? ClassLanguages.resolve([language], in: names, labelled, false)
      return found != nil
    }
    return named.isEmpty ? [aligned] : named
  }

  /// Those of the file, which must know every class; else those that the data bring along.
  private func classNames(
    of labelled: LabelledPictures, _ warn: (Warning) throws -> Void
  ) throws -> ClassNames {
    guard let classes = options.classes else {
      if let names = labelled.names { return names }
      throw ClassificationFailure.unnamed(path: options.data)
    }
    let names = try ClassNames.read(classes)
    let unknown = labelled.classes.filter { !names.classes.contains($0) }
    guard unknown.isEmpty else {
      throw ClassificationFailure.unknownClasses(path: classes, classes: unknown)
    }
    let surplus = names.classes.count - labelled.classes.count
    if surplus > 0 {
      try warn(.classesWithoutPictures(surplus, names: classes, data: options.data))
    }
    return names
  }

  private func plan(_ run: LoadedRun) throws -> EvaluationPlan {
    var plan = EvaluationPlan(of: run, split: .test)
    plan.resamples = options.resamples
    plan.seed = options.seed
    plan.pictures = try options.pictures.input(
      like: run.record.identity.configuration.pictureInput(
        side: run.model.image.configuration.imageSize))
    return plan
  }
}
