import ArgumentParser
import Foundation
import XlingJobs
import XlingReports

struct AttributeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attribute",
    abstract: "Which captions a run loses, by what its tokenizer made of them.",
    discussion: """
      Captions of a language are sorted by pieces a character into ten groups of one size; recall \
      follows for each, and for captions with and without unknown pieces, cut and whole.
      """)

  @OptionGroup var subject: SubjectOptions

  @Option(help: "A metric that is a mean over queries, text to image.")
  var metric = "R@10"

  @OptionGroup var json: JSONOption

  func run() throws {
    let metric = try AttributeJob.metric(named: metric)
    let (subject, store) = try subject.found()
    var options = AttributeJob.Options(subject)
    options.metric = metric
    options.embeddingsBeside = store
    let result = try withDataChoices {
      try AttributeJob(options).run(LanguageProgress("attribute").tell)
    }
    try json.print(result.rows) { Self.text(result.rows, result.metric) }
  }

  private static func text(_ rows: [AttributeJob.Row], _ metric: String) -> String {
    let table = rows.map { row in
      [
        row.language, row.group, "\(row.n)",
        IntervalText.figure(row.value, row.low, row.high)
          + (row.coversChance ? ChanceText.mark : ""), ChanceText.figure(row.chance),
        String(format: "%.2f", row.piecesPerWord),
        String(format: "%.2f–%.2f", row.piecesPerCharacterLow, row.piecesPerCharacterHigh),
        String(format: "%.1f", row.withUnknown), String(format: "%.1f", row.cut),
      ]
    }
    let header = [
      "language", "captions", "n", metric, "chance", "pieces/word", "pieces/character",
      "unknown",
      "cut",
    ]
    return TextTable([header] + table, leading: 2).text
      + "\n\nText to image, percent [95 % interval]. Tenths: by pieces a character, fewest first. "
      + "unknown, cut: percent of the captions. "
      + (rows.contains { $0.low == nil } ? IntervalText.note + " " : "")
      + ChanceText.note(metrics: 1, marked: rows.contains(where: \.coversChance))
  }
}
