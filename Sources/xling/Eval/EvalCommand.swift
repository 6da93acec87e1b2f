import ArgumentParser
import XlingCore
import XlingData
import XlingExperiments
import XlingJobs
import XlingRuns

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract:
      "Measure retrieval in any languages, both directions: of a run, or of any embeddings.",
    discussion: """
      xling eval RUN --data DATA --lang LANG …
      xling eval --image-embeddings I.npy --text-embeddings T.npy --gold gold.jsonl [--lang LANG]

      Every caption ranks all pictures of the split, every picture all captions of the language. \
      Ties count against the system. A run's ranks are stored query by query; `xling compare` reads \
      them.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or a stored run's name.", valueName: "run"))
  var name: String?

  @Option(
    help: "scenes, emoji, stamps (in data/), a dataset folder, or a name of `xling data list`.")
  var data: String?

  @OptionGroup var files: DataFilesOptions

  @Option(help: "A language's code or name, repeatable; or all.")
  var lang: [String] = []

  @OptionGroup var split: SplitOption

  @Option(
    help: "Use the first so many captions of each picture (default: all).",
    transform: NumberRange.whole(from: 1))
  var captionsPerPicture: Int?

  @OptionGroup var store: StoreOption

  @Flag(help: "Lenient recall and the upper bound too, where captions or pictures repeat.")
  var ambiguity = false

  @Flag(help: "Put results that differ from stored ones in their place.")
  var replace = false

  @Flag(help: "Embed everything anew, and keep no embeddings beside the store.")
  var noCache = false

  @OptionGroup var threads: ThreadsOption

  @OptionGroup(title: "What is measured")
  var measure: EvalMeasureOptions

  @OptionGroup(title: "Rankings for trec_eval, ranx and ir_measures")
  var trec: EvalTRECOptions

  @OptionGroup(title: "Pictures, where not as in training")
  var pictures: PictureOptions

  @OptionGroup(title: "Embeddings made elsewhere")
  var embeddings: EvalEmbeddingOptions

  func validate() throws {
    guard !embeddings.isUsed else {
      try GivenOptions.refuse(
        GivenOptions.names([
          ("a run", name != nil), ("--data", data != nil), ("--split", split.given != nil),
          ("--captions-per-picture", captionsPerPicture != nil), ("--store", store.path != nil),
          ("--ambiguity", ambiguity), ("--replace", replace), ("--no-cache", noCache),
        ]) + files.given + pictures.given, "with --image-embeddings")
      if embeddings.shard != nil {
        try GivenOptions.refuse(
          GivenOptions.names([("--lang", !lang.isEmpty)]) + measure.given + trec.given,
          "with --shard, which counts only: give it to `xling merge`")
      }
      if lang.count > 1 { throw ValidationError("embeddings are of one language: one --lang") }
      return
    }
    if name == nil { throw ValidationError("name a run, or give --image-embeddings") }
    if data == nil { throw ValidationError("name the data: --data scenes") }
    if lang.isEmpty { throw ValidationError("name a language: --lang tr, or --lang all") }
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    if let name, let data { return try evaluate(run: name, on: data) }
    try embeddings.evaluate(measure, language: lang.first, trec: trec)
  }

  private func evaluate(run name: String, on data: String) throws {
    let metrics = try measure.metrics()
    let place = try store.place(for: [name])
    var options = EvaluateJob.Options(
      EvaluationSubject(
        run: try RunLookup.folder(name, store: place.path), data: files.source(data),
        languages: lang, split: split.split))
    options.captionsPerPicture = captionsPerPicture
    options.metrics = metrics
    options.ties = measure.ties
    options.resamples = measure.resamples
    options.seed = measure.seed
    options.pictures = pictures.choices
    options.measuresAmbiguity = ambiguity
    options.replaces = replace
    options.keepsEmbeddings = !noCache
    options.rankings = trec.trec.map { .init(folder: $0, depth: trec.trecDepth) }
    let result = try EvaluateJob(options).run(
      in: ExperimentStore(path: place.path), LanguageProgress("eval").tell)
    try measure.print(result.rows) { result.text(measure) }
  }
}
