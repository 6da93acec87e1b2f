import XlingEvaluation
import XlingJobs
import XlingReports

/// A forecast for reading: the languages, how well left-out languages are forecast, and by what.
struct ForecastText {
  let result: ForecastResult

  var text: String { result.runs.map(Self.text).joined(separator: "\n\n") }

  private static func text(_ run: ForecastOfRun) -> String {
    let head =
      "\(run.run) on \(run.dataset) \(run.split), \(run.metric) text to image among \(run.gallery) "
      + "pictures: \(run.languages) languages measured beside \(run.aligned), "
      + "\(number(run.lowest)) to \(number(run.highest)) %, mean \(number(run.mean)), standard "
      + "deviation \(number(run.deviation))"
    var parts = [head, table(run)]
    parts += notes(run)
    for (place, model) in run.models.enumerated() {
      parts.append(text(model, run.models.count > 1 ? "Regression \(place + 1)" : "Regression"))
    }
    if run.forecasts.count == 1 { parts.append(judgement(run.forecasts[0], run)) }
    return parts.joined(separator: "\n\n")
  }

  private static func table(_ run: ForecastOfRun) -> String {
    let severalModels = run.models.count > 1
    let header =
      ["language", "name", "verdict"] + ["R@10", "90 % interval", "width", "measured"]
      + (severalModels ? ["regression"] : [])
    let rows = run.forecasts.map { row in
      [
        row.language, row.name, row.verdict.rawValue + (row.extrapolates.isEmpty ? "" : " *"),
        row.recall.map(number) ?? "–", bounds(row), row.width.map(number) ?? "–",
        row.measured.map { $0.text() } ?? "–",
      ] + (severalModels ? ["\(row.model + 1)"] : [])
    }
    return TextTable([header] + rows, leading: 3).text
  }

  private static func bounds(_ row: ForecastRow) -> String {
    guard let low = row.low, let high = row.high else { return "–" }
    return "[\(number(low)), \(number(high))]" + (row.interval == .families ? " f" : "")
  }

  private static func notes(_ run: ForecastOfRun) -> [String] {
    var notes: [String] = []
    let extrapolating = run.forecasts.filter { !$0.extrapolates.isEmpty }
    if !extrapolating.isEmpty {
      notes.append(
        (["* beyond what was measured, where errors may be larger than any said here:"]
          + extrapolating.map { "  \($0.language): \($0.extrapolates.joined(separator: "; "))" })
          .joined(separator: "\n"))
    }
    if run.forecasts.contains(where: { $0.interval == .families }) {
      notes.append(
        "f: of a family that was not measured; the interval is that of families left out whole.")
    }
    var reasons: [String: [String]] = [:]
    for row in run.forecasts {
      for reason in row.reasons { reasons[reason, default: []].append(row.language) }
    }
    for (reason, languages) in reasons.sorted(by: { $0.key < $1.key }) {
      notes.append("Not enough evidence, \(languages.joined(separator: ", ")): \(reason).")
    }
    return notes
  }

  private static func text(_ model: ForecastModel, _ title: String) -> String {
    let weights = model.features.map {
      "\($0.feature.rawValue) \($0.weight < 0 ? "" : "+")\(Figures.fixed($0.weight, 2))"
    }
    var lines = [
      "\(title) on \(model.languages.count) languages; change of the logit by one standard deviation: "
        + (weights.isEmpty ? "no feature" : weights.joined(separator: ", "))
    ]
    if !model.incomplete.isEmpty {
      lines.append(
        "without \(model.incomplete.joined(separator: ", ")), of which not all of that is known")
    }
    for left in model.leftOut {
      lines.append("left out: \(left.feature.rawValue) (\(left.reason))")
    }
    guard let languages = model.leaveOneLanguageOut else { return lines.joined(separator: "\n") }
    let skills =
      [("one language", languages)] + (model.leaveOneFamilyOut.map { [("one family", $0)] } ?? [])
    return lines.joined(separator: "\n") + "\n\n" + table(skills)
  }

  private static func table(_ skills: [(String, ForecastModel.Skill)]) -> String {
    let header = [
      "left out", "n", "folds", "mean error", "of the mean", "ratio", "within 5", "of the mean",
      "within 10", "rank correlation", "covered by 90 %", "mean width",
    ]
    let rows = skills.map { name, skill in
      [
        name, "\(skill.languages)", "\(skill.folds)", skill.error.text(), skill.errorOfMean.text(),
        Figures.fixed(skill.ratio, 2), skill.within5.text(), skill.within5OfMean.text(),
        skill.within10.text(), correlation(skill.rankCorrelation), skill.coverage?.text() ?? "–",
        skill.width?.text() ?? "–",
      ]
    }
    return TextTable([header] + rows, leading: 1).text
      + "\nPoints and percent of the languages [95 % interval, bootstrap of what is left out; none under 30]. "
      + "Of the mean: what predicting\nthe mean of the others comes to."
  }

  private static func correlation(_ row: EstimateRow) -> String {
    let value = Figures.fixed(row.value, 2)
    guard let low = row.low, let high = row.high else { return value }
    return "\(value) [\(Figures.fixed(low, 2)), \(Figures.fixed(high, 2))]"
  }

  private static func judgement(_ row: ForecastRow, _ run: ForecastOfRun) -> String {
    guard row.verdict == .forecast, let recall = row.recall, let low = row.low, let high = row.high
    else {
      return "What \(row.name) reaches in \(run.run) cannot be told: not enough evidence ("
        + row.reasons.joined(separator: "; ") + ")."
    }
    return
      "In \(run.run), \(row.name) is expected to find \(number(recall)) % of its pictures among the "
      + "first 10 of \(run.gallery), in nine of ten cases between \(number(low)) and \(number(high)) %."
  }

  private static func number(_ value: Double) -> String { Figures.fixed(value, 1) }
}

extension ForecastJob.Event {
  /// On stderr; nil for a step.
  var words: String? {
    switch self {
    case .step: nil
    case .skipped(let run, let reason): "\(run) is left out: \(reason)"
    case .unlikeTexts(let language):
      "the text of \(language) is held against names of CLDR and captions of stamps in the other "
        + "languages: figures of unlike texts compare roughly"
    }
  }
}
