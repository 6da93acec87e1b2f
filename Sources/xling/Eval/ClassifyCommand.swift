import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval
import XlingRuns

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Measure zero-shot classification by a run, with class names of any language.",
    discussion: """
      xling classify RUN --data emoji --lang en --lang tr
      xling classify RUN --data FOLDER --classes classes.jsonl --prompts clip-80 --lang en

      A class is the mean of the embeddings of its names in all prompts; a picture's class is the \
      nearest one. Ties count against the system. --data is told apart by what lies there: \
      CIFAR-100's binary files, SVHN's test_32x32.mat, a dataset (its test pictures of one concept), \
      or a folder for each class. Results are printed, not stored.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or a stored run's name.", valueName: "run"))
  var name: String

  @Option(help: "scenes, emoji (in data/), or a folder with labelled pictures.")
  var data: String

  @Option(help: "A file of class names, one JSON object a class (default: those of the data).")
  var classes: String?

  @Option(help: "plain, photo, number, clip-80, or a TOML file of templates.")
  var prompts = "plain"

  @Option(help: "A language's code or name, repeatable; or all in which classes have names.")
  var lang: [String]

  @Flag(help: "Leave classes without a name in a language out, with their pictures.")
  var allowMissing = false

  @OptionGroup var store: StoreOption

  @Flag(help: "Embed everything anew, and keep no embeddings beside the store.")
  var noCache = false

  @Option(
    help: "Bootstrap resamples of the intervals.", transform: NumberRange.whole(100...1_000_000))
  var resamples = 1_000

  @Option(help: "Seed of the resamples.", transform: NumberRange.seed)
  var seed: UInt64 = 0

  @Option(
    help: "Threads (default: the machine's cores).",
    transform: NumberRange.whole(1...NumberRange.threads))
  var threads: Int?

  @Flag(help: "Print the results as JSON, one object a language and metric.")
  var json = false

  @OptionGroup var links: LinkOptions

  @OptionGroup(title: "Pictures, where not as in training")
  var pictures: PictureOptions

  func run() throws {
    if let threads { Parallel.setThreads(threads) }
    Interruption.watch()
    let store = try store.place(for: [name]).path
    let folder = try RunLookup.folder(name, store: store)
    let prompts = try PromptSet.load(prompts)
    try EvalLanguages.check(lang, file: classes ?? DataSource.captions(data))
    let labelled = try LabelledPictures.load(
      try EmbeddedDataset.resolve(data), followingLinks: links.followLinks)
    let names = try classNames(of: labelled)
    DataSource.tell(names.spellings, in: names.origin)
    let languages = try ClassifyLanguages.resolve(lang, in: names, labelled, allowMissing)
    let run = try LoadedRun(folder: folder)
    try TowerWarnings.nonFinite(run)
    let classifier = Classifier(
      run.model, tokenizer: run.tokenizer, pictures: labelled, plan: try plan(run),
      cache: try cache(run, store))
    var bar = ProgressBar("classify \(run.name)", total: languages.count, unit: "languages")
    var results: [ClassificationResult] = []
    for (index, language) in languages.enumerated() {
      results.append(
        try classifier.classify(
          language, names: names, prompts: prompts, allowMissing: allowMissing))
      bar.advance(to: index + 1, language)
    }
    bar.finish()
    PictureWarnings.damaged(classifier.damage.all)
    tell(results, classifier, store)
    print(
      json
        ? try JSONText.encode(
          results.flatMap { ClassifyRow.rows($0, run.name, labelled.name, prompts.name) })
        : text(results, run.name, labelled, prompts))
  }

  /// Those of the file, which must know every class; else those that the data bring along.
  private func classNames(of labelled: LabelledPictures) throws -> ClassNames {
    guard let classes else {
      if let names = labelled.names { return names }
      throw ClassificationFailure.unnamed(path: data)
    }
    let names = try ClassNames.read(classes)
    let unknown = labelled.classes.filter { !names.classes.contains($0) }
    guard unknown.isEmpty else {
      throw ClassificationFailure.unknownClasses(path: classes, classes: unknown)
    }
    let surplus = names.classes.count - labelled.classes.count
    if surplus > 0 {
      ProgressBar.toStandardError(
        "xling: \(surplus) classes of \(classes) have no pictures in \(data) and are left out\n")
    }
    return names
  }

  private func plan(_ run: LoadedRun) throws -> EvaluationPlan {
    var plan = EvaluationPlan(of: run, split: .test)
    plan.resamples = resamples
    plan.seed = seed
    plan.pictures = try pictures.choices.input(
      like: run.record.identity.configuration.pictureInput(
        side: run.model.image.configuration.imageSize))
    return plan
  }

  private func cache(
    _ run: LoadedRun, _ store: String
  ) throws -> (rows: EmbeddingCache, model: String)? {
    guard !noCache, let rows = try EmbeddingCache.beside(store: store) else { return nil }
    return (rows, try run.modelHash())
  }

  /// On stderr: what was embedded, and names that several classes share.
  private func tell(
    _ results: [ClassificationResult], _ classifier: Classifier, _ store: String
  ) {
    if !noCache {
      let (pictures, texts) = classifier.embedded
      ProgressBar.toStandardError(
        "xling: embedded \(pictures) pictures and \(texts) sentences; what was embedded before came "
          + "from \(EmbeddingCache.path(besideStore: store))\n")
    }
    for result in results where !result.sharedNames.isEmpty {
      let shown = result.sharedNames.prefix(3).map {
        "\"\($0.name)\" (\($0.classes.joined(separator: ", ")))"
      }
      ProgressBar.toStandardError(
        "xling: warning: in \(result.language) \(result.sharedNames.count) names stand for several "
          + "classes, which tie unless other names part them: \(shown.joined(separator: "; "))"
          + (result.sharedNames.count > 3 ? "; …" : "") + "\n")
    }
  }

  private func text(
    _ results: [ClassificationResult], _ name: String, _ labelled: LabelledPictures,
    _ prompts: PromptSet
  ) -> String {
    let ks = results.first?.accuracies.map(\.k) ?? []
    let rows = results.map { result in
      [
        result.language + (result.leftOut.isEmpty ? "" : "*"),
        "\(result.accuracies.first?.estimate.n ?? 0)", "\(result.classes)",
        String(format: "%.2f", 100 / Double(result.classes)),
      ]
        + ks.map { k in
          result.accuracies.first { $0.k == k }
            .map { Figures.estimate($0.estimate, isRate: true) } ?? "-"
        }
        + ["\(result.ties)"]
    }
    let header = ["language", "n", "classes", "chance"] + ks.map { "top-\($0)" } + ["ties"]
    var note = "Percent [95 % interval]; \(TieBreaking.pessimistic.words)."
    if results.contains(where: { !$0.leftOut.isEmpty }) {
      note += "\n* classes without a name in the language are left out with their pictures."
    }
    return "\(name) on \(labelled.name), zero-shot classification; prompts \(prompts.name): "
      + "\(prompts.title)\n" + TextTable([header] + rows, leading: 1).text + "\n\n" + note
  }
}

/// One number of `xling classify --json`.
private struct ClassifyRow: Encodable {
  let schema = "xling.classify/1"
  let run: String
  let data: String
  let language: String
  let metric: String
  /// Percent.
  let value: Double
  let low: Double
  let high: Double
  let n: Int
  let ties: Int
  let classes: Int
  /// What guessing would reach, percent.
  let chance: Double
  let leftOut: [String]
  let prompts: String
  let templates: Int
  let `protocol`: String

  static func rows(
    _ result: ClassificationResult, _ run: String, _ data: String, _ prompts: String
  ) -> [ClassifyRow] {
    result.accuracies.map { accuracy in
      ClassifyRow(
        run: run, data: data, language: result.language, metric: "top-\(accuracy.k)",
        value: 100 * accuracy.estimate.value, low: 100 * accuracy.estimate.low,
        high: 100 * accuracy.estimate.high, n: accuracy.estimate.n, ties: result.ties,
        classes: result.classes,
        chance: 100 * Double(accuracy.k) / Double(result.classes), leftOut: result.leftOut,
        prompts: prompts, templates: result.templates, protocol: result.protocolHash)
    }
  }
}
