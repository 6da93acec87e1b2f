import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns
import XlingTensor
import XlingTowers

/// Aligns two towers on the captions of a dataset, in a run's folder, and records the run in a store.
///
/// ``init(_:towers:)`` makes the checks that cost little; ``run(on:storing:observe:)`` reads the data and trains. A run that
/// is begun twice, or resumed, ends with the same bits.
public struct AlignJob {
  public struct Options {
    public var recipe: Recipe
    /// The card's, with whatever goes before it.
    public var settings: TrainingSettings
    /// `scenes`, `emoji`, `stamps`, or a dataset's folder in the generic layout.
    public var data: String
    public var followsLinks = false
    /// Folders; nil is the shipped tower.
    public var textTower: String?
    public var imageTower: String?
    /// The run's folder; nil is `runs/METHOD-DATA-seedSEED`.
    public var output: String?
    /// A run whose trained weights this one starts from.
    public var startFrom: String?
    /// A file of new pieces for the tokenizer (`VocabularyExtensionFile`).
    public var extendsVocabulary: String?
    public var pictures = PictureChoices()
    /// A file with the order in which pairs of other languages are drawn (`FewShotOrder`).
    public var mixFile: String?
    /// Go on with what is there; without it a run that is there is an error.
    public var resumes = false
    /// Vectors of frozen towers are kept beside the store, and taken from there.
    public var keepsFeatures = true
    /// And states of trunks.
    public var trunks = TrunkWish()
    /// How the run was begun, for whoever goes on with it.
    public var command: RunCommand?
    /// The command that goes on after an interruption, for its message.
    public var resumeCommand: String?

    /// Of the captions, as it was given.
    var language: String { settings.language ?? TrainingSettings.usualLanguage }

    public init(_ recipe: Recipe, _ settings: TrainingSettings, data: String) {
      self.recipe = recipe
      self.settings = settings
      self.data = data
    }
  }

  /// What a training will be.
  public struct Plan: Sendable, Equatable {
    public let method: String
    public let dataset: String
    public let language: String
    public let pairs: Int
    /// `few-shot tr=10`, where it is.
    public let fewShot: String?
    /// The towers' folders.
    public let textTower: String
    public let imageTower: String
    public let seed: UInt64
    public let steps: Int
    /// About, on this machine.
    public let seconds: Double
  }

  public enum Event {
    /// The data are read; the first step comes next.
    case planned(Plan)
    /// Pairs of other languages are mixed in, so many rows of a batch of `size`; `origin`: where the order in
    /// which they were drawn is from.
    case mixing(words: String, rows: Int, of: Int, origin: String)
    /// What is kept of frozen layers, before the first step.
    case trunks(TrunkPlan)
    case warning(Warning)
    /// What was measured and taken where `auto` was asked for.
    case measured(Precision.Measurement)
    /// The store has so many results of this very run, whose folder is gone: it is trained anew, and they
    /// are kept.
    case keptResults(Int)
    /// Trained tensors that were taken from another run.
    case starting(from: String, tensors: Int)
    case validating(done: Int, of: Int)
    /// Moments of what the heads read are taken, before the first step.
    case standardizing(done: Int, of: Int)
    case step(TrainingProgress)
    /// The last step is made, and the run's folder whole.
    case trained
    /// The run is there and finished: nothing is trained.
    case alreadyFinished(folder: String)
  }

  private let options: Options
  /// The dataset's folder.
  private let data: String
  private let towers: TowerPair
  /// What `auto` was found to be.
  private let measurement: Precision.Measurement?

  /// Throws where a folder is in the way, a language is none, towers or the run to start from cannot be
  /// read: `RunFailure`, `LanguageFailure`, `TowerFailure`, `TokenizerFailure`, `FileFailure`.
  public init(_ options: Options, towers: TowerPair? = nil) throws {
    self.options = options
    data = try EmbeddedDataset.resolve(options.data)
    if let output = options.output { try Self.checkIsFree(RunFolder(output), options) }
    try DatasetLanguages.check([options.language], file: DataSource(options.data).captions)
    if let run = options.startFrom { _ = try RunFolder(run).record() }
    self.towers =
      try towers
      ?? TowerPair(
        text: options.textTower, image: options.imageTower, extension: options.extendsVocabulary)
    measurement =
      try options.settings.precision == .auto
      ? Self.measure(self.towers, heads: options.settings.heads) : nil
  }

