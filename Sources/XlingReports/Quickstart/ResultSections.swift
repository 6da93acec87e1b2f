import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  static let directions: [Direction] = [.textToImage, .imageToText]

  var headlineSection: HTMLPage.Section {
    let codes = [alignedLanguage] + headlineLanguages.filter { $0 != alignedLanguage }
    let tables = Self.directions.map { headlineTable(codes, $0) }.joined(separator: "\n")
    let note =
      "Percent, ± the larger half of the 95 % interval (\(intervalMethod)); the best of each "
      + "column is bold. \(queryCounts(codes)) W/T/L: languages other than "
      + "\(name(alignedLanguage)) won, tied and lost against \(label(reference)) by a paired "
      + "randomization test after Holm’s correction, 5 %. Ties between scores count against "
      + "the system (\(measured.ties)). \(chanceNote(codes))"
    return HTMLPage.Section(
      "results", "Results",
      "\(metric): how often the right item is within the first \(metric.dropFirst(2)). "
        + "Every method saw \(name(alignedLanguage)) captions only.",
      tables + "<p class=\"note\">\(HTML.escape(note))</p>")
  }

  private func headlineTable(_ codes: [String], _ direction: Direction) -> String {
    var head = HTML.header("method", scope: "col")
    for code in codes {
      let star = languages.first { $0.code == code }?.isPartial == true ? "*" : ""
      head += HTML.header(code + star, scope: "col", "title=\"\(HTML.escape(name(code)))\"")
    }
    head += HTML.header("W/T/L", scope: "col")
    let tops = codes.map { code in
      methods.compactMap { estimate($0.id, code, direction)?.value }.max()
    }
    let body = methods.map { method in
      let cells = zip(codes, tops).map { code, top in
        resultCell(result(method.id, code, direction), top: top)
      }
      let tally = tally(method.id, directions: [direction], among: codes)?.text ?? "–"
      return HTML.header(method.label, scope: "row") + cells.joined() + HTML.cell(tally)
    }
    let chances = codes.map { chanceCell(chance($0, direction)) }
    let last =
      HTML.header("chance", scope: "row") + chances.joined() + HTML.cell("–")
    return HTML.table(caption: direction.title, head: [head], body: body + [last])
  }

  private func chanceCell(_ chance: Double?) -> String {
    HTML.cell(ChanceText.figure(chance.map { 100 * $0 }))
  }

  private func resultCell(_ result: Result?, top: Double?) -> String {
    guard let result else { return HTML.cell("–") }
    let estimate = result.estimate
    let mark = result.isMarked ? ChanceText.mark : ""
    let tip =
      "\(Figures.interval(estimate)), n = \(Figures.count(estimate.n))"
      + (result.isMarked ? ", not distinguishable from chance" : "")
    let top = estimate.value == top ? " class=\"top\"" : ""
    return "<td\(top) title=\"\(HTML.escape(tip))\">\(Figures.percent(estimate.value)) "
      + "<small>±\(Figures.halfWidth(estimate))\(mark)</small></td>"
  }

  var repeatSection: HTMLPage.Section? {
    guard !repeats.isEmpty else { return nil }
    let codes = ([alignedLanguage] + headlineLanguages).filter { code in
      repeats.contains { $0.language == code }
    }
    func row(_ title: String, _ figure: (String) -> Estimate?) -> String {
      HTML.header(title, scope: "row")
        + codes.map { HTML.cell(figure($0).map(Figures.interval) ?? "–") }.joined()
    }
    var body = methods.map { method in
      row(method.label) { code in
        repeats.first { $0.language == code && $0.method == method.id }?.lenient
      }
    }
    body.append(row("strict, at most") { code in repeats.first { $0.language == code }?.bound })
    let head =
      HTML.header("method", scope: "col")
      + codes.map { HTML.header($0, scope: "col", "title=\"\(HTML.escape(name($0)))\"") }.joined()
    let counts = codes.compactMap { code in
      repeats.first { $0.language == code }.map { "\(code) \($0.captions)" }
    }
    return HTMLPage.Section(
      "repeats", "Where captions repeat",
      "Lenient recall: any picture that has a caption's text, or the same picture, is right. The last row is "
        + "the most that strict recall can reach. Captions that another one repeats: "
        + counts.joined(separator: ", ") + ".",
      HTML.table(caption: "\(metric) lenient, text → image", head: [head], body: body))
  }

  var allLanguagesSection: HTMLPage.Section {
    let tables = Self.directions.map { direction in
      var head = HTML.header("language", scope: "col") + HTML.header("n", scope: "col")
      for method in methods { head += HTML.header(method.label, scope: "col") }
      head += HTML.header("chance", scope: "col")
      let body = languages.map { language in
        let found = methods.map { result($0.id, language.code, direction) }
        let top = found.compactMap { $0?.estimate.value }.max()
        let sizes = Set(found.compactMap { $0?.estimate.n }).sorted().map(Figures.count)
        return HTML.language(
          language.name, native: language.endonym, code: language.code,
          mark: language.isPartial ? "*" : "") + HTML.cell(sizes.joined(separator: ", "))
          + found.map { resultCell($0, top: top) }.joined()
          + chanceCell(chance(language.code, direction))
      }
      return HTML.table(caption: "\(metric), \(direction.title)", head: [head], body: body)
    }
    return HTMLPage.Section(
      "all", "All languages", "The figures of the plot and of the methods it leaves out.",
      "<details><summary>Show the tables</summary>\(tables.joined(separator: "\n"))"
        + "<p class=\"note\">\(HTML.escape(chanceNote(languages.map(\.code))))</p></details>")
  }

  var splitSection: HTMLPage.Section? {
    guard !splitResults.isEmpty else { return nil }
    var subsets: [String] = []
    for result in splitResults where !subsets.contains(result.subset) {
      subsets.append(result.subset)
    }
    var head =
      HTML.header("method", scope: "col") + HTML.header("direction", scope: "col", "class=\"left\"")
    for subset in subsets { head += HTML.header(subset, scope: "col") }
    var body: [String] = []
    for method in methods {
      for direction in Self.directions {
        let found = subsets.map { subset in
          splitResults.first {
            $0.method == method.id && $0.direction == direction && $0.subset == subset
          }
        }
        guard found.contains(where: { $0 != nil }) else { continue }
        let cells = found.map { HTML.cell($0.map(Self.splitText) ?? "–") }
        body.append(
          HTML.header(method.label, scope: "row") + HTML.cell(direction.title, "class=\"left\"")
            + cells.joined())
      }
    }
    return HTMLPage.Section(
      "held-out", "Words held out of translation",
      "The multilingual text tower learned some words without ever seeing them in a translation "
        + "pair. Results on scenes with and without such words tell recall of pairs from transfer.",
      HTML.table(
        caption: "\(metric), mean of the languages other than \(name(alignedLanguage))",
        head: [head], body: body))
  }

  private static func splitText(_ result: SplitResult) -> String {
    let estimate = result.estimate
    let mark = result.chance.flatMap(estimate.covers) == true ? ChanceText.mark : ""
    return "\(Figures.interval(estimate))\(mark), n = \(Figures.count(estimate.n))"
      + (result.chance.map { ", chance \(ChanceText.figure(100 * $0))" } ?? "")
  }

  var testSection: HTMLPage.Section? {
    guard !pairedTests.isEmpty else { return nil }
    let head = [
      "comparison", "language", "direction", "difference (points)", "95 % interval",
      "p", "p (Holm)", "detectable", "n",
    ].enumerated().map {
      HTML.header($1, scope: "col", (1...2).contains($0) ? "class=\"left\"" : "")
    }
    let body = pairedTests.map { test in
      let difference = test.comparison.difference
      let kind = (test.adjustedP ?? 1) >= 0.05 ? "" : difference.value > 0 ? "good" : "bad"
      return [
        HTML.header("\(label(test.first)) − \(label(test.second))", scope: "row"),
        HTML.cell(name(test.language), "class=\"left\""),
        HTML.cell(test.direction.title, "class=\"left\""),
        HTML.cell(Figures.points(difference.value), "class=\"\(kind)\""),
        HTML.cell(IntervalText.bounds(difference.low, difference.high, Figures.points)),
        HTML.cell(test.comparison.pValue.map(Figures.p) ?? "–"),
        HTML.cell(test.adjustedP.map(Figures.p) ?? "–"),
        HTML.cell(test.comparison.detectable.map(Figures.percent) ?? "–"),
        HTML.cell(Figures.count(difference.n)),
      ].joined()
    }
    let table = HTML.table(
      caption: "Differences in \(metric), queries paired", head: [head.joined()], body: body)
    return HTMLPage.Section(
      "tests", "Paired tests",
      "Both methods answer the same queries. Intervals: paired bootstrap over pictures; p: "
        + "randomization of signs; detectable: the smallest true difference found with power 80 %.",
      "<details><summary>Show \(pairedTests.count) tests</summary>\(table)</details>")
  }
}
