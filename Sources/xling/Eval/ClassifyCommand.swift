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

  @OptionGroup var which: RunOption

  @Option(
    help: """
      scenes, emoji (in data/), or a folder with labelled pictures (default: what the run was trained on).
      """)
  var data: String?

  @Option(help: "A file of class names, one JSON object a class (default: those of the data).")
  var classes: String?

  @Option(help: "plain, photo, number, clip-80, or a TOML file of templates.")
  var prompts = "plain"

  @OptionGroup var languages: LanguagesOption

  @Flag(help: "Leave classes without a name in a language out, with their pictures.")
  var allowMissing = false

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
    let found = try which.found()
    var options = ClassifyJob.Options(
      run: found.folder, data: try data ?? ownData(found.folder), languages: languages.words)
    if languages.words.isEmpty {
      try which.guess.allow("languages", example: GivenCommand.adding(["--lang", "tr"]))
    }
    options.followsLinks = links.followLinks
    options.classes = classes
    options.prompts = prompts
    options.allowsMissing = allowMissing
    options.resamples = resamples
    options.seed = seed
    options.pictures = pictures.choices
    options.embeddingsBeside = noCache ? nil : found.place.path
    let result = try ClassifyJob(options).run(
      LanguageProgress("classify", texts: "sentences").tell)
    print(json ? try JSONText.encode(result.rows) : Self.text(result))
  }

  private func ownData(_ folder: String) throws -> String {
    try which.guess.allow("the data", example: GivenCommand.adding(["--data", "scenes"]))
    let name = try withDataChoices { try OwnData.source(ofRun: folder).name }
    ProgressBar.toStandardError("xling: its own data, \(name)\n")
    return name
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
