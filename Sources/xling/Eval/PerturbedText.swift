import Foundation
import XlingExperiments
import XlingJobs
import XlingReports

extension PerturbedResult {
  /// A row a language and direction: each metric with its interval, what it is as the captions are written
  /// in the data (`plain`), and the difference; `changed`: captions that are written otherwise.
  func text(beside plain: [ResultRow], _ metrics: [String]) -> String {
    var header = ["language", "direction", "n", "changed"]
    for metric in metrics { header += [metric, "as it is", "difference"] }
    var table = [header]
    let own = rows.filter { $0.subset == subset }
    var seen: Set<String> = []
    for row in own where seen.insert("\(row.language) \(row.direction)").inserted {
      func cell(_ rows: [ResultRow], _ metric: String, _ subset: String) -> ResultRow? {
        rows.first {
          $0.language == row.language && $0.direction == row.direction && $0.metric == metric
            && $0.subset == subset
        }
      }
      var line = [row.language, row.direction, "\(row.n)", share(row.language)]
      for metric in metrics {
        let (now, before) = (cell(own, metric, subset), cell(plain, metric, "all"))
        line += [now?.figure ?? "-", before.map { Self.figure($0.value) } ?? "-"]
        line.append(
          now.flatMap { now in before.map { Self.signed(now.value - $0.value) } } ?? "-")
      }
      table.append(line)
    }
    let hash = own.first?.protocol.prefix(12) ?? ""
    let drawn = seed.map { ", seed \($0)" } ?? ""
    return "captions perturbed by \(perturbation.rawValue)\(drawn); protocol \(hash)\n"
      + TextTable(table, leading: 2).text
  }

  /// Of the language's captions.
  private func share(_ language: String) -> String {
    guard let found = changes.first(where: { $0.language == language }), found.captions > 0
    else { return "-" }
    return String(format: "%.0f %%", 100 * Double(found.changed) / Double(found.captions))
  }

  private static func figure(_ value: Double) -> String { String(format: "%.1f", value) }
  private static func signed(_ value: Double) -> String { String(format: "%+.1f", value) }
}
