import XlingCore
import XlingEvaluation
import XlingLanguages
import XlingRetrieval

/// Fits regressions for one run, a set of features each, and asks them of languages.
struct ForecastFit {
  let run: MeasuredRun
  /// The language aligned on, which is none to learn from: it was not transferred to.
  let aligned: String
  let knowledge: [String: ForecastKnowledge]
  let cards: Languages
  /// Features that nobody knows here, and why.
  let absent: [ForecastFeature: String]
  private(set) var models: [(model: ForecastModel, forecaster: RecallForecaster?)] = []
  private var places: [[ForecastFeature]: Int] = [:]

  /// Share of the measured languages that have to know a feature for it to be used.
  static let known = 0.8

  init(
    _ run: MeasuredRun, aligned: String, knowledge: [String: ForecastKnowledge], cards: Languages,
    absent: [ForecastFeature: String]
  ) {
    (self.run, self.aligned, self.knowledge) = (run, aligned, knowledge)
    (self.cards, self.absent) = (cards, absent)
  }

  /// Measured ones, in order.
  var languages: [String] { run.recalls.keys.filter { $0 != aligned }.sorted() }

  func value(_ feature: ForecastFeature, _ language: String) -> Double? {
    knowledge[language]?.values[feature]
  }

  /// Throws `RetrievalFailure`.
  mutating func row(_ language: String) throws -> ForecastRow {
    let place = try model(for: language)
    let (model, forecaster) = models[place]
    let features = model.features.map(\.feature)
    let values = features.compactMap { value($0, language) }
    let family = cards[code: language]?.family.name
    var forecast: RecallForecaster.Forecast?
    var beyond: [Beyond] = []
    if let forecaster {
      if let index = forecaster.measured.firstIndex(where: { $0.language == language }) {
        forecast = forecaster.forecast(leavingOut: index)
      } else {
        let (inside, outside) = Self.clamped(values, features, to: forecaster.measured)
        forecast = forecaster.forecast(inside, family: family)
        beyond = outside
      }
    }
    let reasons = reasons(model, forecast, beyond)
    return ForecastRow(
      language: language, name: cards[code: language]?.name ?? language, model: place,
      verdict: reasons.isEmpty ? .forecast : .notEnoughEvidence, reasons: reasons,
      recall: forecast.map { 100 * $0.recall }, low: forecast?.low.map { 100 * $0 },
      high: forecast?.high.map { 100 * $0 },
      interval: forecast.flatMap {
        $0.low == nil ? nil : $0.isOfNewFamily ? .families : .languages
      },
      extrapolates: extrapolations(language, model, beyond),
      measured: run.recalls[language].map { EstimateRow($0.estimate) },
      features: Dictionary(zip(features.map(\.rawValue), values)) { $1 })
  }

  /// The place of the regression on what is known of `language`. Throws `RetrievalFailure`.
  private mutating func model(for language: String) throws -> Int {
    var leftOut: [ForecastModel.LeftOut] = []
    let used = ForecastFeature.allCases.filter { feature in
      let reason = absent[feature] ?? self.reason(against: feature, of: language)
      if let reason { leftOut.append(.init(feature: feature, reason: reason)) }
      return reason == nil
    }
    if let place = places[used] { return place }
    let complete = languages.filter { code in
      used.allSatisfy { value($0, code) != nil }
    }
    var forecaster: RecallForecaster?
    if complete.count >= RecallForecaster.fewest {
      forecaster = RecallForecaster(
        complete.compactMap { code in
          run.recalls[code].map {
            RecallForecaster.Measured(
              language: code, family: cards[code: code]?.family.name,
              features: used.compactMap { value($0, code) }, recall: $0.estimate.value,
              queries: $0.queries)
          }
        })
    }
    let weights = forecaster?.weights ?? used.map { _ in 0 }
    let model = ForecastModel(
      features: zip(used, weights).map { .init(feature: $0, weight: $1) }, leftOut: leftOut,
      penalty: forecaster?.penalty, languages: complete,
      incomplete: languages.filter { !complete.contains($0) },
      leaveOneLanguageOut: try forecaster.map { .init(try $0.leaveOneLanguageOut()) },
      leaveOneFamilyOut: try forecaster?.leaveOneFamilyOut().map { .init($0) })
    models.append((model, forecaster))
    places[used] = models.count - 1
    return models.count - 1
  }

