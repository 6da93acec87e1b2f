import ArgumentParser
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval

/// A run on a dataset, for the commands that look into its results; embeddings are kept as by
/// `xling eval`.
struct EvalSubject: ParsableArguments {
  @Argument(help: ArgumentHelp("A run's folder, or a stored run's name.", valueName: "run"))
  var name: String

  @Option(
    help: "scenes, emoji, stamps (in data/), a dataset folder, or a name of `xling data list`.")
  var data: String

  @Option(help: "The folder with the files of a published test set (default: in data/).")
  var root: String?

  @Option(help: "A language's code or name, repeatable; or all.")
  var lang: [String]

  @Option(help: "train, val or test.")
  var split: Split = .test

  @Option(help: "The SQLite file that records results; embeddings are kept beside it.")
  var store: String = ExperimentStore.defaultPath

  @Option(
    help: "Threads (default: the machine's cores).",
    transform: NumberRange.whole(1...NumberRange.threads))
  var threads: Int?

  /// The languages, as the dataset calls them, and what measures them. Throws what reading run and
  /// data throws.
  func load() throws -> (run: EvaluatedRun, evaluator: Evaluator, languages: [String]) {
    if let threads { Parallel.setThreads(threads) }
    Interruption.watch()
    let folder = try EvalRun.folder(name, store: store)
    let dataset = try DataSource.load(data, root: root)
    let languages = try EvalLanguages.resolve(lang, in: dataset, split: split)
    let run = try EvaluatedRun(folder: folder)
    let cache = try EmbeddingCache(path: EmbeddingCache.path(besideStore: store))
    let evaluator = try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset,
      plan: EvaluationPlan(of: run, split: split), cache: (cache, try run.modelHash()))
    return (run, evaluator, languages)
  }
}

extension EvaluationPlan {
  /// Captions and pictures are read as in the run's training.
  init(of run: EvaluatedRun, split: Split, captionsPerPicture: Int? = nil) {
    let configuration = run.record.identity.configuration
    self.init(
      split: split, captionsPerPicture: captionsPerPicture ?? .max,
      maximumTokens: min(30, run.model.text.configuration.maximumPositions),
      statistics: configuration.pictureStatistics)
    reading = configuration.captions
    pictures = configuration.pictureInput(side: run.model.image.configuration.imageSize)
  }
}