  /// At the width of the wider tower.
  private static func measure(
    _ towers: TowerPair, heads: Int?
  ) throws -> Precision.Measurement {
    let widths = try [(towers.text, nil), (towers.image, heads)].map { tower, heads in
      switch try TowerCheckpoint(tower.folder, heads: heads).configuration {
      case .text(let text): text.hiddenSize
      case .image(let image): image.hiddenSize
      case .whole(let whole): whole.image.hiddenSize
      }
    }
    return Precision.measure(width: widths.max() ?? 0)
  }

  /// Without `resumes` a finished run may be this very one, which the data will tell where what can be known
  /// before them does not; one that stopped is in the way. Throws
  /// ``RunFailure/interrupted(path:step:resume:)``, ``RunFailure/runExists(path:)``.
  private static func checkIsFree(_ folder: RunFolder, _ options: Options) throws {
    guard folder.exists, !options.resumes else { return }
    let record = try folder.record()
    guard record.isFinished else {
      throw RunFailure.interrupted(
        path: folder.path, step: folder.checkpointStep() ?? 0, resume: options.resumeCommand)
    }
    let (begun, settings) = (record.identity.configuration, options.settings)
    guard begun.recipe == options.recipe, settings.steps.map({ $0 == begun.steps }) ?? true,
      begun.seed == settings.seed ?? TrainingSettings.usualSeed
    else { throw RunFailure.runExists(path: folder.path) }
  }

  /// Trains, or goes on, or finds that nothing is left to do. `store` is asked for once the run's folder is
  /// known and held. Throws `DataFailure`, `AlignmentFailure`, `ExperimentFailure`, `FileFailure`,
  /// `InterruptionFailure` (a checkpoint is written).
  public func run(
    on given: Dataset? = nil, storing store: (_ folder: String) throws -> ExperimentStore,
    observe: @escaping (Event) -> Void
  ) throws -> AlignResult {
    let dataset = try given ?? Dataset.load(data, followingLinks: options.followsLinks)
    if !dataset.spellings.isEmpty {
      observe(.warning(.spellings(dataset.spellings, of: data)))
    }
    let folder = RunFolder(options.output ?? defaultFolder(on: dataset))
    // Before anything of it is read, and until the end: nobody else works in the run's folder.
    let lock = try FileLock(folder: folder.path)
    defer { lock.release() }
    folder.removePartials()
    try Self.checkIsFree(folder, options)
    // Where nothing was begun there is nothing to go on with: the run begins. A finished run that is this
    // very one is done.
    let goesOn = folder.exists
    let start = try options.startFrom.map { try StartingWeights(run: $0) }
    let draw = try Self.fewShot(options, on: dataset)
    var identity = try identity(on: dataset, start, draw)
    if let measurement, !goesOn { observe(.measured(measurement)) }
    if goesOn {
      let begun = try folder.record().identity
      // A second measurement may come out otherwise.
      if measurement != nil { identity.configuration.precision = begun.configuration.precision }
      identity.takeName(of: begun, on: dataset)
      if !options.resumes { try check(identity, is: begun, in: folder) }
    }
    let opened = try store(folder.path)
    let journal = RunJournal(opened, run: folder, command: options.command)
    let keptResults = try journal.prepare(identity, resume: goesOn)
    if keptResults > 0 { observe(.keptResults(keptResults)) }
    let damage = PictureDamage()
    let (training, trunks) = try training(
      identity, dataset, folder, damage, start: start, draw: draw,
      featuresBeside: options.keepsFeatures ? opened.path : nil, observe)
    if goesOn, let record = try training.finishedRecord() {
      try journal.settle(record)
      observe(.alreadyFinished(folder: folder.path))
      return try AlignResult(record, folder.path)
    }
    for warning in try TowerWarnings.nonFinite(training.model, of: identity) {
      observe(.warning(warning))
    }
    if let caution = training.model.precision.caution {
      observe(.warning(.precision(caution)))
    }
    try Self.checkMemory(training)
    observe(.planned(plan(training, dataset)))
    if let draw, let mix = identity.configuration.mix {
      let size = identity.configuration.batchSize
      observe(
        .mixing(
          words: identity.configuration.fewShot.words ?? "", rows: mix.rows(of: size), of: size,
          origin: draw.origin))
    }
    if let trunks { observe(.trunks(trunks)) }
    training.trainer.validating = { observe(.validating(done: $0, of: $1)) }
    training.trainer.standardizing = { observe(.standardizing(done: $0, of: $1)) }
    let record = try train(training, journal, resume: goesOn, observe)
    observe(.trained)
    if let damaged = damage.warning { observe(.warning(damaged)) }
    return try AlignResult(record, folder.path)
  }
}

