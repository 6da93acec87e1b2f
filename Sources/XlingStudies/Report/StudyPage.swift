import XlingCore
import XlingReports
import XlingRetrieval

extension StudyFigures {
  /// One file that needs nothing else. The same tables give the same bytes.
  public func html() -> String {
    var page = HTMLPage(
      title: "Study: \(name)", finding: divergenceWarning.map { "\($0) \(finding)" } ?? finding,
      summary: question + (decides.isEmpty ? "" : " Decides: \(decides).") + " " + protocolText,
      sections: [
        limitSection, curveSection, dotSection, comparisonSection, conditionSection,
        exploredSection, costSection, testSection, mapSection, profileSection, regressionSection,
        distanceSection, donorSection,
        translatedSection,
      ].compactMap { $0 },
      footer:
        "\(HTML.escape("\(cells) cells")), \(tries) tries of learning rates; the figures are made from "
        + Self.files(isOfClasses ? ["cells", "accuracies"] : Self.measuredFiles) + " alone "
        + "(<code>xling study report --csv FOLDER</code>).")
    if !regressions.isEmpty { page.style = ScatterPlot.style }
    return page.html
  }

  private static let measuredFiles = [
    "cells", "scores", "pictures", "translated", "centroids", "coverage",
  ]

  private static func files(_ names: [String]) -> String {
    let codes = names.map { "<code>\($0).csv</code>" }
    return codes.dropLast().joined(separator: ", ") + " and " + (codes.last ?? "")
  }

  private var limitSection: HTMLPage.Section {
    HTMLPage.Section(
      "limits", "What this study cannot tell", "Read this before the figures.",
      "<ul>" + cannotTell.map { "<li>\(HTML.prose($0))</li>" }.joined(separator: "\n") + "</ul>")
  }

  /// Below every figure: data, protocol, seeds, n.
  var note: String { "<p class=\"note\">\(HTML.escape(figureNote))</p>" }

  func tip(_ condition: Condition) -> String {
    "\(condition.label): \(Figures.interval(condition.primary)), \(counted(condition)), n = "
      + "\(Figures.count(condition.primary.n)) \(queries) a seed"
  }

  private func counted(_ condition: Condition) -> String {
    condition.seeds.count == 1 ? "1 seed" : "\(condition.seeds.count) seeds"
  }

  // MARK: - Curves

  private var curveSection: HTMLPage.Section? {
    guard let numeric = Self.numericAxis(conditions.map(\.factors)), let plot = curvePlot(numeric)
    else {
      return nil
    }
    return HTMLPage.Section(
      "curves", "By \(numeric)",
      "\(metric) over \(over); lines between means over seeds, bars 95 % intervals.",
      HTML.scrolling("Curves", plot.svg) + note
        + (turns.isEmpty
          ? ""
          : "<ul>" + turns.map { "<li>\(HTML.prose($0.sentence(baseline)))</li>" }.joined()
            + "</ul>"))
  }

  private func curvePlot(_ axis: String) -> XYPlot? {
    var order: [String] = []
    var members: [String: [Condition]] = [:]
    for condition in conditions {
      let rest = condition.factors.filter { $0.key != axis }.sorted { $0.key < $1.key }
      let name =
        rest.count == 1
        ? rest[0].value : rest.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      if members[name] == nil { order.append(name) }
      members[name, default: []].append(condition)
    }
    let values = conditions.compactMap { $0.factors[axis].flatMap(Double.init) }
    let isWide = (values.max() ?? 1) >= 8 * max(values.min() ?? 1, 1e-12) && (values.min() ?? 0) > 0
    return XYPlot(
      id: "curves", title: "\(metric) by \(axis)",
      description: conditions.map(tip).joined(separator: ". "),
      series: order.map { name in
        XYPlot.Series(
          name: name.isEmpty ? metric : name,
          points: (members[name] ?? []).compactMap { condition in
            guard let x = condition.factors[axis].flatMap(Double.init) else { return nil }
            return .init(
              x: x, y: condition.primary.value, low: condition.primary.low,
              high: condition.primary.high,
              tip: tip(condition))
          }, isLine: true)
      }, x: .init(axis, isLogarithmic: isWide) { Self.brief($0) },
      y: .init("\(metric), %") { Figures.fixed(100 * $0, 0) })
  }

  static func brief(_ value: Double) -> String {
    Int(exactly: value).map(Figures.count) ?? "\(value)"
  }