  private func reason(against feature: ForecastFeature, of language: String) -> String? {
    guard value(feature, language) != nil else { return "not known of \(language)" }
    let others = languages.filter { $0 != language }
    let known = others.count { value(feature, $0) != nil }
    guard Double(known) >= Self.known * Double(others.count) else {
      return "known of \(known) of \(others.count) measured languages only"
    }
    return nil
  }

  /// A feature outside of what was measured.
  private struct Beyond {
    let feature: ForecastFeature
    /// By more than half of the measured range: nothing is known of such languages.
    let isFar: Bool
  }

  /// A line goes on for ever, languages do not: a feature beyond the measured range counts as its end.
  private static func clamped(
    _ values: [Double], _ features: [ForecastFeature], to measured: [RecallForecaster.Measured]
  ) -> (values: [Double], beyond: [Beyond]) {
    var (inside, beyond): ([Double], [Beyond]) = ([], [])
    for (place, value) in values.enumerated() {
      let known = measured.map { $0.features[place] }
      let (least, most) = (known.min() ?? value, known.max() ?? value)
      inside.append(min(max(value, least), most))
      let distance = max(least - value, value - most)
      if distance > 0 {
        beyond.append(Beyond(feature: features[place], isFar: distance > (most - least) / 2))
      }
    }
    return (inside, beyond)
  }

  private func reasons(
    _ model: ForecastModel, _ forecast: RecallForecaster.Forecast?, _ beyond: [Beyond]
  ) -> [String] {
    guard let forecast, let skill = model.leaveOneLanguageOut else {
      return [
        "\(model.languages.count) languages are measured and known, \(RecallForecaster.fewest) are needed"
      ]
    }
    var reasons: [String] = []
    let recalls = model.languages.compactMap { run.recalls[$0]?.estimate.value }
    let range = (recalls.max() ?? 0) - (recalls.min() ?? 0)
    if let low = forecast.low, let high = forecast.high, high - low > range / 2 {
      reasons.append("the interval is wider than half of what was observed")
    }
    let far = beyond.filter(\.isFar).map(\.feature.rawValue)
    if !far.isEmpty {
      reasons.append(
        "\(far.joined(separator: ", ")): beyond the measured range by more than half of it")
    }
    if skill.ratio >= 1 {
      reasons.append("languages left out are forecast no better than by the mean")
    }
    return reasons
  }

  private func extrapolations(
    _ language: String, _ model: ForecastModel, _ beyond: [Beyond]
  ) -> [String] {
    guard let own = knowledge[language] else { return [] }
    let others = model.languages.filter { $0 != language }
    var found: [String] = []
    if let script = own.script, !others.contains(where: { knowledge[$0]?.script == script }) {
      found.append("no language in \(script) was measured")
    }
    let premiums = others.compactMap { knowledge[$0]?.premium }
    if let premium = own.premium, let least = premiums.min(), let most = premiums.max(),
      premium < least || premium > most
    {
      func text(_ value: Double) -> String { "\((100 * value).rounded() / 100)" }
      found.append("premium \(text(premium)) outside of \(text(least)) to \(text(most))")
    }
    if let share = own.characterCoverage, share < 0.95 {
      found.append("\((1_000 * share).rounded() / 10) % of its characters are known")
    }
    let told: Set<ForecastFeature> = [.premium, .characters]
    found += beyond.filter { !told.contains($0.feature) }.map {
      "\($0.feature.rawValue) beyond what was measured"
    }
    return found
  }
}
