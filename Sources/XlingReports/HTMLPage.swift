import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  /// One file that needs nothing else: style, charts and pictures are inside. The same report
  /// gives the same bytes.
  public func html() -> String {
    let sections = [
      headlineSection, plotSection, costSection, curveSection, exampleSection, splitSection,
      allLanguagesSection, testSection, provenanceSection,
    ].filter { !$0.isEmpty }
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(HTML.escape(title))</title>
      <style>
      \(Style.sheet)
      </style>
      </head>
      <body>
      <main>
      <header>
      <p class="kicker">xling · cross-lingual image–text retrieval</p>
      <h1>\(HTML.escape(title))</h1>
      <p class="finding">\(HTML.prose(finding))</p>
      <p class="summary">\(HTML.escape(summary))</p>
      \(overview)
      </header>
      \(sections.joined(separator: "\n"))
      <footer><p>Protocol <code>\(HTML.escape(String(measured.hash.prefix(16))))</code>.
      Every figure is given with its 95 % interval and the number of queries it rests on.</p></footer>
      </main>
      </body>
      </html>

      """
  }

  static func section(_ id: String, _ title: String, _ lead: String, _ body: String) -> String {
    """
    <section id="\(id)" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(HTML.escape(title))</h2>
    <p class="lead">\(HTML.escape(lead))</p>
    \(body)
    </section>
    """
  }

  /// The comparisons with the reference as a row of large figures.
  private var overview: String {
    guard !overallTests.isEmpty else { return "" }
    let items = overallTests.map { test in
      let difference = test.comparison.difference
      let text =
        "\(Figures.percent(test.firstMean.value)) % against "
        + "\(Figures.percent(test.secondMean.value)) %, interval "
        + "[\(Figures.points(difference.low)), \(Figures.points(difference.high))], "
        + "p \(Figures.equation(test.comparison.pValue)), n = \(Figures.count(difference.n))"
      return """
        <div class="figure"><dt>\(HTML.escape(label(test.first) + " − " + label(test.second)))</dt>
        <dd><strong>\(HTML.escape(Figures.points(difference.value)))</strong> points
        <span>\(HTML.prose(text))</span></dd></div>
        """
    }
    return """
      <dl class="figures" aria-label="Differences in \(HTML.escape(metric)), mean of the languages \
      other than \(HTML.escape(name(alignedLanguage)))">
      \(items.joined(separator: "\n"))
      </dl>
      """
  }
}

extension Figures {
  /// `= 0.031` or `< 0.001`.
  static func equation(_ value: Double) -> String {
    let text = p(value)
    return text.hasPrefix("<") ? text : "= " + text
  }
}
