import ArgumentParser
import Foundation
import XlingCore
import XlingEvaluation
import XlingReports
import XlingRetrieval

struct NeighboursCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "neighbours",
    abstract: "Pictures that come first for everything, and languages that lie beside one another.",
    discussion: """
      Hubness: the skewness of how many captions have a picture among their first k. Astray: \
      captions whose nearest caption of all other languages named shows another picture, and the \
      language that most of these are in.
      """)

  @OptionGroup var subject: EvalSubject

  @OptionGroup var options: EvalPivotOptions

  private struct Row: Encodable {
    let schema = "xling.neighbours/1"
    let run: String
    let language: String
    let against: String
    let k: Int
    /// A skewness.
    let hubness: EstimateRow
    /// Percent, as all below but the cosine.
    let neverFound: EstimateRow
    let hub: String
    let hubCaptions: Int
    let cosine: EstimateRow?
    let astray: EstimateRow?
    let nearestWrong: String?
    let nearestWrongShare: EstimateRow?

    init(_ found: LanguageNeighbours, run: String, against: String) {
      (self.run, self.against) = (run, against)
      language = found.language
      k = found.k
      hubness = EstimateRow(found.hubness, scale: 1)
      neverFound = EstimateRow(found.neverFound)
      (hub, hubCaptions) = (found.hub.picture, found.hub.captions)
      cosine = found.agreement.map { EstimateRow($0, scale: 1) }
      astray = found.astray.map { EstimateRow($0) }
      nearestWrong = found.nearestWrong?.language
      nearestWrongShare = found.nearestWrong.map { EstimateRow($0.share) }
    }
  }

  func run() throws {
    let (run, evaluator, languages) = try subject.load(against: options.against)
    let pivot = try options.pivot(run, evaluator)
    var bar = ProgressBar("neighbours \(run.name)", total: languages.count, unit: "languages")
    let rows = try evaluator.neighbours(
      of: languages.contains(pivot) ? languages : [pivot] + languages, pivot: pivot, k: options.k
    ) { done in
      try Interruption.check("nothing is kept but embeddings")
      bar.advance(to: min(done, languages.count))
    }.map { Row($0, run: run.name, against: pivot) }
    bar.finish()
    print(options.json ? try JSONText.encode(rows) : text(rows, pivot))
  }

  private func text(_ rows: [Row], _ pivot: String) -> String {
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
