import XlingCore
import XlingReports
import XlingRetrieval

// What conditions cost, and what languages do.
extension StudyFigures {
  /// Something of which less is better.
  private struct Cost {
    let id: String
    let name: String
    let value: (Condition) -> Double?
    let shown: @Sendable (Double) -> String
  }

  private static var costs: [Cost] {
    [
      Cost(id: "trained", name: "trained parameters") {
        Double($0.trained)
      } shown: {
        brief($0)
      },
      Cost(id: "time", name: "seconds of training a run") {
        $0.seconds
      } shown: {
        brief($0)
      },
      Cost(id: "memory", name: "most memory of a run, MB") {
        $0.peakMB
      } shown: {
        brief($0)
      },
    ]
  }

  var costSection: HTMLPage.Section? {
    let plots = Self.costs.compactMap(paretoPlot)
    guard !plots.isEmpty else { return nil }
    return HTMLPage.Section(
      "pareto", "What it costs",
      "On the front: nothing that costs as little has a higher mean. Intervals say how sure that is. Seconds and "
        + "memory are those of the machines that did the runs.",
      plots.map { HTML.scrolling("Pareto chart", $0.svg) }.joined(separator: "\n")
        + note)
  }

  private func paretoPlot(_ cost: Cost) -> XYPlot? {
    let priced = conditions.compactMap { condition in
      cost.value(condition).flatMap { $0 > 0 ? (condition: condition, cost: $0) : nil }
    }
    // One cost for all shows nothing.
    guard Set(priced.map(\.cost)).count > 1 else { return nil }
    func isOnFront(_ one: (condition: Condition, cost: Double)) -> Bool {
      !priced.contains { other in
        other.cost <= one.cost && other.condition.primary.value > one.condition.primary.value
      }
    }
    func points(_ isLabelled: Bool, _ isFront: Bool) -> [XYPlot.Point] {
      priced.filter { isOnFront($0) == isFront }.map { one in
        let primary = one.condition.primary
        return .init(
          x: one.cost, y: primary.value, low: primary.low, high: primary.high,
          label: isLabelled ? one.condition.label : "",
          tip: "\(tip(one.condition)); \(cost.shown(one.cost)) \(cost.name)")
      }
    }
    return XYPlot(
      id: "pareto-\(cost.id)", title: "\(metric) by \(cost.name)",
      description: priced.map { "\(tip($0.condition)), \(cost.shown($0.cost)) \(cost.name)" }
        .joined(separator: ". "),
      series: [
        .init(name: "on the front", points: points(true, true), isLine: false),
        .init(name: "behind it", points: points(priced.count < 8, false), isLine: false),
      ].filter { !$0.points.isEmpty },
      x: .init(cost.name, isLogarithmic: true, shown: cost.shown),
      y: .init("\(metric), %") { Figures.fixed(100 * $0, 0) })
  }

  var profileSection: HTMLPage.Section? {
    guard !thresholds.isEmpty else { return nil }
    let plot = XYPlot(
      id: "profile", title: "Performance profile",
      description: "Share of seeds and languages that reach a given \(metric), by condition.",
      series: conditions.map { condition in
        XYPlot.Series(
          name: condition.label,
          points: zip(thresholds, condition.profile).map { threshold, share in
            .init(
              x: threshold, y: share,
              tip:
                "\(condition.label): \(Figures.percent(share)) % reach \(Figures.percent(threshold)) %"
            )
          }, isLine: true)
      }, x: .init("\(metric), %") { Figures.fixed(100 * $0, 0) },
      y: .init("share of seeds × languages, %") { Figures.fixed(100 * $0, 0) })
    return plot.map {
      HTMLPage.Section(
        "profile", "How many languages reach how much",
        "A curve above another everywhere is better for every kind of language; where they cross, means hide it.",
        HTML.scrolling("Performance profile", $0.svg) + note)
    }
  }

  // MARK: - Coverage

  var regressionSection: HTMLPage.Section? {
    guard !regressions.isEmpty else { return nil }
    let shown = regressions.prefix(ScatterPlot.seriesLimit)
    let plot = ScatterPlot(
      title: "\(metric) by premium",
      description: "One point a language and condition; the languages that were not aligned on.",
      xName: "premium: tokens to those of the English captions",
      yName: "\(metric), both directions",
      series: shown.map(\.condition),
      points: shown.enumerated().flatMap { index, one in
        one.points.map { point in
          .init(
            label: index == 0 ? point.language : "", x: point.premium, y: point.estimate.value,
            low: point.estimate.low, high: point.estimate.high, series: index,
            tip:
              "\(point.language), \(one.condition): premium \(Figures.fixed(point.premium, 2)), fertility "
              + "\(Figures.fixed(point.fertility, 2)), \(Figures.interval(point.estimate)), "
              + "n = \(Figures.count(point.estimate.n))")
        }
      })
    return HTMLPage.Section(
      "coverage", "What languages cost, and what is found",
      "A ridge regression of \(metric) on the logarithms of premium and fertility of the captions' tokens, each "
        + "language forecast from the others, each family from the other families; errors in points, beside those of "
        + "forecasting the mean. Described, not explained: languages that cost many tokens often have little text in "
        + "pretraining, too.",
      (plot.map {
        HTML.element("div", "class=\"plot\"", HTML.scrolling("Premium and recall", $0.svg))
      }
        ?? "") + table(regressionTable, "Errors of forecasts, points") + note)
  }
}
