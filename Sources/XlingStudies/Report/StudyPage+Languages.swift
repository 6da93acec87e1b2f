import XlingCore
import XlingReports
import XlingRetrieval

// Distances of languages, donors, and translations.
extension StudyFigures {
  var distanceSection: HTMLPage.Section? {
    guard !distances.isEmpty else { return nil }
    let shown = distances.prefix(ScatterPlot.seriesLimit)
    let plot = XYPlot(
      id: "distance", title: "\(metric) by distance",
      description: "One point a language and condition; the languages that nothing was taught of.",
      series: shown.enumerated().map { index, one in
        XYPlot.Series(
          name: "\(one.condition), from \(one.aligned)",
          points: one.points.map { point in
            .init(
              x: point.distance, y: point.estimate.value, low: point.estimate.low,
              high: point.estimate.high, label: index == 0 ? point.language : "",
              tip: "\(point.language), \(one.condition): distance "
                + "\(Figures.fixed(point.distance, 2)) from \(one.aligned), "
                + "\(Figures.interval(point.estimate)), n = \(Figures.count(point.estimate.n))")
          }, isLine: false)
      },
      x: .init("distance of means, spreads of a language") { Figures.fixed($0, 2) },
      y: .init("\(metric), %") { Figures.fixed(100 * $0, 0) })
    return HTMLPage.Section(
      "distance", "How far languages lie, and what is found", distanceText,
      (plot.map { HTML.scrolling("Distance and recall", $0.svg) } ?? "")
        + table(distanceTable, "Errors of forecasts, points") + note)
  }

  var donorSection: HTMLPage.Section? {
    guard !donors.isEmpty else { return nil }
    return HTMLPage.Section(
      "donors", "Which language to align on", donorText,
      table(donorTable, "Mean \(metric), %")
        + donors.map { one in
          table(
            Self.choices(one),
            "By language" + (one.context.isEmpty ? "" : ", \(one.context)"))
        }.joined() + note)
  }

  var translatedSection: HTMLPage.Section? {
    guard !translated.isEmpty else { return nil }
    return HTMLPage.Section(
      "translations", "Beside translations", translatedText,
      table(translatedTable, "Captions and translations of them") + note)
  }
}
