extension CoverageReport {
  /// Languages × metrics, a table a tokenizer.
  var heatSection: HTMLPage.Section {
    let shown = metrics.filter { metric in rows.contains { $0.figures[metric.name] != nil } }
    let scales = shown.map { metric in
      HeatScale(rows.compactMap { $0.figures[metric.name]?.value }, metric.sense)
    }
    let tables = tokenizers.enumerated().map { number, tokenizer in
      folded(
        tokenizer, isOpen: number == 0 || languages.count <= 12,
        heatTable(tokenizer, shown, scales))
    }
    return HTMLPage.Section(
      "heat", "Languages and figures",
      "A row a language, a column a figure; n is the lines of text behind it.",
      HeatScale.legend
        + "<input type=\"checkbox\" id=\"bounds\"> <label class=\"switch\" for=\"bounds\">show the 95 % "
        + "intervals</label><div class=\"switched\">\(tables.joined(separator: "\n"))</div>")
  }

  private func heatTable(
    _ tokenizer: String, _ shown: [Metric], _ scales: [HeatScale]
  ) -> String {
    let head =
      [HTML.header("language", scope: "col"), HTML.header("n", scope: "col")]
      + shown.map { HTML.header($0.head, scope: "col") }
    let body = rows(of: tokenizer).map { row in
      header(row.language) + count(row.lines)
        + zip(shown, scales).map { metric, scale in
          guard let figure = row.figures[metric.name] else { return scale.cell(nil, "") }
          return scale.cell(figure.value, metric.text(figure.value), metric.bounds(figure))
        }.joined()
    }
    return SortableTable.html(caption: tokenizer, head: head, body: body, kind: "heat")
  }

  /// Premiums, dearest first.
  var premiumSection: HTMLPage.Section {
    let priced = tokenizers.filter { !values("premium", $0).isEmpty }
    guard !priced.isEmpty else {
      return HTMLPage.Section(
        "premium", "What a sentence costs against English",
        "A premium compares translations line by line, and this text has no English beside it.",
        "<p>It is there with <code>--parallel FILE</code>, with <code>--parallel-captions</code> where the "
          + "captions of one picture are translations, and on the installed texts.</p>")
    }
    let most = rows.flatMap { row in
      ["premium", "premium_unk_adjusted"].compactMap {
        row.figures[$0].map { $0.high ?? $0.value }
      }
    }
    let top = max(1, most.max() ?? 1)
    let tables = priced.enumerated().map { number, tokenizer in
      folded(
        tokenizer, isOpen: number == 0 || languages.count <= 12,
        premiumTable(tokenizer, top: top))
    }
    return HTMLPage.Section(
      "premium", "What a sentence costs against English",
      "Tokens of a text by those of its English translation. An unknown token is cheap and tells nothing: the "
        + "paler bar counts each by the bytes it hides. Lines across are 95 % intervals, the dashed one is "
        + "English.",
      tables.joined(separator: "\n"))
  }

  private func premiumTable(_ tokenizer: String, top: Double) -> String {
    let head = [
      HTML.header("language", scope: "col"), HTML.header("", scope: "col", "aria-hidden=\"true\""),
      HTML.header("premium", scope: "col"), HTML.header("unknown at their bytes", scope: "col"),
      HTML.header("n", scope: "col"),
    ]
    func adjusted(_ row: Row) -> Double { row.figures["premium_unk_adjusted"]?.value ?? 0 }
    let sorted = rows(of: tokenizer).filter { $0.figures["premium"] != nil && $0.language != "en" }
      .enumerated()
      .sorted { (adjusted($1.element), $0.offset) < (adjusted($0.element), $1.offset) }
      .map(\.element)
    let body = sorted.map { row in
      let premium = row.figures["premium"]
      let bar = premium.map {
        IntervalBar($0.value, low: $0.low, high: $0.high, beyond: adjusted(row), mark: 1)
      }
      return header(row.language) + (bar?.cell(top: top) ?? IntervalBar.none)
        + ratio(premium) + ratio(row.figures["premium_unk_adjusted"]) + count(row.lines)
    }
    return SortableTable.html(
      caption: tokenizer, head: head, body: body, kind: "bounds wrapped")
  }

