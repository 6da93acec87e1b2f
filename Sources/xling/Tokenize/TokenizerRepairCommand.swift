import ArgumentParser
import XlingCore
import XlingData
import XlingJobs
import XlingReports

struct TokenizerRepairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Which new pieces save most tokens of a language, as a file for align.",
    discussion: """
      Learns pieces from text in one or more languages: those that save most tokens a row, unknown \
      characters counted at their bytes. `xling align --extend-vocabulary FILE` puts them behind the \
      tokenizer's own. WordPiece (vocab.txt) and Unigram (.model) are taken.
      """)

  @Argument(help: "A folder with vocab.txt or a Unigram .model, or such a file.")
  var tokenizer: String

  @Option(
    name: .customLong("lang"), parsing: .singleValue,
    help: ArgumentHelp(
      "A language's code or name, repeatable, or several with commas between.",
      valueName: "language"))
  var languages: [String] = []

  @OptionGroup var source: CoverageSourceOptions

  @Option(help: "The file that the pieces go to.")
  var output: String

  @Option(help: "At most so many pieces.", transform: NumberRange.whole(1...50_000))
  var pieces = 500

  @Option(
    help: "None that save fewer tokens in the texts.",
    transform: NumberRange.whole(1...1_000_000_000))
  var fewest = 2

  @OptionGroup var json: JSONOption

  func validate() throws {
    let words = DatasetLanguages.words(languages)
    if words.isEmpty, source.data == nil, source.texts.isEmpty {
      throw ValidationError(
        "of what language? Name one, as in: xling tokenizer repair TOKENIZER --lang tr --output FILE"
      )
    }
  }

  func run() throws {
    Interruption.watch()
    let words = DatasetLanguages.words(languages)
    var options = RepairJob.Options(
      tokenizer, source: try source.source(words), languages: words, output: output)
    (options.pieces, options.fewest) = (pieces, fewest)
    let result = try RepairJob(options).run()
    if result.isPruned {
      ProgressBar.toStandardError(
        "xling: the texts have more words than are counted at a time; those met once were let go\n")
    }
    try json.print(result) { text(result) }
  }

  private func text(_ result: RepairJob.Result) -> String {
    let steps = TextTable(
      [["pieces", "tokens saved"]]
        + result.steps.map { [Figures.count($0.pieces), Figures.share($0.savedShare)] }, leading: 0)
    let metrics = [
      "tokens_per_line", "unk_words", "unk_adjusted_tokens_per_line", "premium",
      "premium_unk_adjusted",
    ]
    func cell(_ row: CoverageRow, _ metric: String) -> String {
      guard let figure = row.figure(metric) else { return "–" }
      let scale = figure.unit == .share ? 100.0 : 1
      return IntervalText.figure(
        scale * figure.value, figure.low.map { scale * $0 }, figure.high.map { scale * $0 },
        digits: 2)
    }
    let rows = zip(result.before, result.after).flatMap { before, after in
      metrics.filter { before.figure($0) != nil || after.figure($0) != nil }.map {
        [before.language, $0, "\(before.lines)", cell(before, $0), cell(after, $0)]
      }
    }
    let table = TextTable(
      [["language", "metric", "lines", "before", "after"]] + rows, leading: 2)
    var parts = [
      "\(result.output): \(Figures.count(result.pieces)) pieces", steps.text, table.text,
      "Tokens saved: of all, unknown characters at their bytes, as learning counts them; shares in percent "
        + "[95 % interval, bootstrap by line].",
    ]
    if let changed = result.changedEnglish {
      parts.append(
        changed == 0
          ? "No line of English is cut otherwise."
          : "\(Figures.count(changed)) lines of English are cut otherwise.")
    }
    parts.append("next: xling align --extend-vocabulary \(ShellWords.command([result.output]))")
    return parts.joined(separator: "\n\n")
  }
}
