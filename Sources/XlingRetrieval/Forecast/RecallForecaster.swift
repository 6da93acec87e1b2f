/// What recall to expect of a language, by a ridge regression of the logit of measured recall on features of
/// the language. Languages of one family are alike, so a language of a family that was not measured gets the
/// wider interval of families left out whole.
public struct RecallForecaster: Sendable {
  /// A language whose recall was measured.
  public struct Measured: Sendable, Equatable {
    public var language: String
    /// nil: of none, or not known; it is then a family of its own.
    public var family: String?
    public var features: [Double]
    /// 0...1, of `queries`.
    public var recall: Double
    public var queries: Int

    public init(
      language: String, family: String?, features: [Double], recall: Double, queries: Int
    ) {
      (self.language, self.family, self.features) = (language, family, features)
      (self.recall, self.queries) = (recall, queries)
    }
  }

  public struct Forecast: Sendable, Equatable {
    public let recall: Double
    /// nil where too few languages were measured.
    public let low: Double?
    public let high: Double?
    /// Whether the family is new, and the interval that of whole families left out.
    public let isOfNewFamily: Bool
  }

  /// Languages that have to be measured before anything is forecast.
  public static let fewest = 20
  /// Of prediction intervals.
  public static let level = 0.9

  public let measured: [Measured]
  private let rows: [[Double]]
  private let targets: [Double]
  private let families: [Int]
  /// Of a language, mean of the measured ones.
  private let queries: Double
  private let whole: RidgeRegression
  private let byLanguage: JackknifePlus
  /// nil where all are of one family.
  private let byFamily: JackknifePlus?

  /// At least two languages, with as many features each.
  public init(_ measured: [Measured]) {
    self.measured = measured
    rows = measured.map(\.features)
    targets = measured.map { RateScale.logit($0.recall, n: $0.queries) }
    families = Self.families(measured)
    queries = Double(measured.reduce(0) { $0 + $1.queries }) / Double(measured.count)
    whole = RidgeRegression(rows, targets)
    byLanguage = JackknifePlus(rows, targets, folds: Array(measured.indices))
    byFamily =
      (families.max() ?? 0) > 0 ? JackknifePlus(rows, targets, folds: families) : nil
  }

  private static func families(_ measured: [Measured]) -> [Int] {
    var numbers: [String: Int] = [:]
    return measured.map { language in
      let name = language.family.map { "family " + $0 } ?? "language " + language.language
      let number = numbers[name] ?? numbers.count
      numbers[name] = number
      return number
    }
  }

  /// What one standard deviation of each feature changes on the logit scale.
  public var weights: [Double] { whole.weights }
  public var penalty: Double { whole.penalty }

  /// Of a language that is not among the measured ones.
  public func forecast(_ features: [Double], family: String?) -> Forecast {
    let isNew = family == nil || !measured.contains { $0.family == family }
    let interval = (isNew ? byFamily ?? byLanguage : byLanguage).interval(
      features, level: Self.level)
    return Forecast(
      recall: rate(whole.value(features)), low: interval.map { rate($0.low) },
      high: interval.map { rate($0.high) }, isOfNewFamily: isNew)
  }

  private func rate(_ logit: Double) -> Double { RateScale.rate(logit, n: queries) }

  /// Of a measured language, as though it were not; nil where no two others are left.
  public func forecast(leavingOut index: Int) -> Forecast? {
    var others = measured
    let left = others.remove(at: index)
    guard others.count > 1 else { return nil }
    return RecallForecaster(others).forecast(left.features, family: left.family)
  }

  /// Every language forecast from the others. Throws `RetrievalFailure`.
  public func leaveOneLanguageOut() throws(RetrievalFailure) -> ForecastSkill {
    try skill(Array(measured.indices), byLanguage.predictions)
  }

  /// Every language forecast from the other families; nil where there are not three of them. Throws
  /// `RetrievalFailure`.
  public func leaveOneFamilyOut() throws(RetrievalFailure) -> ForecastSkill? {
    guard let byFamily, (families.max() ?? 0) > 1 else { return nil }
    return try skill(families, byFamily.predictions)
  }

  private func skill(
    _ folds: [Int], _ predictions: [Double]
  ) throws(RetrievalFailure) -> ForecastSkill {
    var outcomes = measured.indices.map { index in
      ForecastSkill.Outcome(
        measured: measured[index].recall, forecast: rate(predictions[index]), mean: 0)
    }
    for fold in 0...(folds.max() ?? 0) {
      let rest = measured.indices.filter { folds[$0] != fold }
      let mean = rest.reduce(0) { $0 + measured[$1].recall } / Double(max(1, rest.count))
      let left = RecallForecaster.numbered(rest.map { folds[$0] })
      let others = JackknifePlus(
        rest.map { rows[$0] }, rest.map { targets[$0] }, folds: left)
      for index in measured.indices where folds[index] == fold {
        outcomes[index].mean = mean
        outcomes[index].interval = others.interval(rows[index], level: Self.level).map {
          (rate($0.low), rate($0.high))
        }
      }
    }
    return try ForecastSkill(outcomes, folds: folds, level: Self.level)
  }

  /// The same folds, numbered without gaps.
  private static func numbered(_ folds: [Int]) -> [Int] {
    var numbers: [Int: Int] = [:]
    return folds.map { fold in
      let number = numbers[fold] ?? numbers.count
      numbers[fold] = number
      return number
    }
  }
}
