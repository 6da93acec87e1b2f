import Foundation
import XlingCore
import XlingExperiments

/// Forms in which results leave for other programs and for papers.
public enum ResultFormat: String, Sendable, CaseIterable {
  /// All columns of the JSON, one number a line (RFC 4180, LF).
  case csv
  /// One row a language and direction, one column a metric.
  case markdown
  /// The same as a `tabular` with booktabs rules.
  case latex
  /// The object that CLIP_benchmark writes, one line a language (and run).
  case clipBenchmark = "clip-benchmark"
  /// MTEB's task results, one object a line: a run, a subset and a direction.
  case mteb

  public func text(_ rows: [ResultRow]) throws -> String {
    switch self {
    case .csv: Self.csv(rows)
    case .markdown: Self.markdown(rows)
    case .latex: Self.latex(rows)
    case .clipBenchmark: TerminalText.visible(json: try CLIPBenchmarkRecord.lines(rows))
    case .mteb: TerminalText.visible(json: try MTEBTaskResult.lines(rows))
    }
  }

  private static func csv(_ rows: [ResultRow]) -> String {
    // A column that is there only where it says something.
    let isCentred = rows.contains { $0.centred != nil }
    let isFewShot = rows.contains { $0.fewShot != nil }
    let header =
      [
        "metric", "direction", "language", "value", "low", "high", "unit", "n", "ties", "partial",
        "dataset", "split", "subset", "run", "protocol", "chance", "covers_chance",
      ] + (isCentred ? ["centred"] : []) + (isFewShot ? ["few_shot"] : [])
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    let lines = rows.map { row -> [String] in
      let bounds = [number(row.value), number(row.low), number(row.high)]
      let counts = [row.unit, "\(row.n)", "\(row.ties)", "\(row.partial)"]
      let origin = [row.dataset, row.split, row.subset, row.run ?? "", row.protocol]
      let chance = [number(row.chance), row.coversChance.map { "\($0)" } ?? ""]
      return [row.metric, row.direction, row.language] + bounds + counts + origin + chance
        + (isCentred ? [row.centred ?? ""] : []) + (isFewShot ? [row.fewShot ?? ""] : [])
    }
    return ([header] + lines).map { $0.map(quoted).joined(separator: ",") }.joined(separator: "\n")
  }

  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return field
    }
    return "\"" + CellText.escaped(field) { $0 == "\"" ? "\"\"" : nil } + "\""
  }

  private static func markdown(_ rows: [ResultRow]) -> String {
    let pivot = PivotTable(rows)
    return pivot.table.markdown() + "\n\n" + pivot.note
  }

  private static func latex(_ rows: [ResultRow]) -> String {
    let pivot = PivotTable(rows)
    return pivot.table.latex + "\n% " + pivot.note
  }
}

/// One row a run, subset, language and direction, one column a metric: value [low, high].
private struct PivotTable {
  private(set) var table: TextTable
  private let marked: Bool
  private let hasBareFigures: Bool
  private let metricCount: Int
  private let centring: String
  private let fewShot: String

  private struct Key: Hashable {
    let run: String?
    let subset: String
    let language: String
    let direction: String
  }

  init(_ results: [ResultRow]) {
    var metrics: [String] = []
    var keys: [Key] = []
    var cells: [Key: [String: ResultRow]] = [:]
    for row in results {
      let key = Key(
        run: row.run, subset: row.subset, language: row.language, direction: row.direction)
      if cells[key] == nil { keys.append(key) }
      cells[key, default: [:]][row.metric] = row
      if !metrics.contains(row.metric) { metrics.append(row.metric) }
    }
    let hasRuns = keys.contains { $0.run != nil }
    let hasSubsets = Set(keys.map(\.subset)).count > 1
    let labels =
      (hasRuns ? ["run"] : []) + (hasSubsets ? ["subset"] : []) + ["language", "direction"]
    table = TextTable(
      [labels + ["n", "ties"] + metrics + ["chance"]], leading: labels.count)
    for key in keys {
      guard let found = cells[key], let first = found.values.first else { continue }
      let names =
        (hasRuns ? [key.run ?? ""] : []) + (hasSubsets ? [key.subset] : [])
        + [key.language + CentringNote.mark(first) + (first.partial ? "*" : ""), key.direction]
      table.rows.append(
        names + ["\(first.n)", "\(first.ties)"]
          + metrics.map { name in
            found[name].map {
              IntervalText.figure($0.value, $0.low, $0.high)
                + ($0.coversChance == true ? ChanceText.mark : "")
            } ?? ""
          } + [
            ChanceText.column(
              found.count == 1 ? [first.chance] : metrics.map { found[$0]?.chance })
          ])
    }
    hasBareFigures = results.contains { $0.low == nil }
    marked = results.contains { $0.coversChance == true }
    metricCount = metrics.count
    fewShot = FewShotNote.note(results).map { " " + $0 } ?? ""
    centring = CentringNote.note(results).map { " " + $0 } ?? ""
  }

  var note: String {
    "Percent, or places for ranks [95 % interval]; * fewer than 95 % of the pictures have a caption. "
      + (hasBareFigures ? IntervalText.note + " " : "")
      + ChanceText.note(metrics: metricCount, marked: marked) + fewShot + centring
  }
}
