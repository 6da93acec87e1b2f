import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  /// One file that needs nothing else: style, charts and pictures are inside. The same report
  /// gives the same bytes.
  public func html() -> String {
    HTMLPage(
      title: title, finding: finding, summary: summary, figures: overview,
      sections: [
        headlineSection, repeatSection, plotSection, costSection, curveSection, exampleSection,
        splitSection,
        allLanguagesSection, testSection, provenanceSection,
      ].compactMap { $0 },
      footer: """
        Protocol <code>\(HTML.escape(String(measured.hash.prefix(16))))</code>.
        Every figure is given with its 95 % interval and the number of queries it rests on.
        """
    ).html
  }

  /// The comparisons with the reference as a row of large figures.
  private var overview: FigureRow? {
    guard !overallTests.isEmpty else { return nil }
    let figures = overallTests.map { test in
      let difference = test.comparison.difference
      let text =
        "\(Figures.percent(test.firstMean.value)) % against "
        + "\(Figures.percent(test.secondMean.value)) %, interval "
        + IntervalText.bounds(difference.low, difference.high, Figures.points) + ", "
        + "\(test.comparison.pValue.map { "p " + Figures.equation($0) } ?? "not tested"), n = \(Figures.count(difference.n))"
      return FigureRow.Figure(
        name: label(test.first) + " − " + label(test.second),
        value: Figures.points(difference.value), unit: "points", text: text)
    }
    return FigureRow(
      label: "Differences in \(metric), mean of the languages other than \(name(alignedLanguage))",
      figures: figures)
  }
}