extension AlignJob {
  /// What decides the run's bits, on one dataset. Throws what resolving its language and reading the towers'
  /// folders throws.
  public func identity(on dataset: Dataset) throws -> RunIdentity {
    try identity(
      on: dataset, try options.startFrom.map { try StartingWeights(run: $0) },
      try Self.fewShot(options, on: dataset))
  }

  private func identity(
    on dataset: Dataset, _ start: StartingWeights?, _ draw: FewShotDraw?
  ) throws -> RunIdentity {
    var settings = options.settings
    let language = try DatasetLanguages.resolve(options.language, in: dataset, split: .train)
    settings.language = language
    var configuration = settings.configuration(of: options.recipe) { configuration in
      min(dataset.coverage(language, .train).n, configuration.pairLimit ?? .max)
    }
    if let measurement, measurement.fastest == .bf16 { configuration.precision = .bf16 }
    configuration.dropout = try towers.dropout(
      configuration.dropout ?? .trained, heads: settings.heads)
    try declarePictures(in: &configuration)
    configuration.startsFrom = start?.hash
    configuration.mix = draw.flatMap {
      CaptionMix($0, share: settings.mixShare, drawsBySeed: settings.mixSeed == .run)
    }
    configuration.mixedBefore = start.flatMap { $0.fewShot.isEmpty ? nil : $0.fewShot }
    configuration.vocabulary = towers.vocabulary
    try TextDeclarations(towers).apply(settings, to: &configuration)
    return RunIdentity(
      text: towers.text, image: towers.image, tokenizerHash: towers.tokenizer.contentHash,
      dataHash: dataset.contentHash, configuration: configuration)
  }

  /// Throws ``RunFailure/runExists(path:)`` where the folder's run is another one.
  private func check(_ identity: RunIdentity, is begun: RunIdentity, in folder: RunFolder) throws {
    do {
      try begun.check(equals: identity, at: folder.path)
    } catch RunFailure.notTheSameRun {
      throw RunFailure.runExists(path: folder.path)
    }
  }

  private func plan(_ training: RunTraining, _ dataset: Dataset) -> Plan {
    let configuration = training.configuration
    let pairs = training.trainer.training.count
    return Plan(
      method: options.recipe.name, dataset: dataset.name, language: configuration.language,
      pairs: pairs, fewShot: configuration.fewShot.words, textTower: towers.text.folder,
      imageTower: towers.image.folder,
      seed: configuration.seed, steps: configuration.steps,
      seconds: TrainingDuration.seconds(
        TrainingOperations(
          training.model, configuration, tokens: TrainingDuration.typicalTokens, pairs: pairs,
          captions: pairs),
        steps: configuration.steps,
        operationsPerSecond: TrainingDuration.operationsPerSecond(training.model.precision)))
  }

