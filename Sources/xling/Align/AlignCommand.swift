import ArgumentParser
import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingJobs
import XlingRuns
import XlingTowers

struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align",
    abstract: "Align an image and a text tower on the captions of one language.",
    discussion: """
      What is trained is the method's choice: see `xling methods`. Ctrl-C writes a checkpoint and \
      ends with status 130; the same command with --resume goes on to the same bits, also after a \
      kill.
      """)

  @OptionGroup var selection: MethodSelection

  @Option(help: "scenes, emoji, stamps (in data/), or a dataset folder.")
  var data: String

  @Option(help: "A folder with config.json, model.safetensors and tokenizer (default: mini-text).")
  var textTower: String?

  @Option(help: "A folder with config.json and model.safetensors (default: mini-image).")
  var imageTower: String?

  @Option(help: "The run's folder (default: runs/METHOD-DATA-seedSEED).")
  var output: String?

  @Option(help: "A run whose trained weights this one starts from, where names and shapes agree.")
  var startFrom: String?

  @OptionGroup var training: AlignTrainingOptions

  @OptionGroup var links: LinkOptions

  @OptionGroup(title: "Pictures")
  var pictures: PictureOptions

  @Flag(help: "Go on with an interrupted run: same options, same bits.")
  var resume = false

  @OptionGroup var store: StoreOption

  @OptionGroup var threads: ThreadsOption

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    threads.apply()
    Interruption.watch()
    let card = try selection.card()
    var settings = try training.settings(card)
    let (method, seed) = (card.name, settings.seed ?? TrainingSettings.usualSeed)
    let named = settings.language ?? TrainingSettings.usualLanguage
    let source = try EmbeddedDataset.resolve(data)
    if let output, RunFolder(output).exists, !resume {
      throw RunFailure.runExists(path: output)
    }
    try DatasetLanguages.check([named], file: DataSource(data).captions)
    if let startFrom { _ = try RunFolder(startFrom).record() }
    let towers = try AlignTowers(text: textTower, image: imageTower)
    let dataset = try DataSource.folder(source, links)
    let folder = RunFolder(output ?? "runs/\(method)-\(dataset.name)-seed\(seed)")
    // Before anything of it is read, and until the end: nobody else works in the run's folder.
    let lock = try FileLock(folder: folder.path)
    defer { lock.release() }
    folder.removePartials()
    if folder.exists, !resume { throw RunFailure.runExists(path: folder.path) }
    // Where nothing was begun there is nothing to go on with: the run begins.
    let goesOn = resume && folder.exists
    let language = try DatasetLanguages.resolve(named, in: dataset, split: .train)
    settings.language = language
    var configuration = settings.configuration(of: card.recipe) { configuration in
      min(dataset.coverage(language, .train).n, configuration.pairLimit ?? .max)
    }
    configuration.dropout = try towers.dropout(configuration.dropout ?? .trained)
    configuration.pictureInput = try pictureInput(towers.image, settings, configuration)
    let start = try startFrom.map { try StartingWeights(run: $0) }
    configuration.startsFrom = start?.hash
    var identity = RunIdentity(
      text: towers.text, image: towers.image, tokenizerHash: towers.tokenizer.contentHash,
      dataHash: dataset.contentHash, configuration: configuration)
    if goesOn { identity.takeName(of: try folder.record().identity, on: dataset) }
    let store = store.place(forNew: folder.path)
    let journal = RunJournal(
      try ExperimentStore(path: store.path), run: folder, command: Self.command)
    let kept = try journal.prepare(identity, resume: goesOn)
    if kept > 0 {
      ProgressBar.toStandardError(
        "xling: the store has this very run with \(kept) results, and its folder is gone; it is "
          + "trained anew, and the results are kept\n")
    }
    let damage = PictureDamage()
    let trainer = try trainer(towers, dataset, identity, folder, damage)
    if goesOn, let record = try trainer.finishedRecord() {
      try journal.settle(record)
      ProgressBar.toStandardError("\(folder.path) is finished: nothing is left to train\n")
      return try show(record, folder.path, store)
    }
    try TowerWarnings.nonFinite(trainer.model, text: towers.text, image: towers.image).tell()
    if let start {
      let taken = try start.copy(into: trainer.model)
      ProgressBar.toStandardError("starting from \(taken) trained tensors of \(start.run)\n")
    }
    let record = try trainAndStore(trainer, journal, method, resume: goesOn)
    damage.warning?.tell()
    try show(record, folder.path, store)
  }

  private func trainAndStore(
    _ trainer: RunTraining, _ journal: RunJournal, _ method: String, resume: Bool
  ) throws -> RunRecord {
    do {
      let record = try train(trainer, journal, method, resume: resume)
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

  /// nil where it is what a run does anyway, so that runs stay what they were.
  private func pictureInput(
    _ tower: TowerSource, _ settings: TrainingSettings, _ configuration: AlignmentConfiguration
  ) throws -> PictureInput? {
    let checkpoint = try TowerCheckpoint(tower.folder)
    guard case .image(let image) = checkpoint.configuration else { return nil }
    let input = try pictures.choices.input(
      tower: tower.folder, side: image.imageSize,
      preset: settings.pictures?.channels)
    return input == configuration.pictureInput(side: image.imageSize) ? nil : input
  }

  private func trainer(
    _ towers: AlignTowers, _ dataset: Dataset, _ identity: RunIdentity,
    _ folder: RunFolder, _ damage: PictureDamage
  ) throws -> RunTraining {
    let configuration = identity.configuration
    let model = try DualEncoder(
      text: towers.text, image: towers.image, configuration: configuration)
    try towers.check(model, maximumTokens: configuration.maximumTokens)
    func pairs(_ split: Split) throws -> DatasetPairs {
      try DatasetPairs(
        dataset, split: split, tokenizer: towers.tokenizer, configuration: configuration,
        damage: damage)
    }
    let hasValidation = dataset.coverage(configuration.language, .val).n > 0
    return try RunTraining(
      model, identity: identity, training: try pairs(.train),
      validation: hasValidation ? try pairs(.val) : nil, run: folder)
  }

  private func train(
    _ trainer: RunTraining, _ journal: RunJournal, _ method: String, resume: Bool
  ) throws -> RunRecord {
    let steps = trainer.configuration.steps
    trainer.resumeCommand = ShellWords.thisCommand(adding: self.resume ? [] : ["--resume"])
    var validation: ProgressBar?
    trainer.trainer.validating = { done, pairs in
      if validation == nil { validation = ProgressBar("validating", total: pairs, unit: "pairs") }
      validation?.advance(to: done)
      if done == pairs { validation = nil }
    }
    var bar: ProgressBar?
    var detail = ""
    let record = try trainer.train(resume: resume) { progress in
      if bar == nil {
        bar = ProgressBar("align \(method)", total: steps, startingAt: progress.step - 1)
      }
      detail = String(format: "loss %.3f", progress.loss)
      bar?.advance(to: progress.step, detail)
      try journal.note(progress, checkpointEvery: trainer.configuration.checkpointEvery)
    } began: {
      try journal.begin(resume: resume)
    }
    bar?.finish(detail)
    return record
  }

  private func show(
    _ record: RunRecord, _ path: String, _ store: StorePlace
  ) throws {
    let result = try AlignResult(record, path)
    if json {
      print(try JSONText.encode(result))
    } else {
      print(result.text)
      let next = ["xling", "eval", path, "--data", data, "--lang", "all"] + store.words(for: path)
      print("next: " + ShellWords.command(next))
    }
  }

  /// As it was given, without `--resume`.
  private static var command: RunCommand {
    RunCommand(
      folder: FileManager.default.currentDirectoryPath,
      words: ["xling"] + CommandLine.arguments.dropFirst().filter { $0 != "--resume" })
  }
}
