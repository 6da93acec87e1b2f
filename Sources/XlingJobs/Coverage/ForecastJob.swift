import Foundation
import XlingCore
import XlingCoverage
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingLanguages
import XlingRetrieval
import XlingRuns
import XlingTowers

/// What recall to expect of languages in trained runs, from sentences alone.
public struct ForecastJob: Sendable {
  public struct Options: Sendable {
    /// A run by its folder or stored name; nil: every finished run of the store.
    public var run: String?
    /// Codes or names; `all`: those measured and those with a text; none: those of the files.
    public var languages: [String]
    public var source: CoverageSource
    /// The dataset measured on; nil: that with the most languages.
    public var dataset: String?
    public var without: Set<ForecastFeature> = []
    /// Sentences' embeddings are kept beside the store, as evaluations keep captions'.
    public var keepsEmbeddings = true
    /// No beginnings of names.
    public var isStrict = false

    public init(run: String?, languages: [String], source: CoverageSource) {
      (self.run, self.languages, self.source) = (run, languages, source)
    }
  }

  public enum Event: Sendable, Equatable {
    case step(LanguageStep)
    /// A run of the store that nothing is forecast for.
    case skipped(run: String, reason: String)
    /// Features compare texts of two kinds.
    case unlikeTexts(language: String)
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Throws ``ForecastFailure``, what reading runs, stores, texts and towers throws, `CoverageFailure`,
  /// `InterruptionFailure`, and what `observe` throws.
  public func run(
    in store: ExperimentStore, _ observe: (Event) throws -> Void = { _ in }
  ) throws -> ForecastResult {
    let subjects = try subjects(in: store, observe)
    let targets = try targets(subjects)
    let texts = try ForecastText.all(
      Set(targets + subjects.flatMap { $0.measured.recalls.keys }).sorted(), options.source)
    for text in texts where text.isGiven {
      try observe(.unlikeTexts(language: text.language))
    }
    return ForecastResult(
      runs: try subjects.map { try forecast($0, targets, texts, store, observe) })
  }

  /// A run with what was measured of it.
  private struct Subject {
    let folder: String
    let aligned: String
    let measured: MeasuredRun
  }

  private func subjects(
    in store: ExperimentStore, _ observe: (Event) throws -> Void
  ) throws -> [Subject] {
    if let run = options.run {
      let name = try RunLookup.storedName(run, in: store, strictly: options.isStrict)
      let folder = try RunLookup.folder(name, store: store.path)
      guard let found = try MeasuredRun.read(name, dataset: options.dataset, in: store) else {
        throw ForecastFailure.notMeasured(run: name, dataset: options.dataset, store: store.path)
      }
      return [try subject(found, folder)]
    }
    let subjects = try store.runs().compactMap { run -> Subject? in
      guard run.status == .finished, RunFolder(run.folder).exists else {
        try observe(.skipped(run: run.name, reason: "it is not finished, or its folder is gone"))
        return nil
      }
      guard let found = try MeasuredRun.read(run.name, dataset: options.dataset, in: store) else {
        try observe(.skipped(run: run.name, reason: "nothing was measured of it"))
        return nil
      }
      return try subject(found, run.folder)
    }
    guard !subjects.isEmpty else { throw ForecastFailure.noRuns(store: store.path) }
    return subjects
  }

  private func subject(_ measured: MeasuredRun, _ folder: String) throws -> Subject {
    let record = try RunFolder(folder).record()
    return Subject(
      folder: folder, aligned: record.identity.configuration.language, measured: measured)
  }

  /// The languages asked for, each once.
  private func targets(_ subjects: [Subject]) throws -> [String] {
    var wanted: [String] = []
    let words = DatasetLanguages.words(options.languages)
    if case .files(let files, _) = options.source, words.isEmpty {
      wanted = try files.map { try LanguageLabel.code($0.language) }
    }
    for word in words {
      guard word == "all" else {
        wanted.append(try LanguageLabel.code(word))
        continue
      }
      wanted += subjects.flatMap { subject in
        subject.measured.recalls.keys.filter { $0 != subject.aligned }
      }.sorted()
      if case .embedded = options.source { wanted += try EmbeddedTexts.available() }
    }
    let aligned = Set(subjects.map(\.aligned))
    if let one = wanted.first(where: { aligned.contains($0) }), !words.contains("all") {
      throw ForecastFailure.aligned(language: one)
    }
    var seen = aligned
    return wanted.filter { seen.insert($0).inserted }
  }