  /// Each further tokenizer beside the first, on the same lines.
  var pairSection: HTMLPage.Section? {
    guard tokenizers.count > 1, !differences.isEmpty else { return nil }
    let tables = tokenizers.dropFirst().enumerated().map { number, tokenizer in
      folded(
        "\(tokenizer) beside \(tokenizers[0])", isOpen: number == 0, pairTable(tokenizer))
    }
    return HTMLPage.Section(
      "pairs", "Two tokenizers side by side",
      "Both read the same lines, and intervals of the differences draw the same ones for both. Better "
        + "and worse are said of the second where the interval does not hold 0.",
      tables.joined(separator: "\n"))
  }

  private func pairTable(_ tokenizer: String) -> String {
    let against = tokenizers[0]
    let names = ["premium_unk_adjusted", "fertility_icu_isolated", "unk_words"]
    let shown = names.compactMap { name in metrics.first { $0.name == name } }
      .filter { metric in
        differences.contains { $0.figures[metric.name] != nil && $0.tokenizer == tokenizer }
      }
    let head =
      [HTML.header("language", scope: "col"), HTML.header("n", scope: "col")]
      + shown.flatMap { metric in
        [
          HTML.header("\(metric.head): \(against)", scope: "col"),
          HTML.header(tokenizer, scope: "col"), HTML.header("difference", scope: "col"),
        ]
      }
    let body = rows(of: tokenizer).compactMap { row -> String? in
      guard
        let difference = differences.first(where: {
          $0.tokenizer == tokenizer && $0.language == row.language
        })
      else { return nil }
      let first = self.row(against, row.language)
      return header(row.language) + count(row.lines)
        + shown.map { metric in
          let (one, other) = (first?.figures[metric.name], row.figures[metric.name])
          let cells = [one, other].map { figure in
            HTML.cell(
              figure.map { metric.text($0.value) } ?? "–", SortableTable.value(figure?.value))
          }
          return cells.joined() + self.difference(difference.figures[metric.name], metric)
        }.joined()
    }
    return SortableTable.html(
      caption: "\(tokenizer) beside \(against)", head: head, body: body, kind: "bounds wrapped")
  }

  private func difference(_ figure: Figure?, _ metric: Metric) -> String {
    guard let figure else { return HTML.element("td", SortableTable.value(nil), "–") }
    var (kind, word) = ("", "")
    if let low = figure.low, let high = figure.high, low > 0 || high < 0, metric.better != .neither
    {
      let isBetter = (figure.value < 0) == (metric.better == .low)
      (kind, word) = isBetter ? ("good", " better") : ("bad", " worse")
    }
    let bounds =
      figure.low.flatMap { low in
        figure.high.map { "[\(metric.signed(low)), \(metric.signed($0))]\(word)" }
      } ?? ""
    return HTML.element(
      "td", "class=\"\(kind)\" \(SortableTable.value(figure.value))",
      HTML.escape(metric.signed(figure.value)) + "<small>\(HTML.escape(bounds))</small>")
  }

  private func ratio(_ figure: Figure?) -> String {
    guard let figure else { return HTML.element("td", SortableTable.value(nil), "–") }
    let bounds = figure.low.flatMap { low in
      figure.high.map { "[\(Figures.fixed(low, 2)), \(Figures.fixed($0, 2))]" }
    }
    return HTML.element(
      "td", SortableTable.value(figure.value),
      Figures.fixed(figure.value, 2) + "<small>\(bounds ?? "")</small>")
  }

  func count(_ number: Int) -> String {
    HTML.cell(Figures.count(number), SortableTable.value(Double(number)))
  }

  func header(_ code: String) -> String {
    let language = language(code)
    return HTML.language(language.name, native: language.nativeName, code: code)
  }

  /// One of several tables: all but the first fold away. The summary says what the caption says to others.
  func folded(_ title: String, isOpen: Bool, _ markup: String) -> String {
    guard tokenizers.count > 1 else { return markup }
    let open = isOpen ? " open" : ""
    return
      "<details class=\"folded\"\(open)><summary>\(HTML.escape(title))</summary>\(markup)</details>"
  }
}
