import XlingExperiments
import XlingRetrieval

/// The first run, or pool of seeds, against each of the others, by language and on the mean of the
/// languages that none was aligned on.
public struct CompareTests: Sendable {
  public let evaluations: CompareEvaluations
  public let metric: Metric
  public let resamples: Resamples
  /// As the runs were measured.
  public let ties: TieBreaking

  public init(_ evaluations: CompareEvaluations, _ metric: Metric) {
    self.evaluations = evaluations
    self.metric = metric
    resamples = Resamples(
      clusterCount: evaluations.pictures, count: evaluations.measured.resamples,
      seed: evaluations.measured.seed)
    ties = TieBreaking(rawValue: evaluations.measured.ties) ?? .pessimistic
  }

  /// Tests of single languages, corrected together.
  private var family: Int {
    (evaluations.entries.count - 1) * Direction.allCases.count * evaluations.languages.count
  }

  /// Throws `RetrievalFailure`.
  public func rows() throws -> [CompareRow] {
    var single: [CompareRow] = []
    var means: [CompareRow] = []
    for second in evaluations.entries.indices.dropFirst() {
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
    // What was not tested is no member of the family.
    var adjusted = Holm.adjusted(rows.compactMap(\.p))[...]
    return rows.map { row in
      var row = row
      row.pHolm = row.p == nil ? nil : adjusted.popFirst()
      return row
    }
  }

  private func row(_ second: Int, _ language: String, _ direction: Direction) throws -> CompareRow?
  {
    let (mine, theirs) = (
      try parts(0, [language], direction), try parts(second, [language], direction)
    )
    guard let one = mine.first, let other = theirs.first else { return nil }
    let flips = Comparison.flips(family: family)
    let seed = evaluations.measured.seed
    let comparison =
      mine.count == 1
      ? try Comparison(
        metric, of: one.ranking, minus: other.ranking, ties: ties, clusters: one.clusters,
        resamples: resamples, flips: flips, seed: seed)
      : try Comparison(
        macro: metric, of: mine, minus: theirs, ties: ties, resamples: resamples, flips: flips,
        seed: seed)
    return try row(comparison, second, direction, [language], mine, theirs)
  }

  private func mean(_ second: Int, _ direction: Direction) throws -> CompareRow? {
    let languages = evaluations.languages.filter {
      !evaluations.aligned.contains($0) && !evaluations[0, $0, direction].isEmpty
        && !evaluations[second, $0, direction].isEmpty
    }
    // The mean of one language is that language's row.
    guard languages.count > 1 else { return nil }
    let (mine, theirs) = (
      try parts(0, languages, direction), try parts(second, languages, direction)
    )
    let comparison = try Comparison(
      macro: metric, of: mine, minus: theirs, ties: ties, resamples: resamples,
      seed: evaluations.measured.seed)
    return try row(comparison, second, direction, languages, mine, theirs)
  }

  /// Language by language, each seed by seed; empty where one is lacking.
  func parts(
    _ entry: Int, _ languages: [String], _ direction: Direction
  ) throws -> [RankedQueries] {
    try languages.flatMap { language in
      try evaluations[entry, language, direction].map { one in
        RankedQueries(
          one.ranking,
          clusters: try Clusters(numbered: one.pictures, count: evaluations.pictures))
      }
    }
  }

  private func row(
    _ comparison: Comparison, _ second: Int, _ direction: Direction, _ languages: [String],
    _ mine: [RankedQueries], _ theirs: [RankedQueries]
  ) throws -> CompareRow {
    let scale = metric.isRate ? 100.0 : 1
    let seeds = evaluations.entries[0].runs.count
    let (first, other) = (
      try resamples.macroAverage(metric, of: mine, ties: ties),
      try resamples.macroAverage(metric, of: theirs, ties: ties)
    )
    let chance = metric.meanChance(mine.map(\.ranking))
    return CompareRow(
      schema: "xling.compare/1", metric: metric.name, direction: direction.words,
      language: languages.count == 1 ? languages[0] : CompareRow.mean, languages: languages,
      first: evaluations.labels[0], second: evaluations.labels[second],
      firstValue: scale * first.value, secondValue: scale * other.value,
      chance: chance.map { scale * $0 }, firstCoversChance: chance.flatMap(first.covers),
      secondCoversChance: chance.flatMap(other.covers),
      difference: scale * comparison.difference.value,
      low: comparison.difference.low.map { scale * $0 },
      high: comparison.difference.high.map { scale * $0 }, p: comparison.pValue, pHolm: nil,
      detectable: comparison.detectable.map { scale * $0 },
      n: comparison.difference.n / seeds, seeds: seeds,
      firstSpread: try spread(mine, seeds).map { scale * $0 },
      secondSpread: try spread(theirs, seeds).map { scale * $0 },
      subset: evaluations.measured.subset, protocol: evaluations.measured.hash)
  }

  /// Standard deviation over seeds of the mean over languages; nil for one seed.
  private func spread(_ parts: [RankedQueries], _ seeds: Int) throws -> Double? {
    guard seeds > 1 else { return nil }
    let values = try (0..<seeds).map { seed in
      let own = stride(from: seed, to: parts.count, by: seeds).map { parts[$0] }
      return try own.reduce(0) { $0 + (try metric.value($1.ranking, ties: ties)) }
        / Double(own.count)
    }
    let mean = values.reduce(0, +) / Double(seeds)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(seeds - 1)).squareRoot()
  }
}