  // MARK: - Conditions

  private var dotSection: HTMLPage.Section {
    let others = (conditions.first?.metrics.keys.sorted() ?? []).filter { $0 != metric }.prefix(1)
    // Of one test a mean says it all.
    let series = ["mean over \(over)"] + (isOfClasses ? [] : ["middle half"])
    let plot = DotPlot(
      title: "\(metric) by condition", description: conditions.map(tip).joined(separator: ". "),
      series: series,
      panels: ([metric] + others).map { $0 + inDirections },
      rows: conditions.map { condition in
        let middle = "\(condition.label), middle half of seeds and languages"
        return DotPlot.Row(
          label: condition.label,
          points: [
            [
              point(condition.primary, tip(condition)),
              point(
                condition.interquartileMean,
                "\(middle): \(Figures.interval(condition.interquartileMean))"),
            ].prefix(series.count).map { $0 }
          ]
            + others.map { name in
              [
                condition.metrics[name].map {
                  point($0, "\(condition.label), \(name): \(Figures.interval($0))")
                }, nil,
              ].prefix(series.count).map { $0 }
            })
      })
    return HTMLPage.Section(
      "conditions", "Every condition",
      isOfClasses
        ? "Means over seeds."
        : "The mean, and the mean of the middle half of seeds and languages, which a few lost languages do not move: "
          + "the table below names the worst.", HTML.scrolling("Dot plot", plot.svg) + note)
  }

  private func point(_ estimate: Estimate, _ tip: String) -> DotPlot.Point {
    DotPlot.Point(value: estimate.value, low: estimate.low, high: estimate.high, tip: tip)
  }

  func table(_ table: TextTable, _ caption: String) -> String {
    func row(_ cells: [String]) -> String {
      cells.enumerated().map { $0 < table.leading ? HTML.header($1, scope: "row") : HTML.cell($1) }
        .joined()
    }
    let head = (table.rows.first ?? []).map { HTML.header($0, scope: "col") }.joined()
    return HTML.table(caption: caption, head: [head], body: table.rows.dropFirst().map(row))
  }

  private var conditionSection: HTMLPage.Section {
    HTMLPage.Section(
      "table", "All figures", madeText ?? "",
      table(conditionTable, "Conditions, each over its seeds") + note)
  }

  private var comparisonSection: HTMLPage.Section? {
    guard !comparisons.isEmpty else { return nil }
    return HTMLPage.Section(
      "comparison", "The comparison that the study was made for", comparisonText,
      table(comparisonTable, "Differences from \(baseline)") + note)
  }

  // MARK: - Languages

  private var mapSection: HTMLPage.Section? {
    guard !map.isEmpty else { return nil }
    let labels = conditions.map(\.label)
    let byName = Dictionary(map.map { ([$0.language, $0.condition], $0) }) { $1 }
    var languages: [String] = []
    for cell in map where !languages.contains(cell.language) { languages.append(cell.language) }
    let top = max(map.map(\.estimate.value).max() ?? 1, 1e-9)
    let rows = languages.map { language in
      (
        name: language
          + (aligned.contains(language)
            ? " (aligned)" : fewShot.contains(language) ? " (few-shot)" : ""),
        cells: labels.map { label in
          byName[[language, label]].map { cell in
            HeatMap.Cell(
              text: Figures.percent(cell.estimate.value), share: cell.estimate.value / top,
              mark: cell.sign > 0 ? "▲" : cell.sign < 0 ? "▼" : "",
              tip: Self.tip(cell.language, cell.condition, cell.estimate, cell.difference))
          }
        }
      )
    }
    return HTMLPage.Section(
      "map", "Language by language",
      "\(metric), both directions. ▲ above and ▼ below \(baseline), in a band that holds for all languages and "
        + "conditions at once (max-|t|); without a mark it cannot be told. Point at a cell to read its interval.",
      HeatMap(columns: labels, rows: rows).html(
        caption: "\(metric), % by language", corner: "language") + note)
  }

  static func tip(
    _ name: String, _ condition: String, _ estimate: Estimate, _ difference: Estimate?
  ) -> String {
    "\(name), \(condition): \(Figures.interval(estimate)), n = \(Figures.count(estimate.n))"
      + (difference.map {
        "; difference \(Figures.points($0.value)) \(IntervalText.bounds($0.low, $0.high, Figures.points))"
      } ?? "")
  }
}
