import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingRetrieval
import XlingRuns
import XlingStudies
import XlingTensor
import XlingTowers

/// A study made ready: its data read, its towers known by content, its cells named.
public struct StudySetup: Sendable {
  public let path: String
  public let plan: StudyPlan
  /// As jobs are told it: `scenes`, or a folder.
  let data: String
  let measured: DataSource
  let dataset: Dataset
  let measuredDataset: Dataset
  /// That stand beside the captions of some languages.
  let translations: [TranslatedCaptions]
  /// nil where cells are aligned runs.
  let classes: ClassifierSetup?

  public var design: StudyDesign { plan.design }

  public enum Event: Sendable {
    /// Data that are built from the system's packages, since they are not there.
    case building(folder: String)
    case built(folder: String, languages: Int, seconds: Double)
  }

  /// `name`: a file, or a shipped study; `output`: its folder, where that is not the usual one. Throws `StudyFailure`, `DataFailure`, `LanguageFailure`,
  /// `TowerFailure`, `FileFailure`.
  public init(
    _ name: String, isSmall: Bool, output: String? = nil, _ observe: (Event) -> Void
  ) throws {
    let (path, design) = try StudyFile.find(name)
    var asked = isSmall ? try design.smallForm() : design
    self.path = path
    if let classifiers = asked.classifiers {
      data = try Self.prepared(classifiers.alignedData, isSmall, observe)
      measured = DataSource(data)
      dataset = try measured.load().dataset
      (measuredDataset, translations) = (dataset, [])
      let languages = classifiers.aligned.filter { $0.key == "language" }.map(\.value)
      _ = try DatasetLanguages.resolve(languages, in: dataset, split: .train)
      let read = try ClassifierSetup(asked, classifiers) {
        try Self.prepared($0, isSmall, observe)
      }
      classes = read
      plan = try StudyPlan(
        asked,
        StudyInputs(
          data: dataset.contentHash, measuredData: "", languages: [], choiceLanguages: [],
          towers: Self.towers, classes: read.content), path: path)
      return
    }
    classes = nil
    data = try Self.prepared(asked.data, isSmall, observe)
    let measuredData =
      asked.measure.data == asked.data
      ? data : try Self.prepared(asked.measure.data, isSmall, observe)
    let source = DataSource(measuredData)
    try DatasetLanguages.check(asked.measure.languages, file: source.captions)
    let trained = try DataSource(data).load().dataset
    let other = measuredData == data ? trained : try source.load().dataset
    (measured, dataset, measuredDataset) = (source, trained, other)
    let split = Split(rawValue: asked.measure.split) ?? .test
    let languages = try DatasetLanguages.resolve(
      asked.measure.languages, in: other, split: split)
    guard !languages.isEmpty else {
      throw DatasetLanguageFailure.notInDataset(
        given: "any language", dataset: other.folder, split: split.rawValue, has: [])
    }
    try Self.checkOver(asked.comparison, languages, path)
    let choice = try asked.rates.map {
      try DatasetLanguages.resolve($0.languages, in: other, split: .val)
    }
    translations = try Self.translations(asked.measure, other, languages, path)
    let made = try (asked.towers ?? []).map { ($0.name, try TowerMaking.content(of: $0)) }
    try Self.checkAligned(asked, trained)
    try Self.checkTarget(asked, trained, languages, path)
    try Self.measureSpeed(&asked, StudyPlace(asked, output: output).folder, path)
    var steps: (@Sendable (CellTraining) throws -> Int)?
    if let budget = asked.budget {
      let budgeted = BudgetedSteps(budget, on: trained, data: data, path: path)
      steps = { try budgeted.steps($0) }
    }
    plan = try StudyPlan(
      asked,
      StudyInputs(
        data: trained.contentHash, measuredData: other.contentHash,
        languages: languages, choiceLanguages: choice ?? [],
        translations: Dictionary(translations.map { ($0.language, $0.hash) }) { $1 },
        madeTowers: Dictionary(made) { $1 },
        towers: Self.towers, steps: steps), path: path)
  }

  @Sendable private static func towers(_ text: String?, _ image: String?) throws -> String {
    let pair = try TowerPair(text: text, image: image)
    return [
      pair.text.weightsHash, pair.text.configurationHash, pair.image.weightsHash,
      pair.image.configurationHash, pair.tokenizer.contentHash,
    ].joined(separator: " ")
  }

  /// The folder of a value of `text_tower`, nil for the shipped one: that of a tower of the study lies in its place.
  func textTower(_ named: String?, in place: StudyPlace) -> String? {
    plan.towers.first { $0.factors.values.contains(named ?? "") }.map { place.tower($0.hash) }
      ?? named
  }

  /// Before towers are made: one of the study's is taken to be of the shipped one's shape, which it has but for its
  /// words.
  func shape(of training: CellTraining) -> CellTraining {
    var training = training
    if plan.towers.contains(where: { $0.factors.values.contains(training.textTower ?? "") }) {
      training.textTower = nil
    }
    return training
  }

