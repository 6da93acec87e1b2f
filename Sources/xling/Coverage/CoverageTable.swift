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
    let header =
      ["language", "tokenizer"] + (isPerturbed ? ["perturbed", "changed"] : []) + ["lines"]
      + metrics.map(\.name)
    var rows = [header]
    for row in result.rows {
      rows.append(line(row))
      for other in result.perturbed(row) { rows.append(line(other)) }
    }
    return TextTable(rows, leading: isPerturbed ? 3 : 2)
  }

  private var isPerturbed: Bool { !result.perturbed.isEmpty }

  private func line(_ row: CoverageRow) -> [String] {
    var line = [row.language, row.tokenizer]
    if isPerturbed { line += ["–", "–"] }
    line.append(Figures.count(row.lines))
    for metric in metrics { line.append(row.figure(metric.name).map(Self.cell) ?? "–") }
    return line
  }

  private func line(_ row: PerturbedCoverage) -> [String] {
    let changed = Double(row.changedLines) / Double(max(1, row.lines))
    var line = [row.language, row.tokenizer, row.perturbation.rawValue, Figures.share(changed)]
    line.append(Figures.count(row.lines))
    for metric in metrics { line.append(row.figure(metric.name).map(Self.cell) ?? "–") }
    return line
  }

  /// `1.52 (+0.06 [+0.05, +0.07])`: the difference to the text as it is.
  private static func cell(_ figure: PerturbedCoverage.Figure) -> String {
    func signed(_ value: Double) -> String {
      let text = shown(value, figure.unit)
      return value > 0 && text.contains { ("1"..."9").contains($0) } ? "+" + text : text
    }
    var difference = signed(figure.difference)
    if let low = figure.differenceLow, let high = figure.differenceHigh {
      difference += " [\(signed(low)), \(signed(high))]"
    }
    return "\(shown(figure.value, figure.unit)) (\(difference))"
  }

  private static func shown(_ value: Double, _ unit: CoverageMetric.Unit) -> String {
    let digits: Int =
      switch unit {
      case .share, .percent: 1
      case .count: 0
      case .ratio, .nats, .bits: 2
      }
    return Figures.fixed(unit == .share ? 100 * value : value, digits)
  }

  /// `1.46 [1.44, 1.47]`; shares in percent.
  private static func cell(_ figure: CoverageRow.Figure) -> String {
    let value = shown(figure.value, figure.unit)
    guard let low = figure.low, let high = figure.high else { return value }
    return "\(value) [\(shown(low, figure.unit)), \(shown(high, figure.unit))]"
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
    if isPerturbed {
      parts.append(
        "Perturbed rows: (difference to the text as it is, each line drawn for both at once); changed: lines "
          + "written otherwise.")
    }
    if result.rows.count > 2 { parts += spreads }
    if isJudged { parts += CoverageWords.judgements(result) }
    return parts.joined(separator: "\n\n")
  }

  /// One figure a line, with all digits.
  var csv: String {
    let more = isPerturbed ? ",perturbation,difference,difference_low,difference_high" : ""
    var lines = ["tokenizer,language,metric,unit,value,low,high,lines,text" + more]
    let names = Set(metrics.map(\.name))
    for row in result.rows {
      for figure in row.figures where names.contains(figure.metric) {
        var fields = [row.tokenizer, row.language, figure.metric, figure.unit.rawValue]
        fields += Self.numbers(figure.value, figure.low, figure.high)
        fields += ["\(row.lines)", row.text] + (isPerturbed ? ["", "", "", ""] : [])
        lines.append(fields.map(Self.quoted).joined(separator: ","))
      }
      for other in result.perturbed(row) {
        for figure in other.figures where names.contains(figure.metric) {
          var fields = [row.tokenizer, row.language, figure.metric, figure.unit.rawValue]
          fields += Self.numbers(figure.value, figure.low, figure.high)
          fields += ["\(other.lines)", row.text, other.perturbation.rawValue]
          fields += Self.numbers(figure.difference, figure.differenceLow, figure.differenceHigh)
          lines.append(fields.map(Self.quoted).joined(separator: ","))
        }
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func numbers(_ values: Double?...) -> [String] {
    values.map { $0.map { "\($0)" } ?? "" }
  }

  /// RFC 4180.
  private static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return field
    }
    return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
