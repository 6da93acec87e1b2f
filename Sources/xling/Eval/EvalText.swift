import Foundation
import XlingExperiments
import XlingJobs
import XlingReports
import XlingRetrieval

extension EvaluateJob.Result {
  /// As `xling eval` prints it: a table of each subset, recall in percent with its interval, one
  /// row a language and direction, and what chance would reach; then what repeats.
  func text(_ measure: EvalMeasureOptions) -> String { text(measure.tabled, measure.ties) }

  /// As above, of the metrics that a table shows by itself.
  func usualText() -> String { text(EvalMeasureOptions.usuallyTabled, .pessimistic) }

  private func text(_ metrics: [Metric], _ ties: TieBreaking) -> String {
    let tabled = metrics.map(\.name)
    let shown = languages.filter { tabled.contains($0.metric) }
    var blocks = Self.groups(shown, by: \.subset).map { subset, rows in
      let hash = rows.first?.protocol.prefix(12) ?? ""
      return "\(run)\(fewShot.map { " (\($0))" } ?? "") on \(dataset), \(split), \(subset); "
        + "gallery \(pictures) pictures; protocol \(hash)\n" + Self.table(rows, tabled).text
    }
    var note = "Percent [95 % interval]; \(ties.words)."
    if rows.contains(where: { $0.low == nil }) { note += "\n" + IntervalText.note }
    if languages.contains(where: \.partial) {
      note += "\n* fewer than 95 % of the pictures have a caption."
    }
    if let translated {
      note +=
        "\ntranslate-test: translations (\(translated.file)) stand for the captions in \(translated.language). "
        + "No zero-shot result: it is of a protocol of its own."
    }
    if let taught = FewShotNote.note(languages) { note += "\n" + taught }
    if let centring = CentringNote.note(languages) { note += "\n" + centring }
    note +=
      "\n"
      + ChanceText.note(
        metrics: tabled.count, marked: shown.contains { $0.coversChance == true })
    blocks.append(note)
    blocks += perturbed.map { $0.text(beside: shown, tabled) }
    return (blocks + repeated.map(\.text)).joined(separator: "\n\n")
  }

  private static func table(_ rows: [ResultRow], _ metrics: [String]) -> TextTable {
    var table = [["language", "direction", "n"] + metrics + ["ties", "chance"]]
    for (_, rows) in groups(rows, by: { "\($0.language) \($0.direction)" }) {
      guard let first = rows.first else { continue }
      let cells = metrics.map { name in rows.first { $0.metric == name } }
      table.append(
        [
          first.language + CentringNote.mark(first) + (first.partial ? "*" : ""), first.direction,
          "\(first.n)",
        ]
          + cells.map { $0?.figure ?? "-" }
          + ["\(first.ties)", ChanceText.column(cells.map { $0?.chance })])
    }
    return TextTable(table, leading: 2)
  }

  /// In the order of their first rows.
  private static func groups(
    _ rows: [ResultRow], by key: (ResultRow) -> String
  ) -> [(key: String, rows: [ResultRow])] {
    var place: [String: Int] = [:]
    var groups: [(key: String, rows: [ResultRow])] = []
    for row in rows {
      let key = key(row)
      if let at = place[key] {
        groups[at].rows.append(row)
      } else {
        place[key] = groups.count
        groups.append((key, [row]))
      }
    }
    return groups
  }
}

extension EvaluateJob.Result.Repeated {
  fileprivate var text: String {
    let table = rows.map {
      [$0.metric, $0.direction, "\($0.n)", $0.figure, ChanceText.figure($0.chance)]
    }
    return "\(language): \(captions) captions and \(pictures) pictures repeat\n"
      + TextTable([["metric", "direction", "n", "percent", "chance"]] + table, leading: 2).text
  }
}

extension ResultRow {
  /// `71.2 [69.0, 73.1]`, marked where the interval covers chance.
  var figure: String {
    IntervalText.figure(value, low, high)
      + (coversChance == true ? ChanceText.mark : "")
  }
}
