import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
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

  @OptionGroup var threads: ThreadsOption

  @Flag(help: "Print the results as JSON, one object a language and metric.")
  var json = false

  @OptionGroup var links: LinkOptions

  @OptionGroup(title: "Pictures, where not as in training")
  var pictures: PictureOptions

  func run() throws {
    threads.apply()
    Interruption.watch()
    let store = try store.place(for: [name]).path
    var options = ClassifyJob.Options(
      run: try RunLookup.folder(name, store: store), data: data, languages: lang)
    options.followsLinks = links.followLinks
    options.classes = classes
    options.prompts = prompts
    options.allowsMissing = allowMissing
    options.resamples = resamples
    options.seed = seed
    options.pictures = pictures.choices
    options.embeddingsBeside = noCache ? nil : store
    let result = try ClassifyJob(options).run(
      LanguageProgress("classify", texts: "sentences").tell)
    print(json ? try JSONText.encode(result.rows) : Self.text(result))
  }

  private static func text(_ result: ClassifyJob.Result) -> String {
    var languages: [String] = []
    var metrics: [String] = []
    for row in result.rows {
      if languages.last != row.language { languages.append(row.language) }
      if !metrics.contains(row.metric) { metrics.append(row.metric) }
    }
    let table = languages.compactMap { language -> [String]? in
      let rows = result.rows.filter { $0.language == language }
      guard let first = rows.first else { return nil }
      return [
        language + (first.leftOut.isEmpty ? "" : "*"), "\(first.n)", "\(first.classes)",
        String(format: "%.2f", 100 / Double(first.classes)),
      ]
        + metrics.map { metric in
          rows.first { $0.metric == metric }
            .map { IntervalText.figure($0.value, $0.low, $0.high) } ?? "-"
        }
        + ["\(first.ties)"]
    }
    let header = ["language", "n", "classes", "chance"] + metrics + ["ties"]
    var note = "Percent [95 % interval]; \(TieBreaking.pessimistic.words)."
    if result.rows.contains(where: { $0.low == nil }) { note += "\n" + IntervalText.note }
    if result.rows.contains(where: { !$0.leftOut.isEmpty }) {
      note += "\n* classes without a name in the language are left out with their pictures."
    }
    return "\(result.run) on \(result.data), zero-shot classification; prompts \(result.prompts): "
      + "\(result.title)\n" + TextTable([header] + table, leading: 1).text + "\n\n" + note
  }
}
