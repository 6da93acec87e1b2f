import ArgumentParser
import XlingJobs
import XlingReports

struct NeighboursCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "neighbours",
    abstract: "Pictures that come first for everything, and languages that lie beside one another.",
    discussion: """
      Hubness: the skewness of how many captions have a picture among their first k. Astray: \
      captions whose nearest caption of all other languages named shows another picture, and the \
      language that most of these are in.
      """)

  @OptionGroup var subject: SubjectOptions

  @OptionGroup var options: PivotOptions

  func run() throws {
    let (subject, store) = try subject.found()
    var job = NeighboursJob.Options(subject)
    job.k = options.k
    job.against = options.against
    job.embeddingsBeside = store
    let result = try withDataChoices {
      try NeighboursJob(job).run(LanguageProgress("neighbours").tell)
    }
    try options.json.print(result.rows) { text(result.rows, result.against) }
  }

  private func text(_ rows: [NeighboursJob.Row], _ pivot: String) -> String {
    let k = options.k
    let header = [
      "language", "n", "hubness", "never found", "hub", "cosine to \(pivot)", "astray",
      "nearest wrong",
    ]
    let table = rows.map { row in
      [
        row.language, "\(row.astray?.n ?? row.hubness.n)", row.hubness.text(digits: 2),
        row.neverFound.text(digits: 1), "\(row.hubCaptions)", row.cosine?.text(digits: 3) ?? "–",
        row.astray?.text(digits: 1) ?? "–",
        row.nearestWrong.map { "\($0) \(row.nearestWrongShare?.text(digits: 1) ?? "")" } ?? "–",
      ]
    }
    let pictures = rows.first?.hubness.n ?? 0
    return TextTable([header] + table, leading: 1).text
      + "\n\nFirst captions; [95 % interval]. Hubness over \(pictures) pictures: skewness of how many "
      + "captions have one among their first \(k); never found: percent of pictures that none has; "
      + "hub: captions that the\nmost frequent picture comes up for. Astray: percent of captions whose "
      + "nearest caption of the other languages shows another picture; nearest wrong: the language of "
      + "most of these, and its percentage of them."
  }
}
