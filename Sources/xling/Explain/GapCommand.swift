import ArgumentParser
import XlingJobs
import XlingReports

struct GapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gap",
    abstract: "What each language loses against the one aligned on, and where it is lost.",
    discussion: """
      Over the pictures that have a caption in both languages: recall of either, their difference, \
      and how often a caption finds its translation among the texts. Of the pictures that only the \
      aligned language finds, the share whose translation is not found is lost in the language; the \
      rest is lost between text and picture.
      """)

  @OptionGroup var subject: SubjectOptions

  @OptionGroup var options: PivotOptions

  func run() throws {
    let (subject, store) = try subject.found()
    var job = GapJob.Options(subject)
    job.k = options.k
    job.against = options.against
    job.embeddingsBeside = store
    let result = try withDataChoices {
      try GapJob(job).run(LanguageProgress("gap").tell)
    }
    try options.json.print(result.rows) { text(result.rows, result.against) }
  }

  private func text(_ rows: [GapJob.Row], _ pivot: String) -> String {
    let k = options.k
    let table = rows.map { row in
      [
        row.language, "\(row.gap.n)", row.againstRecall.text(chance: row.chance),
        row.recall.text(chance: row.chance), ChanceText.figure(row.chance), row.gap.text(),
        row.textRecall.text(chance: row.textChance), ChanceText.figure(row.textChance),
        "\(row.lost)", "\(row.gained)", row.lostInLanguage?.text() ?? "–",
      ]
    }
    let header = [
      "language", "n", "\(pivot) R@\(k)", "R@\(k)", "chance", "gap", "text R@\(k)", "chance",
      "lost", "gained",
      "lost in language",
    ]
    return TextTable([header] + table, leading: 1).text
      + "\n\nText to image, first captions, percent [95 % interval]; text: the \(pivot) caption of the "
      + "same picture among the texts.\nLost, gained: pictures that only \(pivot) finds, or only the "
      + "other language.\n"
      + (rows.allSatisfy { $0.gap.hasInterval && $0.lostInLanguage?.hasInterval != false }
        ? "" : IntervalText.note + "\n")
      + ChanceText.note(
        metrics: 1,
        marked: rows.contains {
          $0.againstRecall.covers($0.chance) || $0.recall.covers($0.chance)
            || $0.textRecall.covers($0.textChance)
        })
  }
}
