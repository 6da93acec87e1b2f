import XlingExperiments
import XlingReports
import XlingRetrieval

/// One paired test; a row of `xling compare --json`.
struct CompareRow: Encodable {
  /// What `language` says in rows over several.
  static let mean = "mean"

  let schema = "xling.compare/1"
  let metric: String
  let direction: String
  /// `mean` over `languages`, else the one language.
  let language: String
  let languages: [String]
  let first: String
  let second: String
  /// Percent for rates, as `difference`: first minus second, and its 95 % interval.
  let firstValue: Double
  let secondValue: Double
  let difference: Double
  let low: Double
  let high: Double
  /// Paired randomization test, two-sided; `pHolm` corrects over all languages, directions, pairs.
  let p: Double
  var pHolm: Double?
  /// The smallest true difference that this test finds with power 80 % at level 5 %.
  let detectable: Double?
  let n: Int
  let subset: String
  let `protocol`: String
}

/// The first run against each of the others, by language and on the mean of the languages that
/// none was aligned on.
struct CompareTests {
  let evaluations: CompareEvaluations
  let metric: Metric
  let resamples: Resamples
  /// As the runs were measured.
  let ties: TieBreaking

  init(_ evaluations: CompareEvaluations, _ metric: Metric) {
    self.evaluations = evaluations
    self.metric = metric
    resamples = Resamples(
      clusterCount: evaluations.pictures, count: evaluations.measured.resamples,
      seed: evaluations.measured.seed)
    ties = TieBreaking(rawValue: evaluations.measured.ties) ?? .pessimistic
  }

  /// Tests of single languages, corrected together.
  private var family: Int {
    (evaluations.runs.count - 1) * Direction.allCases.count * evaluations.languages.count
  }

  func rows() throws -> [CompareRow] {
    var single: [CompareRow] = []
    var means: [CompareRow] = []
    for second in evaluations.runs.indices.dropFirst() {
      for direction in Direction.allCases.reversed() {
        for language in evaluations.languages {
          guard let row = try row(second, language, direction) else { continue }
          single.append(row)
        }
        if let row = try mean(second, direction) { means.append(row) }
      }
    }
    // Two families: the means are few and asked first.
    return corrected(single) + corrected(means)
  }

  private func corrected(_ rows: [CompareRow]) -> [CompareRow] {
    zip(rows, Holm.adjusted(rows.map(\.p))).map { row, p in
      var row = row
      row.pHolm = p
      return row
    }
  }

  private func row(_ second: Int, _ language: String, _ direction: Direction) throws -> CompareRow?
  {
    guard let one = evaluations[0, language, direction],
      let other = evaluations[second, language, direction]
    else { return nil }
    let comparison = try Comparison(
      metric, of: one.ranking, minus: other.ranking, ties: ties,
      clusters: try clusters(one),
      resamples: resamples, flips: Comparison.flips(family: family),
      seed: evaluations.measured.seed)
    return row(
      comparison, second, direction, language: language, languages: [language],
      values: (
        try metric.value(one.ranking, ties: ties), try metric.value(other.ranking, ties: ties)
      ))
  }

  private func mean(_ second: Int, _ direction: Direction) throws -> CompareRow? {
    let languages = evaluations.languages.filter {
      !evaluations.aligned.contains($0) && evaluations[0, $0, direction] != nil
        && evaluations[second, $0, direction] != nil
    }
    // The mean of one language is that language's row.
    guard languages.count > 1 else { return nil }
    func parts(_ run: Int) throws -> [RankedQueries] {
      try languages.compactMap { language in
        guard let one = evaluations[run, language, direction] else { return nil }
        return RankedQueries(one.ranking, clusters: try clusters(one))
      }
    }
    let (mine, theirs) = (try parts(0), try parts(second))
    let comparison = try Comparison(
      macro: metric, of: mine, minus: theirs, ties: ties, resamples: resamples,
      seed: evaluations.measured.seed)
    return row(
      comparison, second, direction, language: CompareRow.mean, languages: languages,
      values: (
        try resamples.macroAverage(metric, of: mine, ties: ties).value,
        try resamples.macroAverage(metric, of: theirs, ties: ties).value
      ))
  }

  func clusters(_ evaluation: Evaluation) throws -> Clusters {
    try Clusters(numbered: evaluation.pictures, count: evaluations.pictures)
  }

  private func row(
    _ comparison: Comparison, _ second: Int, _ direction: Direction, language: String,
    languages: [String], values: (Double, Double)
  ) -> CompareRow {
    let scale = metric.isRate ? 100.0 : 1
    return CompareRow(
      metric: metric.name, direction: direction.words, language: language, languages: languages,
      first: evaluations.runs[0], second: evaluations.runs[second], firstValue: scale * values.0,
      secondValue: scale * values.1, difference: scale * comparison.difference.value,
      low: scale * comparison.difference.low, high: scale * comparison.difference.high,
      p: comparison.pValue,
      // JSON has no infinity: a single picture tells nothing.
      detectable: comparison.detectable.isFinite ? scale * comparison.detectable : nil,
      n: comparison.difference.n, subset: evaluations.measured.subset,
      protocol: evaluations.measured.hash)
  }
}
