extension CoverageReport {
  /// One file that needs nothing else; what a script adds is the order of rows. The same report gives the
  /// same bytes.
  public func html() -> String {
    var page = HTMLPage(
      title: title, finding: finding,
      summary:
        "Tokenizers measured on sentences alone: what each does to a language before any picture "
        + "is seen.",
      figures: overview,
      sections: [
        heatSection, premiumSection, recallSection, pairSection, wordSection, scriptSection,
        metricSection, provenanceSection,
      ].compactMap { $0 },
      footer: """
        Figures with intervals: 95 %, bootstrap by line, both languages of a premium under the same draws; \
        none under 30 lines, and none for what is no ratio of sums over lines.
        """)
    page.style = [
      SortableTable.style, IntervalBar.style, HeatScale.style, ScatterPlot.style, Self.pieceStyle,
    ].joined(separator: "\n")
    page.script = SortableTable.script
    return page.html
  }

  private var title: String {
    let subject =
      languages.count == 1 ? languages[0].name : "\(Figures.count(languages.count)) languages"
    let count = tokenizers.count
    return "What \(count == 1 ? "a tokenizer does" : "\(count) tokenizers do") to \(subject)"
  }

  /// The tokenizer that costs least in the middle of the languages, and where it costs most.
  var finding: String {
    let (metric, words) = costMetric
    let middle = tokenizers.compactMap { tokenizer in
      Self.median(costs(tokenizer)).map { (tokenizer: tokenizer, cost: $0) }
    }
    guard let best = middle.min(by: { $0.cost < $1.cost }) else {
      return "No text had a figure to compare by."
    }
    let own = rows(of: best.tokenizer).filter { $0.language != "en" }.compactMap { row in
      row.figures[metric].map { (language: row.language, value: $0.value) }
    }
    let most = own.max { $0.value < $1.value }
    let lead =
      tokenizers.count > 1
      ? "\(best.tokenizer) costs least of \(tokenizers.count) tokenizers"
      : "\(best.tokenizer)"
    guard let most, own.count > 1 else {
      return
        "\(lead)\(tokenizers.count > 1 ? ":" : " takes") \(Figures.fixed(best.cost, 2)) \(words)."
    }
    return "\(lead)\(tokenizers.count > 1 ? "" : " takes")\(tokenizers.count > 1 ? ":" : "") "
      + "\(Figures.fixed(best.cost, 2)) \(words) in the median of \(own.count) languages, "
      + "\(Figures.fixed(most.value, 2)) in \(language(most.language).name)."
  }

  /// What tokenizers are compared by: the dearest honest figure that there is.
  var costMetric: (name: String, words: String) {
    let named = [
      ("premium_unk_adjusted", "times English’s tokens, unknown ones counted by their bytes,"),
      ("fertility_icu_isolated", "tokens a word"),
    ]
    return named.first { name, _ in rows.contains { $0.figures[name] != nil } } ?? named[1]
  }

  /// Of the languages but English, which the others are held against.
  private func costs(_ tokenizer: String) -> [Double] {
    let own = rows(of: tokenizer)
    let others = own.filter { $0.language != "en" }
    return (others.isEmpty ? own : others).compactMap { $0.figures[costMetric.name]?.value }
  }

  private var overview: FigureRow {
    let words = costMetric.words
    let figures = tokenizers.map { tokenizer -> FigureRow.Figure in
      let costs = costs(tokenizer)
      let unknown = values("unk_words", tokenizer)
      let bad = unknown.count { $0 > 0.1 }
      let spread = spreads.first { $0.tokenizer == tokenizer }
      let size = vocabularies.first { $0.tokenizer == tokenizer }?.size
      let text = [
        size.map { "\(Figures.count($0)) pieces" },
        "more than 10 % unknown words in \(bad) of \(unknown.count) languages",
        spread.map {
          "Gini \(Figures.fixed($0.giniUnknownAdjusted, 3)) over \($0.languages) languages"
        },
      ].compactMap { $0 }.joined(separator: "; ")
      return FigureRow.Figure(
        name: tokenizer, value: Self.median(costs).map { Figures.fixed($0, 2) } ?? "–",
        unit: words.hasPrefix("times") ? "× English" : "tokens a word",
        text: (costs.count > 1 ? "median of \(costs.count) languages; " : "") + text)
    }
    return FigureRow(label: "What each tokenizer costs", figures: figures)
  }

  static func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }

  private var metricSection: HTMLPage.Section {
    let head =
      HTML.header("figure", scope: "col") + HTML.header("formula", scope: "col", "class=\"left\"")
      + HTML.header("better", scope: "col", "class=\"left\"")
      + HTML.header("source", scope: "col", "class=\"left\"")
    let body = metrics.map { metric in
      let better =
        switch metric.better {
        case .low: "low"
        case .high: "high"
        case .neither: "neither"
        }
      return
        "<th scope=\"row\">\(HTML.escape(metric.title)) <code>\(HTML.escape(metric.name))</code></th>"
        + HTML.cell(metric.formula, "class=\"left wide\"") + HTML.cell(better, "class=\"left\"")
        + HTML.cell(metric.citation, "class=\"left wide\"")
    }
    return HTMLPage.Section(
      "formulas", "What the figures are",
      "xling coverage --explain METRIC tells more of each; docs/coverage.md has them all.",
      HTML.table(caption: "Figures, formulas, sources", head: [head], body: body))
  }

  private var provenanceSection: HTMLPage.Section {
    let texts = Set(rows.map { "\($0.text)" }).sorted()
    let shown =
      texts.count > 8
      ? texts.prefix(8).joined(separator: ", ") + ", and \(texts.count - 8) more"
      : texts.joined(separator: ", ")
    let fields =
      vocabularies.map { ($0.tokenizer, "\(Figures.count($0.size)) pieces, SHA-256 \($0.hash)") }
      + [("texts", shown)] + provenance
    let rows = fields.map { name, value in
      HTML.header(name, scope: "row")
        + "<td class=\"left wide\"><code>\(HTML.escape(value))</code></td>"
    }
    let head =
      HTML.header("field", scope: "col") + HTML.header("value", scope: "col", "class=\"left\"")
    return HTMLPage.Section(
      "provenance", "What was measured",
      "The number of lines stands beside each language; a tokenizer is known by its hash.",
      HTML.table(caption: "Tokenizers and texts", head: [head], body: rows))
  }
}
