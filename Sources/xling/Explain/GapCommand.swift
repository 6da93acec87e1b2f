import ArgumentParser
import Foundation
import XlingCore
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval

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

  @OptionGroup var subject: EvalSubject

  @OptionGroup var options: EvalPivotOptions

  private struct Row: Encodable {
    let schema = "xling.gap/1"
    let run: String
    let language: String
    let against: String
    let k: Int
    let againstRecall: EstimateRow
    let recall: EstimateRow
    let gap: EstimateRow
    let textRecall: EstimateRow
    /// Percent, of either recall and among the texts.
    let chance: Double?
    let textChance: Double?
    let lost: Int
    let gained: Int
    let lostInLanguage: EstimateRow?

    init(_ gap: TransferGap, run: String) {
      self.run = run
      language = gap.language
      against = gap.pivot
      k = gap.k
      againstRecall = EstimateRow(gap.pivotRecall)
      recall = EstimateRow(gap.recall)
      self.gap = EstimateRow(gap.gap)
      textRecall = EstimateRow(gap.textRecall)
      chance = gap.chance.map { 100 * $0 }
      textChance = gap.textChance.map { 100 * $0 }
      lost = gap.lost
      gained = gap.gained
      lostInLanguage = gap.lostInLanguage.map { EstimateRow($0) }
    }
  }

  func run() throws {
    let (run, evaluator, languages) = try subject.load(against: options.against)
    let pivot = try options.pivot(run, evaluator)
    let others = languages.filter { $0 != pivot }
    var bar = ProgressBar("gap \(run.name)", total: others.count, unit: "languages")
    var rows: [Row] = []
    for (index, language) in others.enumerated() {
      rows.append(
        Row(try evaluator.transferGap(language, pivot: pivot, k: options.k), run: run.name))
      bar.advance(to: index + 1, language)
    }
    bar.finish()
    print(options.json ? try JSONText.encode(rows) : text(rows, pivot))
  }

  private func text(_ rows: [Row], _ pivot: String) -> String {
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
      + ChanceText.note(
        metrics: 1,
        marked: rows.contains {
          $0.againstRecall.covers($0.chance) || $0.recall.covers($0.chance)
            || $0.textRecall.covers($0.textChance)
        })
  }
}