  private func forecast(
    _ subject: Subject, _ targets: [String], _ texts: [ForecastText], _ store: ExperimentStore,
    _ observe: (Event) throws -> Void
  ) throws -> ForecastOfRun {
    let cards = try Languages.load()
    var (knowledge, absent) = try known(subject, targets, texts, store, cards, observe)
    let others = try subject.measured.otherRuns(in: store)
    for (language, value) in others.recalls { knowledge[language]?.values[.otherRuns] = value }
    if others.runs == 0 { absent[.otherRuns] = "no other run was measured on the same pictures" }
    for feature in options.without { absent[feature] = "not asked for" }
    var fit = ForecastFit(
      subject.measured, aligned: subject.aligned, knowledge: knowledge, cards: cards,
      absent: absent)
    let rows = try targets.map { try fit.row($0) }
    let recalls = fit.languages.compactMap {
      subject.measured.recalls[$0].map { 100 * $0.estimate.value }
    }
    let mean = recalls.reduce(0, +) / Double(max(1, recalls.count))
    let variance = recalls.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let measured = subject.measured.measured
    return ForecastOfRun(
      run: subject.measured.name, dataset: measured.dataset, split: measured.split,
      protocol: measured.hash, gallery: subject.measured.gallery, languages: recalls.count,
      aligned: subject.aligned, lowest: recalls.min() ?? 0, highest: recalls.max() ?? 0,
      mean: mean, deviation: (variance / Double(max(1, recalls.count - 1))).squareRoot(),
      otherRuns: others.runs, models: fit.models.map(\.model), forecasts: rows)
  }

  /// Of every language that was measured, is asked for or has a text: what cards, tower and texts say.
  private func known(
    _ subject: Subject, _ targets: [String], _ texts: [ForecastText], _ store: ExperimentStore,
    _ cards: Languages, _ observe: (Event) throws -> Void
  ) throws -> (knowledge: [String: ForecastKnowledge], absent: [ForecastFeature: String]) {
    var absent: [ForecastFeature: String] = [:]
    let pretraining = try Pretraining(of: subject.folder)
    if pretraining == nil { absent[.pretraining] = "the text tower's card does not name it" }
    var knowledge: [String: ForecastKnowledge] = [:]
    let measured = try self.measured(subject, texts, store, cards, observe)
    let all = Array(subject.measured.recalls.keys) + texts.map(\.language) + targets
    for language in Set(all) {
      let card = cards[code: language]
      var own = measured[language] ?? ForecastKnowledge()
      own.values.merge(ForecastFeature.values(of: card)) { $1 }
      own.script = card?.script
      if let amount = pretraining?.amount(language, card) {
        own.values[.pretraining] = log10(1 + amount)
      }
      knowledge[language] = own
    }
    return (knowledge, absent)
  }

  private func measured(
    _ subject: Subject, _ texts: [ForecastText], _ store: ExperimentStore, _ cards: Languages,
    _ observe: (Event) throws -> Void
  ) throws -> [String: ForecastKnowledge] {
    guard ForecastFeature.allCases.contains(where: { $0.isOfText && !options.without.contains($0) })
    else { return [:] }
    var agreement: TextAgreement?
    if !options.without.contains(.agreement) {
      let run = try LoadedRun(folder: subject.folder)
      agreement = TextAgreement(
        run.model, tokenizer: run.tokenizer, plan: EvaluationPlan(of: run, split: .test),
        cache: try run.cache(beside: options.keepsEmbeddings ? store.path : nil))
    }
    var meter = ForecastMeter(
      try CoverageJob.NamedTokenizer(ofRun: subject.folder), agreement: agreement)
    let known = try EachLanguage.map(
      texts.map(\.language), of: subject.measured.name,
      observe: { try observe(.step($0)) },
      work: { language in
        guard let text = texts.first(where: { $0.language == language }) else {
          return (language, ForecastKnowledge())
        }
        return (
          language,
          try meter.measure(
            text, card: cards[code: language],
            comparesWords: !text.isGiven || text.english == nil)
        )
      })
    return Dictionary(known) { $1 }
  }
}
