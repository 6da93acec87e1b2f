import XlingCore
import XlingReports
import XlingRetrieval

// What recall follows from, which donor, and translations: words and tables.
extension StudyFigures {
  /// Errors of forecasts from coverage, in points.
  var regressionTable: TextTable { Self.errors(regressions) }

  /// Of forecasts from the distance of centroids.
  var distanceTable: TextTable { Self.errors(distances) }

  private static func errors(_ regressions: [any RecallRegression]) -> TextTable {
    func points(_ estimate: Estimate?) -> String {
      estimate.map { Figures.estimate($0, isRate: true) } ?? "–"
    }
    let head = [
      "condition", "languages", "error", "of the mean", "families out", "of the mean",
      "rank correlation",
    ]
    return TextTable(
      [head]
        + regressions.map { one in
          [
            one.condition, "\(one.languages)", points(one.error), points(one.errorOfMean),
            points(one.familyError), points(one.familyErrorOfMean),
            Figures.fixed(one.rankCorrelation.value, 2),
          ]
        }, leading: 1)
  }

  /// What the distance is, and what its forecasts are held against.
  var distanceText: String {
    "A ridge regression of \(metric) on how far the mean of a language's caption vectors lies from that of the "
      + "language aligned on, in units of how far captions lie from their own language's mean; each language forecast "
      + "from the others, each family from the other families; errors in points, beside those of forecasting the mean. "
      + "Described, not explained: the vectors are those of the aligned run itself."
  }

  var donorText: String {
    "For each language the donor, of those aligned on, whose captions' mean lies nearest to its own: mean \(metric) "
      + "with it, with the donor that is best on average over the other languages, with any, and with the best in "
      + "hindsight."
  }

  var donorTable: TextTable {
    let hasContext = donors.contains { !$0.context.isEmpty }
    func rate(_ estimate: Estimate) -> String { Figures.estimate(estimate, isRate: true) }
    let head =
      (hasContext ? ["where"] : [])
      + ["donors", "languages", "nearest is best", "nearest", "usual", "any", "best"]
    return TextTable(
      [head]
        + donors.map { one in
          (hasContext ? [one.context] : []) + [
            one.donors.joined(separator: ", "), "\(one.languages)",
            "\(one.hits) of \(one.languages)", rate(one.nearest), rate(one.usual), rate(one.any),
            rate(one.best),
          ]
        }, leading: hasContext ? 2 : 1)
  }

  /// By language, of a group of conditions: each donor's figure and distance.
  static func choices(_ donors: Donors) -> TextTable {
    TextTable(
      [["language", "nearest", "best"] + donors.donors.map { "\($0): %, distance" }]
        + donors.choices.map { choice in
          [choice.language, choice.nearest, choice.best]
            + zip(choice.values, choice.distances).map { value, distance in
              guard let value, let distance else { return "–" }
              return "\(Figures.percent(value)), \(Figures.fixed(distance, 2))"
            }
        }, leading: 1)
  }

  var translatedText: String {
    "Translate-test: translations of a language's captions into the one aligned on stand in their place, and are read "
      + "as captions of that language. \(metric), both directions, of the same runs and pictures; the difference is "
      + "captions less translations, its interval for itself."
  }

  var translatedTable: TextTable {
    TextTable(
      [["condition", "language", "captions", "translations", "difference, points"]]
        + translated.map { one in
          [
            one.condition, one.language, Figures.estimate(one.captions, isRate: true),
            Figures.estimate(one.translations, isRate: true),
            "\(Figures.points(one.difference.value)) "
              + IntervalText.bounds(one.difference.low, one.difference.high, Figures.points),
          ]
        }, leading: 2)
  }
}
