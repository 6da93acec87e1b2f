import ArgumentParser
import XlingCore
import XlingData
import XlingExperiments
import XlingJobs
import XlingRuns
import XlingUnicode

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract:
      "Measure retrieval in any languages, both directions: of a run, or of any embeddings.",
    discussion: """
      xling eval [RUN] [--data DATA] [--lang LANG …]
      xling eval --image-embeddings I.npy --text-embeddings T.npy --gold gold.jsonl [--lang LANG]

      Without RUN it is the newest finished one, without --data what it was trained on, without --lang \
      the language aligned on and ru, pl, tr, zh, ko, it, es.

      Every caption ranks all pictures of the split, every picture all captions of the language. \
      Ties count against the system. A run's ranks are stored query by query; `xling compare` reads \
      them.
      """)

  @OptionGroup var which: RunOption

  @OptionGroup var subject: SubjectDataOptions

  @Option(
    help: "Use the first so many captions of each picture (default: all).",
    transform: NumberRange.whole(from: 1))
  var captionsPerPicture: Int?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Subtract the mean embedding of the unpaired sentences in FILE, one a line, from that language's "
        + "captions; repeatable. Every result that uses it says so.", valueName: "language=file"))
  var centre: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      translate-test: translations of the captions in the one --lang into the language aligned on, a line each \
      or ID<TAB>TEXT, stand for them. Results are of a protocol of their own.
      """, valueName: "file"))
  var translations: String?

  @Flag(help: "Lenient recall and the upper bound too, where captions or pictures repeat.")
  var ambiguity = false

  @Flag(help: "Put results that differ from stored ones in their place.")
  var replace = false

  @Flag(help: "Embed everything anew, and keep no embeddings beside the store.")
  var noCache = false

  @Option(
    help: ArgumentHelp(
      """
      Measure again with captions written otherwise, several with commas between: \
      \(Perturbation.allCases.map(\.rawValue).joined(separator: ", ")), or all.
      """, valueName: "list"))
  var perturb: String?

  @Option(
    help: "Seed of the perturbations that draw, zwj and keyboard (default: 0).",
    transform: NumberRange.seed)
  var perturbSeed: UInt64?

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
    _ = try centred()
    if !centre.isEmpty, let format = measure.format, format == .clipBenchmark || format == .mteb {
      throw ValidationError(
        "--format \(format.rawValue) has no place to say that captions were centred; leave --centre out, "
          + "or take --json or --format csv")
    }
    if translations != nil {
      try GivenOptions.refuse(
        GivenOptions.names([
          ("--centre", !centre.isEmpty), ("--perturb", perturb != nil),
        ]), "with --translations, whose language is that aligned on")
      if subject.languages.words.count != 1 || subject.languages.words == ["all"] {
        throw ValidationError("--translations are of one language: name it by --lang")
      }
    }
    if let perturb {
      let kinds: [Perturbation]
      do {
        kinds = try Perturbation.list(perturb)
      } catch {
        throw ValidationError("\(error)")
      }
      if perturbSeed != nil, !kinds.contains(where: \.isDrawn) {
        throw ValidationError("--perturb-seed goes with zwj and keyboard: nothing else is drawn")
      }
    } else if perturbSeed != nil {
      throw ValidationError("--perturb-seed goes with --perturb")
    }
    if embeddings.isUsed {
      try GivenOptions.refuse(
        GivenOptions.names([
          ("a run", which.name != nil), ("--data", subject.data != nil),
          ("--split", subject.split != nil),
          ("--precision", subject.precision.precision != nil), ("--strict", which.guess.strict),
          ("--captions-per-picture", captionsPerPicture != nil), ("--centre", !centre.isEmpty),
          ("--translations", translations != nil), ("--store", which.store.path != nil),
          ("--ambiguity", ambiguity),
          ("--replace", replace), ("--no-cache", noCache), ("--perturb", perturb != nil),
          ("--perturb-seed", perturbSeed != nil),
        ]) + subject.files.given + pictures.given, "with --image-embeddings")
      if embeddings.shard != nil {
        try GivenOptions.refuse(
          GivenOptions.names([("--lang", !subject.languages.given.isEmpty)]) + measure.given
            + trec.given, "with --shard, which counts only: give it to `xling merge`")
      }
      if subject.languages.words.count > 1 {
        throw ValidationError("embeddings are of one language: one --lang")
      }
    }
  }

  /// Languages and files. Throws `ValidationError`.
  private func centred() throws -> [(language: String, file: String)] {
    try centre.map { given in
      let parts = given.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--centre \(given): expected LANGUAGE=FILE, such as de=sentences.txt")
      }
      return (parts[0], parts[1])
    }
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    guard embeddings.isUsed else { return try evaluate() }
    try embeddings.evaluate(measure, language: subject.languages.words.first, trec: trec)
  }

  private func evaluate() throws {
    let metrics = try measure.metrics()
    let found = try which.found()
    var options = EvaluateJob.Options(try subject.subject(found, which.guess))
    options.captionsPerPicture = captionsPerPicture
    options.centred = try centred()
    options.translations = translations
    options.metrics = metrics
    options.ties = measure.ties
    options.resamples = measure.resamples
    options.seed = measure.seed
    options.pictures = pictures.choices
    options.measuresAmbiguity = ambiguity
    options.replaces = replace
    (options.keepsEmbeddings, options.keepsFeatures) = (!noCache, !noCache)
    options.perturbations = try perturb.map { try Perturbation.list($0) } ?? []
    options.perturbationSeed = perturbSeed ?? 0
    options.rankings = trec.trec.map { .init(folder: $0, depth: trec.trecDepth) }
    let result = try withDataChoices {
      try EvaluateJob(options).run(
        in: ExperimentStore(path: found.place.path), LanguageProgress("eval").tell)
    }
    try measure.print(result.rows) { result.text(measure) }
  }
}
