import ArgumentParser
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRetrieval
import XlingRuns

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

  @OptionGroup var links: LinkOptions

  @Option(help: "A language's code or name, repeatable; or all.")
  var lang: [String]

  @Option(help: "train, val or test.")
  var split: Split = .test

  @OptionGroup var store: StoreOption

  @Option(
    help: "Threads (default: the machine's cores).",
    transform: NumberRange.whole(1...NumberRange.threads))
  var threads: Int?

  /// The languages, as the dataset calls them, and what measures them. `against`: a language that is asked
  /// for besides. Throws what reading run and
  /// data throws.
  func load(against: String? = nil) throws -> (
    run: LoadedRun, evaluator: Evaluator, languages: [String]
  ) {
    if let threads { Parallel.setThreads(threads) }
    Interruption.watch()
    let store = try store.place(for: [name]).path
    let folder = try RunLookup.folder(name, store: store)
    try EvalLanguages.check(lang + (against.map { [$0] } ?? []), file: DataSource.captions(data))
    let dataset = try DataSource.load(data, root: root, links)
    let languages = try EvalLanguages.resolve(lang, in: dataset, split: split)
    let run = try LoadedRun(folder: folder)
    let rows = try EmbeddingCache.beside(store: store)
    let evaluator = try Evaluator(
      run.model, tokenizer: run.tokenizer, dataset: dataset,
      plan: EvaluationPlan(of: run, split: split), cache: try rows.map { ($0, try run.modelHash()) }
    )
    return (run, evaluator, languages)
  }
}

extension EvaluationPlan {
  /// Captions and pictures are read as in the run's training.
  init(of run: LoadedRun, split: Split, captionsPerPicture: Int? = nil) {
    let configuration = run.record.identity.configuration
    self.init(
      split: split, captionsPerPicture: captionsPerPicture ?? .max,
      maximumTokens: min(30, run.model.text.configuration.maximumPositions),
      statistics: configuration.pictureStatistics)
    reading = configuration.captions
    pictures = configuration.pictureInput(side: run.model.image.configuration.imageSize)
  }
}
