import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval
import XlingRuns

extension Split: ExpressibleByArgument {}

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

  @Option(help: "The folder with the files of a published test set (default: in data/).")
  var root: String?

  @OptionGroup var links: LinkOptions

  @Option(help: "A language's code or name, repeatable; or all.")
  var lang: [String] = []

  @Option(help: "train, val or test.")
  var split: Split = .test

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

  @Option(
    help: "Threads (default: the machine's cores).",
    transform: NumberRange.whole(1...NumberRange.threads))
  var threads: Int?

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
      if name != nil || data != nil || captionsPerPicture != nil || noCache || root != nil
        || ambiguity || replace
      {
        throw ValidationError(
          "a run, --data, --root, --captions-per-picture, --ambiguity, --replace and --no-cache do not "
            + "go with --image-embeddings")
      }
      if trec.trec != nil, embeddings.shard != nil {
        throw ValidationError("--trec needs the whole: no --shard")
      }
      if lang.count > 1 { throw ValidationError("embeddings are of one language: one --lang") }
      return
    }
    if name == nil { throw ValidationError("name a run, or give --image-embeddings") }
    if data == nil { throw ValidationError("name the data: --data scenes") }
    if lang.isEmpty { throw ValidationError("name a language: --lang tr, or --lang all") }
  }

  func run() throws {
    if let threads { Parallel.setThreads(threads) }
    Interruption.watch()
    if let name, let data { return try evaluate(run: name, on: data) }
    try embeddings.evaluate(measure, language: lang.first, trec: trec)
  }

  private func evaluate(run name: String, on data: String) throws {
    let metrics = try measure.metrics()
    let place = try store.place(for: [name])
    let folder = try RunLookup.folder(name, store: place.path)
    try EvalLanguages.check(lang, file: DataSource.captions(data))
    let dataset = try DataSource.load(data, root: root, links)
    let languages = try EvalLanguages.resolve(lang, in: dataset, split: split)
    let evaluated = try LoadedRun(folder: folder)
    try TowerWarnings.nonFinite(evaluated)
    let store = try ExperimentStore(path: place.path)
    try RunLookup.register(evaluated, in: store)
    let evaluator = try Evaluator(
      evaluated.model, tokenizer: evaluated.tokenizer, dataset: dataset, plan: try plan(evaluated),
      cache: try cache(evaluated, place))
    try LeakWarnings.look(
      evaluated, evaluator,
      test: ["--test", data, "--test-split", split.rawValue]
        + (root.map { ["--test-root", $0] } ?? []))
    let evaluations = try evaluateAll(languages, evaluator, evaluated.name, store, metrics)
    let lenient = try ambiguity ? ambiguities(languages, evaluator, evaluated.name) : []
    if let folder = trec.trec {
      for language in languages {
        for (name, files) in try evaluator.trecFiles(
          language, depth: trec.trecDepth, tag: evaluated.name)
        {
          try files.write(to: folder, name: "\(language).\(name)")
        }
      }
    }
    tellEmbedded(evaluator, place)
    let partial = Set(languages.filter { dataset.coverage($0, split).isPartial })
    let averages = EvalAverages(evaluations, evaluator)
    let rows =
      evaluations.flatMap {
        ResultRow.rows($0, metrics, partial: partial.contains($0.language))
      } + (try averages.sums(metrics)) + (try averages.means(metrics))
      + lenient.flatMap(\.rows)
    try measure.print(rows) {
      ([text(evaluations, evaluated.name, evaluator, partial)] + lenient.map(\.text))
        .joined(separator: "\n\n")
    }
  }

  /// What repeats in each language, as rows and as a table; nothing where nothing does.
  private func ambiguities(
    _ languages: [String], _ evaluator: Evaluator, _ run: String
  ) throws -> [(rows: [ResultRow], text: String)] {
    try languages.compactMap { language in
      guard let result = try evaluator.ambiguity(language) else { return nil }
      let table = result.metrics.map { metric in
        [
          metric.name, metric.direction?.words ?? "both", "\(metric.estimate.n)",
          Figures.estimate(metric.estimate, isRate: metric.isRate, chance: metric.chance),
          ChanceText.figure(metric.chance.map { 100 * $0 }),
        ]
      }
      let title =
        "\(language): \(result.repeatedCaptions) captions and \(result.repeatedPictures) pictures "
        + "repeat\n"
      return (
        result.metrics.map {
          ResultRow($0, language: language, run: run, measured: evaluator.measured())
        },
        title
          + TextTable(
            [["metric", "direction", "n", "percent", "chance"]] + table, leading: 2).text
      )
    }
  }

  private func cache(
    _ run: LoadedRun, _ store: StorePlace
  ) throws -> (rows: EmbeddingCache, model: String)? {
    guard !noCache, let rows = try EmbeddingCache.beside(store: store.path) else { return nil }
    return (rows, try run.modelHash())
  }

  private func tellEmbedded(_ evaluator: Evaluator, _ store: StorePlace) {
    guard !noCache else { return }
    let (pictures, captions) = evaluator.embedded
    ProgressBar.toStandardError(
      "xling: embedded \(pictures) pictures and \(captions) captions; what was embedded before came "
        + "from \(EmbeddingCache.path(besideStore: store.path))\n")
  }

  private func plan(_ run: LoadedRun) throws -> EvaluationPlan {
    let configuration = run.record.identity.configuration
    var plan = EvaluationPlan(of: run, split: split, captionsPerPicture: captionsPerPicture)
    plan.ties = measure.ties
    plan.resamples = measure.resamples
    plan.seed = measure.seed
    plan.pictures = try pictures.choices.input(
      like: configuration.pictureInput(side: run.model.image.configuration.imageSize))
    return plan
  }

  private func evaluateAll(
    _ languages: [String], _ evaluator: Evaluator, _ name: String, _ store: ExperimentStore,
    _ metrics: [Metric]
  ) throws -> [Evaluation] {
    var all: [Evaluation] = []
    var saved = Saved()
    var bar = ProgressBar("eval \(name)", total: languages.count, unit: "languages")
    for (index, language) in languages.enumerated() {
      try Interruption.check(
        "evaluated and stored \(index) of \(languages.count) languages")
      let result = try evaluator.evaluate(language)
      let evaluations = try evaluator.evaluations(
        of: result, run: name, at: Date(), metrics: metrics)
      saved += try store.save(evaluations, replacing: replace)
      all += evaluations
      bar.advance(to: index + 1, language)
    }
    bar.finish()
    if saved.kept > 0 {
      ProgressBar.toStandardError(
        "xling: \(saved.kept) results were stored before and are the same; they stay\n")
    }
    if saved.replaced > 0 {
      ProgressBar.toStandardError(
        "xling: \(saved.replaced) stored results differed and were replaced\n")
    }
    PictureWarnings.damaged(evaluator.damage.all)
    return all
  }

  private func text(
    _ evaluations: [Evaluation], _ name: String, _ evaluator: Evaluator, _ partial: Set<String>
  ) -> String {
    var subsets: [String] = []
    for evaluation in evaluations where !subsets.contains(evaluation.measured.subset) {
      subsets.append(evaluation.measured.subset)
    }
    var blocks = subsets.map { subset in
      let part = evaluations.filter { $0.measured.subset == subset }
      let hash = part.first?.measured.hash.prefix(12) ?? ""
      return "\(name) on \(evaluator.dataset.name), \(split.rawValue), \(subset); "
        + "gallery \(evaluator.items.count) pictures; protocol \(hash)\n"
        + TextTable(part, measure.tabled, partial: partial).text
    }
    var note = "Percent [95 % interval]; \(measure.ties.words)."
    if !partial.isEmpty { note += "\n* fewer than 95 % of the pictures have a caption." }
    note +=
      "\n"
      + ChanceText.note(
        metrics: measure.tabled.count,
        marked: TextTable.isMarked(evaluations, measure.tabled))
    blocks.append(note)
    return blocks.joined(separator: "\n\n")
  }
}
