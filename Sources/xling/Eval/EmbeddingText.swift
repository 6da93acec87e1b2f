import XlingExperiments
import XlingJobs
import XlingReports

extension EvaluatedEmbeddings {
  /// As `xling eval --image-embeddings` prints it.
  func text(_ measure: EvalMeasureOptions) -> String {
    var lines = [
      "\(language): \(captions.count) captions, \(pictures.count) pictures; protocol "
        + measured.hash.prefix(12),
      table.text,
    ]
    if let sum = rows.first(where: { $0.direction == "both" }) {
      lines.append(
        "\(sum.metric) \(sum.figure), n \(sum.n), chance \(ChanceText.figure(sum.chance))")
    }
    var note = "Percent, or places for ranks [95 % interval]; \(measure.ties.words)."
    if rows.contains(where: { $0.low == nil }) { note += "\n" + IntervalText.note }
    note +=
      "\n" + ChanceText.note(metrics: 1, marked: rows.contains { $0.coversChance == true })
    let without = (captions.count - captions.queries, pictures.count - pictures.queries)
    if without != (0, 0) {
      note +=
        "\nLeft out of the queries: \(without.0) captions, \(without.1) pictures without gold."
    }
    if let texts = captions.repeated, let images = pictures.repeated {
      note += "\nRepeated: \(texts) captions, \(images) pictures."
    }
    return lines.joined(separator: "\n") + "\n" + note
  }

  private var table: TextTable {
    let directions = [Direction.textToImage, .imageToText].map(\.words)
    var table = [["metric"] + directions.flatMap { [$0, "chance"] }]
    for name in rows.filter({ $0.direction == directions[0] }).map(\.metric) {
      table.append(
        [name]
          + directions.flatMap { direction -> [String] in
            let row = rows.first { $0.metric == name && $0.direction == direction }
            return row.map { [$0.figure, ChanceText.figure($0.chance)] } ?? ["-", ""]
          })
    }
    table.append(["n"] + [captions, pictures].flatMap { ["\($0.queries)", ""] })
    table.append(["queries with ties"] + [captions, pictures].flatMap { ["\($0.ties)", ""] })
    return TextTable(table, leading: 1)
  }
}
