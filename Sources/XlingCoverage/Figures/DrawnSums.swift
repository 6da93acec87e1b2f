/// A text as one tokenizer measured it, with what its intervals come from.
public struct MeasuredText {
  public let counts: CoverageCounts
  /// Parallel English, measured with the same tokenizer.
  public let english: CoverageCounts?
  /// Nil where there are too few lines for intervals.
  public let draws: DrawnSums?

  /// `bootstrap` are the draws of as many lines.
  public init(_ counts: CoverageCounts, english: CoverageCounts?, bootstrap: CoverageBootstrap?) {
    self.counts = counts
    self.english = english
    draws = bootstrap.map { DrawnSums($0, counts, english: english) }
  }

  public func figure(_ metric: CoverageMetric) -> CoverageFigure? {
    metric.figure(counts, english: english, draws: draws)
  }
}

/// Sums of a text's columns, and of its English's, over each bootstrap draw, formed when they are asked for.
public final class DrawnSums {
  private let bootstrap: CoverageBootstrap
  private let counts: CoverageCounts
  private let english: CoverageCounts?
  private var own: [Column: [Double]] = [:]
  private var others: [Column: [Double]] = [:]

  /// English counts where its blocks are the text's.
  public init(_ bootstrap: CoverageBootstrap, _ counts: CoverageCounts, english: CoverageCounts?) {
    self.bootstrap = bootstrap
    self.counts = counts
    self.english = english.flatMap { $0.blocks.hasLines(of: counts.blocks) ? $0 : nil }
  }

  private func sums(_ column: Column) -> [Double] {
    if let sums = own[column] { return sums }
    let sums = bootstrap.sums(counts.blocks.values(column))
    own[column] = sums
    return sums
  }

  private func englishSums(_ column: Column) -> [Double]? {
    guard let english else { return nil }
    if let sums = others[column] { return sums }
    let sums = bootstrap.sums(english.blocks.values(column))
    others[column] = sums
    return sums
  }

  /// The ratio in each draw; nil where one of them has nothing below.
  func ratios(_ ratio: CoverageMetric.Ratio) -> [Double]? {
    guard let above = combined(ratio.above, sums),
      let below = combined(ratio.below, ratio.english ? englishSums : sums)
    else { return nil }
    guard below.allSatisfy({ $0 > 0 }) else { return nil }
    return zip(above, below).map { ratio.scale * $0 / $1 }
  }

  private func combined(
    _ terms: [(column: Column, factor: Double)], _ sums: (Column) -> [Double]?
  ) -> [Double]? {
    // Most are one column as it is.
    if terms.count == 1, terms[0].factor == 1 { return sums(terms[0].column) }
    var total = [Double](repeating: 0, count: CoverageBootstrap.count)
    for term in terms {
      guard let values = sums(term.column) else { return nil }
      for draw in total.indices { total[draw] += term.factor * values[draw] }
    }
    return total
  }
}
