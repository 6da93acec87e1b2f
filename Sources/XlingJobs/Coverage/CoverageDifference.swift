import XlingCore
import XlingCoverage
import XlingUnicode

/// A tokenizer beside another on the same lines: its figures less the other's, under the same draws.
public struct CoverageDifference: Codable, Sendable, Equatable {
  public let tokenizer: String
  public let against: String
  public let language: String
  public let figures: [CoverageRow.Figure]

  init(
    _ tokenizer: String, _ measured: MeasuredText, against other: String, _ first: MeasuredText
  ) {
    self.tokenizer = tokenizer
    against = other
    language = measured.counts.language
    figures = CoverageMetric.all.compactMap { metric in
      metric.difference(measured, from: first).map { CoverageRow.Figure(metric, $0) }
    }
  }
}

/// A text written otherwise, with one tokenizer, beside what it is as it stands. The English that premiums
/// compare with stays as it is.
public struct PerturbedCoverage: Codable, Sendable, Equatable {
  public struct Figure: Codable, Sendable, Equatable {
    public let metric: String
    public let unit: CoverageMetric.Unit
    public let value: Double
    @OrNull public private(set) var low: Double?
    @OrNull public private(set) var high: Double?
    /// Of the text as it stands.
    public let plain: Double
    /// `value` less `plain`, each line drawn for both at once.
    public let difference: Double
    @OrNull public private(set) var differenceLow: Double?
    @OrNull public private(set) var differenceHigh: Double?
  }

  public let perturbation: Perturbation
  /// Null where nothing is drawn.
  @OrNull public private(set) var seed: UInt64?
  public let tokenizer: String
  public let language: String
  public let text: String
  public let lines: Int
  /// Lines that are written otherwise.
  public let changedLines: Int
  public let figures: [Figure]

  init(
    _ kind: Perturbation, seed: UInt64, _ tokenizer: String, _ measured: MeasuredText,
    _ plain: MeasuredText
  ) {
    perturbation = kind
    self.seed = kind.isDrawn ? seed : nil
    self.tokenizer = tokenizer
    language = measured.counts.language
    text = measured.counts.text
    lines = measured.counts.lines
    changedLines = measured.counts.rewrittenLines
    figures = CoverageMetric.all.compactMap { metric in
      guard let figure = measured.figure(metric),
        let before = metric.figure(plain.counts, english: plain.english, draws: nil),
        let difference = metric.difference(measured, from: plain)
      else { return nil }
      return Figure(
        metric: metric.name, unit: metric.unit, value: figure.value, low: figure.low,
        high: figure.high, plain: before.value, difference: difference.value,
        differenceLow: difference.low, differenceHigh: difference.high)
    }
  }

  public func figure(_ metric: String) -> Figure? { figures.first { $0.metric == metric } }
}
