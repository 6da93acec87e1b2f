import Foundation

extension CoverageReport {
  /// A language's price beside how often its pictures are found.
  var recallSection: HTMLPage.Section {
    let title = "What it costs and what is found"
    let notes = recallNotes.map { "<p class=\"note\">\(HTML.escape($0))</p>" }.joined()
    guard let plot = recallPlot else {
      return HTMLPage.Section(
        "recall", title,
        "Premium against recall, where a run that reads by a tokenizer was evaluated.",
        notes)
    }
    return HTMLPage.Section(
      "recall", title,
      "Each point is a language: to the right it takes more tokens than English, unknown ones counted by their "
        + "bytes, above it more captions find their picture. Lines are 95 % intervals. A cause is not shown by "
        + "this: languages that a tokenizer splits often have little text in pretraining, too.",
      HTML.element("div", "class=\"plot\"", HTML.scrolling("Premium against recall", plot.svg))
        + recallTables + notes)
  }

  private var priced: [(recall: Recall, language: String, price: Figure, estimate: Double)] {
    recalls.flatMap { recall in
      rows(of: recall.tokenizer).compactMap { row in
        guard let price = row.figures["premium_unk_adjusted"],
          let estimate = recall.estimates[row.language]
        else { return nil }
        return (recall, row.language, price, estimate.value)
      }
    }
  }

  private var recallPlot: ScatterPlot? {
    let shown = Array(recalls.prefix(ScatterPlot.seriesLimit))
    let points = priced.compactMap { entry -> ScatterPlot.Point? in
      guard
        let series = shown.firstIndex(where: {
          $0.tokenizer == entry.recall.tokenizer && $0.run == entry.recall.run
        }), let estimate = entry.recall.estimates[entry.language]
      else { return nil }
      return ScatterPlot.Point(
        label: entry.language, x: entry.price.value, y: estimate.value, low: estimate.low,
        high: estimate.high, series: series,
        tip: "\(language(entry.language).name), \(entry.recall.run): premium "
          + "\(Figures.fixed(entry.price.value, 2)), \(entry.recall.metric) \(Figures.interval(estimate)), "
          + "n = \(Figures.count(estimate.n))")
    }
    let metric = shown.first?.metric ?? "recall"
    return ScatterPlot(
      title: "Premium against \(metric)",
      description: "One point a language and run. " + correlations
        + " The same figures stand in the table below.",
      xName: "premium, unknown tokens at their bytes", yName: "\(metric), text → image",
      series: shown.map { "\($0.run) (\($0.tokenizer))" }, points: points)
  }

  private var correlations: String {
    recalls.compactMap { recall -> String? in
      let own = priced.filter {
        $0.recall.run == recall.run && $0.recall.tokenizer == recall.tokenizer
      }
      guard
        let found = RankCorrelation(own.map(\.price.value), own.map(\.estimate)), own.count >= 10
      else { return nil }
      return "\(recall.run): rank correlation \(Figures.fixed(found.value, 2)) "
        + "[\(Figures.fixed(found.low, 2)), \(Figures.fixed(found.high, 2))] over \(own.count) languages."
    }.joined(separator: " ")
  }

  private var recallTables: String {
    let lead = correlations.isEmpty ? "" : "<p>\(HTML.escape(correlations))</p>"
    let tables = recalls.map { recall -> String in
      let head = [
        "language", "premium, unknown at their bytes", recall.metric, "95 % interval", "n",
      ]
      .map { HTML.header($0, scope: "col") }
      let body = rows(of: recall.tokenizer).compactMap { row -> String? in
        guard let estimate = recall.estimates[row.language] else { return nil }
        let price = row.figures["premium_unk_adjusted"]?.value
        return header(row.language)
          + HTML.cell(price.map { Figures.fixed($0, 2) } ?? "–", SortableTable.value(price))
          + HTML.cell(Figures.percent(estimate.value), SortableTable.value(estimate.value))
          + HTML.cell(IntervalText.bounds(estimate.low, estimate.high, Figures.percent))
          + count(estimate.n)
      }
      return SortableTable.html(
        caption: "\(recall.run) on \(recall.dataset), \(recall.split): text to image, percent"
          + (recall.chance.map { "; chance \(ChanceText.figure(100 * $0))" } ?? ""),
        head: head, body: body, kind: "wrapped")
    }
    return lead
      + "<details><summary>Show the figures</summary>\(tables.joined(separator: "\n"))</details>"
  }
}

/// Spearman's ρ: the correlation of ranks, equal values sharing theirs (Spearman 1904). The 95 % interval is
/// Fisher's, with Bonett and Wright's standard error (2000).
struct RankCorrelation {
  let value: Double
  let low: Double
  let high: Double

  /// Nil for fewer than four pairs, or where one side does not vary.
  init?(_ one: [Double], _ other: [Double]) {
    guard one.count == other.count, one.count >= 4 else { return nil }
    let (a, b) = (Self.ranks(one), Self.ranks(other))
    let mean = Double(one.count + 1) / 2
    var (product, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - mean) * (y - mean)
      left += (x - mean) * (x - mean)
      right += (y - mean) * (y - mean)
    }
    guard left > 0, right > 0 else { return nil }
    value = max(-1, min(1, product / (left * right).squareRoot()))
    let reach = 1.96 * ((1 + value * value / 2) / Double(one.count - 3)).squareRoot()
    (low, high) = (tanh(atanh(value) - reach), tanh(atanh(value) + reach))
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}
