import Foundation
import XlingCoverage
import XlingJobs
import XlingLanguages
import XlingReports

/// A coverage as a table: one row a language and tokenizer, one column a metric.
struct CoverageTable {
  /// What is shown where no metric is named.
  static let usual = [
    "fertility_ws", "fertility_icu_isolated", "strr_types_icu_known", "premium",
    "premium_unk_adjusted", "unk_words", "renyi_efficiency_2_5", "truncated_77",
  ]

  let result: CoverageResult
  private let metrics: [CoverageMetric]

  /// Metrics that no row has are left out.
  init(_ result: CoverageResult, _ metrics: [CoverageMetric]) {
    self.result = result
    self.metrics = metrics.filter { metric in
      result.rows.contains { $0.value(metric.name) != nil }
    }
  }

  var table: TextTable {
    let header = ["language", "tokenizer", "lines"] + metrics.map(\.name)
    let rows = result.rows.map { row in
      [row.language, row.tokenizer, Figures.count(row.lines)]
        + metrics.map { metric in row.figure(metric.name).map(Self.cell) ?? "–" }
    }
    return TextTable([header] + rows, leading: 2)
  }

  /// `1.46 [1.44, 1.47]`; shares in percent.
  private static func cell(_ figure: CoverageRow.Figure) -> String {
    let scale = figure.unit == .share ? 100.0 : 1
    let digits: Int =
      switch figure.unit {
      case .share, .percent: 1
      case .count: 0
      case .ratio, .nats, .bits: 2
      }
    func shown(_ value: Double) -> String { Figures.fixed(scale * value, digits) }
    guard let low = figure.low, let high = figure.high else { return shown(figure.value) }
    return "\(shown(figure.value)) [\(shown(low)), \(shown(high))]"
  }

  func text(isJudged: Bool) -> String {
    let spreads = result.spreads.map {
      "\($0.tokenizer): Gini over \($0.languages.count) languages \(Figures.fixed($0.gini, 3)), "
        + "unknown tokens at their bytes \(Figures.fixed($0.giniUnknownAdjusted, 3))"
    }
    let note =
      "Shares in percent; [95 % interval, bootstrap by line; none under "
      + "\(CoverageBootstrap.fewest) lines, nor for what is no ratio of sums]. --explain METRIC tells a formula."
    let sampled = result.rows.filter {
      $0.wordTypes.isSampled || $0.icuWordTypes?.isSampled == true
    }
    let estimate =
      sampled.isEmpty
      ? []
      : [
        "Word types of \(Set(sampled.map(\.language)).sorted().joined(separator: ", ")) are estimated from "
          + "a sample: there are more than are counted exactly."
      ]
    var parts = [table.text, note] + estimate
    if result.rows.count > 2 { parts += spreads }
    if isJudged { parts += CoverageWords.judgements(result) }
    return parts.joined(separator: "\n\n")
  }

  /// One figure a line, with all digits.
  var csv: String {
    let header = "tokenizer,language,metric,unit,value,low,high,lines,text"
    let lines = result.rows.flatMap { row in
      row.figures.filter { figure in metrics.contains { $0.name == figure.metric } }.map { figure in
        let bounds = [figure.low, figure.high].map { $0.map { "\($0)" } ?? "" }
        return
          ([
            row.tokenizer, row.language, figure.metric, figure.unit.rawValue, "\(figure.value)",
          ] + bounds + ["\(row.lines)", row.text]).map(Self.quoted).joined(separator: ",")
      }
    }
    return ([header] + lines).joined(separator: "\n")
  }

  /// RFC 4180.
  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return field
    }
    return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
