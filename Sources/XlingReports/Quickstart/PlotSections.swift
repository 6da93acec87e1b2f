import XlingExperiments
import XlingRetrieval

extension QuickstartReport {
  var plotSection: HTMLPage.Section {
    HTMLPage.Section(
      "languages", "Language by language",
      "Languages sorted by the best parameter-efficient method. A line is the 95 % interval; "
        + "point at a mark to read it.",
      HTML.scrolling("Dot plot", dotPlot.svg) + partialNote)
  }

  private var partialNote: String {
    languages.contains(where: \.isPartial)
      ? "<p class=\"note\">* fewer than 95 % of the pictures have a caption; n is smaller.</p>" : ""
  }

  /// The methods plotted, by language and direction; the language sorted first where the best
  /// parameter-efficient method is best. Equal means keep the order given.
  var dotPlot: DotPlot {
    let shown = Array(
      plotted.filter { id in methods.contains { $0.id == id } }.prefix(DotPlot.seriesLimit))
    let leader = best?.first ?? shown.first { $0 != reference }
    func mean(_ language: Language) -> Double {
      let found = Self.directions.compactMap {
        estimate(leader ?? "", language.code, $0)?.value
      }
      return found.isEmpty ? -1 : found.reduce(0, +) / Double(found.count)
    }
    let sorted = languages.enumerated()
      .map { (index: $0, mean: mean($1), language: $1) }
      .sorted { ($1.mean, $0.index) < ($0.mean, $1.index) }
      .map(\.language)
    return DotPlot(
      title: "\(metric) by language: \(shown.map(label).joined(separator: ", "))",
      description: "One row a language, sorted by the best parameter-efficient method; dots are "
        + "estimates, lines 95 % intervals, dashed lines chance. The same figures stand in the "
        + "table of all languages below.",
      series: shown.map(label), panels: Self.directions.map(\.title),
      rows: sorted.map { plotRow($0, shown) })
  }

  private func plotRow(_ language: Language, _ shown: [String]) -> DotPlot.Row {
    let aligned = language.code == alignedLanguage ? " (aligned)" : ""
    return DotPlot.Row(
      label: language.name + aligned + (language.isPartial ? "*" : ""),
      points: Self.directions.map { direction in
        shown.map { method in
          estimate(method, language.code, direction).map { estimate in
            DotPlot.Point(
              value: estimate.value, low: estimate.low, high: estimate.high,
              tip: "\(language.name), \(label(method)): \(Figures.interval(estimate)), "
                + "n = \(Figures.count(estimate.n))")
          }
        }
      },
      chances: Self.directions.map { chance(language.code, $0) })
  }

  var curveSection: HTMLPage.Section? {
    guard let plot = curvePlot else { return nil }
    return HTMLPage.Section(
      "curves", "How the loss fell",
      "The contrastive loss of training batches, line, and of pairs held out, rings. All panels have "
        + "one scale.", HTML.scrolling("Training curves", plot.svg))
  }

  /// nil where no curve has a loss that is a number.
  var curvePlot: CurvePlot? {
    CurvePlot(
      title: "Loss by training step",
      curves: curves.filter { !$0.training.isEmpty }.map { curve in
        let last = curve.training.last.map {
          "\(Figures.fixed($0.loss, 2)) at step \($0.step)"
        }
        let held = curve.validation.last.map { ", held out \(Figures.fixed($0.loss, 2))" }
        return CurvePlot.Curve(
          name: label(curve.method), description: (last ?? "") + (held ?? ""),
          line: curve.training.map { .init(step: $0.step, value: $0.loss) },
          rings: curve.validation.map {
            .init(step: $0.step, value: $0.loss, tip: Self.tip($0))
          })
      })
  }

  private static func tip(_ point: ValidationStep) -> String {
    "step \(Figures.count(point.step)): loss \(Figures.fixed(point.loss, 3)), "
      + "first \(Figures.percent(point.textToImage)) % text to image, "
      + "\(Figures.percent(point.imageToText)) % image to text, \(Figures.count(point.pairs)) pairs"
  }
}