  private func defaultFolder(on dataset: Dataset) -> String {
    let seed = options.settings.seed ?? TrainingSettings.usualSeed
    return "runs/\(options.recipe.name)-\(dataset.name)-seed\(seed)"
  }

  /// How pictures are prepared and pooled, as the image tower's folder declares where nobody says it. What a
  /// run does anyway is left out, so that runs stay what they were.
  private func declarePictures(in configuration: inout AlignmentConfiguration) throws {
    let settings = options.settings
    let checkpoint = try TowerCheckpoint(towers.image.folder, heads: settings.heads)
    guard let image = checkpoint.configuration.image else { return }
    if settings.heads != nil, let own = try? TowerCheckpoint(towers.image.folder),
      own.guessedHeads == nil, own.configuration.image?.heads == image.heads
    {
      configuration.imageHeads = nil
    }
    let pooling = settings.imagePooling ?? image.pooling
    try image.check(pooling, path: checkpoint.configurationPath ?? checkpoint.checkpoint.path)
    configuration.imagePooling = pooling == .cls ? nil : pooling
    let statistics = configuration.pictureStatistics.channels
    var choices = options.pictures
    choices.shorterSide = choices.shorterSide ?? settings.resizeShorter
    let input = try checkpoint.pictureInput(
      choices, imageSize: settings.imageSize,
      preset: settings.pictures.map { _ in statistics })
    let usual = configuration.pictureInput(side: image.imageSize)
    configuration.pictureInput = input == usual ? nil : input
  }

  private func training(
    _ identity: RunIdentity, _ dataset: Dataset, _ folder: RunFolder, _ damage: PictureDamage,
    start: StartingWeights?, draw: FewShotDraw?, featuresBeside store: String?,
    _ observe: (Event) -> Void
  ) throws -> (RunTraining, TrunkPlan?) {
    let configuration = identity.configuration
    let model = try DualEncoder(
      text: towers.text, image: towers.image, configuration: configuration)
    try towers.check(model, maximumTokens: configuration.maximumTokens)
    // What is kept of frozen layers is known by their weights, which are these from here on.
    if let start {
      let taken = try start.copy(into: model)
      observe(.starting(from: start.run, tensors: taken))
    }
    func pairs(_ split: Split) throws -> DatasetPairs {
      try DatasetPairs(
        dataset, split: split, tokenizer: towers.tokenizer, configuration: configuration,
        mixing: split == .train ? draw : nil, damage: damage)
    }
    let hasValidation = dataset.coverage(configuration.language, .val).n > 0
    let (train, val) = (try pairs(.train), hasValidation ? try pairs(.val) : nil)
    let trunks = try store.map {
      try TrunkPlan(
        model, identity, training: train, validation: val, besideStore: $0, options.trunks)
    }
    let frozen = try store.flatMap {
      try model.frozenFeatures(
        besideStore: $0, of: identity, trunks: trunks?.budget ?? .nothing)
    }
    let training = try RunTraining(
      model, identity: identity, training: train, validation: val, run: folder, frozen: frozen)
    training.mixed = draw?.record
    return (training, trunks)
  }

  /// Trains, and has the store know how far it came, however it ends.
  private func train(
    _ training: RunTraining, _ journal: RunJournal, resume: Bool,
    _ observe: @escaping (Event) -> Void
  ) throws -> RunRecord {
    if let command = options.resumeCommand { training.resumeCommand = command }
    training.changed = { observe(.warning(.arithmeticChanged(folder: training.folder.path, $0))) }
    do {
      let record = try training.train(resume: resume) { progress in
        try journal.note(progress, checkpointEvery: training.configuration.checkpointEvery)
        observe(.step(progress))
      } began: {
        try journal.begin(resume: resume)
      }
      try journal.close(.finished)
      return record
    } catch let failure as InterruptionFailure {
      try journal.close(.interrupted)
      throw failure
    } catch {
      // The reason matters more than whether the store could note it.
      try? journal.close(.failed)
      throw error
    }
  }
}