  /// A budget of seconds is one of operations at this machine's speed, as the study's folder has it. Throws
  /// `StudyFailure`, `FileFailure`.
  private static func measureSpeed(
    _ design: inout StudyDesign, _ folder: String, _ path: String
  ) throws {
    guard design.budget?.unit == .seconds else { return }
    let said =
      design.axes.filter { $0.name == "precision" }.flatMap(\.values)
      + design.fixed.filter { $0.key == "precision" }.map(\.value)
    let precisions = said.isEmpty ? [Precision.fp32] : said.compactMap(Precision.init)
    guard precisions.count == max(1, said.count) else {
      throw StudyFailure.badFile(
        path: path, line: 0,
        expected:
          "precision fp32 or bf16 beside budget.seconds: auto may be either on the next machine",
        found: MessageList.of(said))
    }
    design.budget?.speed = try StudySpeed.kept(in: folder, Set(precisions)).operationsPerSecond
  }

  /// Languages of the primary comparison have to be measured.
  private static func checkOver(
    _ comparison: StudyDesign.Comparison?, _ languages: [String], _ path: String
  ) throws {
    let words = [StudyDesign.Comparison.untaught, StudyDesign.Comparison.all]
    for language in comparison?.over ?? []
    where !words.contains(language) && !languages.contains(language) {
      throw StudyFailure.badFile(
        path: path, line: 0,
        expected: "compare.primary.over: untaught, all, or languages that are measured ("
          + MessageList.of(languages) + ")", found: "\"\(language)\"")
    }
  }

  /// Read before anything is trained, in the order of the languages. Throws `StudyFailure.badFile`,
  /// `TranslationFailure`, and what reading the files throws.
  private static func translations(
    _ measure: StudyDesign.Measure, _ dataset: Dataset, _ languages: [String], _ path: String
  ) throws -> [TranslatedCaptions] {
    let split = Split(rawValue: measure.split) ?? .test
    var files: [String: String] = [:]
    for (given, file) in measure.translations ?? [:] {
      let code = try DatasetLanguages.resolve(given, in: dataset, split: split)
      guard languages.contains(code), files.updateValue(file, forKey: code) == nil else {
        throw StudyFailure.badFile(
          path: path, line: 0,
          expected: "evaluate.translations of languages that are measured, each once ("
            + MessageList.of(languages) + ")", found: "\"\(given)\"")
      }
    }
    return try languages.compactMap { language in
      try files[language].map { file in
        try TranslatedCaptions(
          path: file, language: language,
          of: try dataset.gold(language, split, perImage: measure.captions ?? .max))
      }
    }
  }

  /// Before anything is trained: the languages aligned on are there.
  private static func checkAligned(_ design: StudyDesign, _ dataset: Dataset) throws {
    let given =
      design.axes.filter { $0.name == "language" }.flatMap(\.values)
      + design.fixed.filter { $0.key == "language" }.map(\.value)
    _ = try DatasetLanguages.resolve(given, in: dataset, split: .train)
    let usual = given.isEmpty ? [TrainingSettings.usualLanguage] : given
    for mix in try design.mixes {
      for language in usual {
        let aligned = try DatasetLanguages.resolve(language, in: dataset, split: .train)
        _ = try FewShotDraw(try FewShotCounts(mix), in: dataset, aligned: aligned, seed: 0)
      }
    }
  }

  /// Few-shot pairs are there to be measured in their language. Throws `StudyFailure.badFile`.
  private static func checkTarget(
    _ design: StudyDesign, _ dataset: Dataset, _ languages: [String], _ path: String
  ) throws {
    for count in try design.mixes.flatMap({ try FewShotCounts($0).counts }) {
      let code = try DatasetLanguages.resolve(count.language, in: dataset, split: .train)
      guard !languages.contains(code) else { continue }
      throw StudyFailure.badFile(
        path: path, line: 0,
        expected: "evaluate.languages with \(code), of which captions are mixed in",
        found: MessageList.of(languages))
    }
  }

  /// The name that jobs take. An embedded dataset that is not there is built, as `xling align` does; the small
  /// form of a study takes small scenes.
  private static func prepared(
    _ name: String, _ isSmall: Bool, _ observe: (Event) -> Void
  ) throws -> String {
    if let shift = EmbeddedDataset.shift(name) {
      let folder = EmbeddedDataset.folder(of: shift)
      let isThere = [name, folder].contains { FileManager.default.fileExists(atPath: $0) }
      if !isThere {
        try build(folder, observe) { try DatasetBuilder.emoji(into: folder, shift: shift) }
      }
      return name
    }
    guard let embedded = EmbeddedDataset(rawValue: name) else { return name }
    let isSmallScenes = isSmall && embedded == .scenes
    let folder = isSmallScenes ? QuickstartPlan.small.data : embedded.folder
    guard !FileManager.default.fileExists(atPath: folder) else {
      return isSmallScenes ? folder : name
    }
    switch embedded {
    case .scenes:
      try build(folder, observe) {
        try DatasetBuilder.scenes(
          into: folder, counts: isSmallScenes ? QuickstartPlan.small.scenes : .standard)
      }
    case .emoji: try build(folder, observe) { try DatasetBuilder.emoji(into: folder) }
    case .stamps: return try EmbeddedDataset.resolve(name)
    }
    return isSmallScenes ? folder : name
  }

  private static func build(
    _ folder: String, _ observe: (Event) -> Void, _ work: () throws -> DatasetSummary
  ) throws {
    observe(.building(folder: folder))
    let began = ProgressBar.uptime()
    let summary = try work()
    // Another process of the study may have been first.
    guard summary.isNew else { return }
    observe(
      .built(
        folder: folder, languages: summary.languages.count, seconds: ProgressBar.uptime() - began))
  }
}
