import XlingCore

/// A figure of a text and a tokenizer: what it is called, how it is computed, and who defined it.
public struct CoverageMetric: Sendable {
  public enum Unit: String, Sendable, Codable {
    /// A number of its own: tokens a word, a ratio to English.
    case ratio
    /// 0...1, shown in percent.
    case share
    /// 0...100.
    case percent
    case nats, bits, count
  }

  public enum Better: String, Sendable, Codable { case low, high, neither }

  /// What a figure may need beside the text: parallel English measured with the same tokenizer.
  public typealias English = CoverageCounts

  public let name: String
  public let title: String
  public let formula: String
  public let explanation: String
  public let citation: String
  public let unit: Unit
  public let better: Better
  let value: @Sendable (CoverageCounts, English?) -> Double?
  /// Set for ratios of sums over lines: these have intervals.
  let ratio: Ratio?

  /// Sums over lines, above and below; `english`: below is English's.
  struct Ratio: Sendable {
    var above: [(column: Column, factor: Double)]
    var below: [(column: Column, factor: Double)]
    var english = false
    var scale = 1.0
  }

  /// Throws ``CoverageFailure/unknownMetric(given:nearest:known:)``.
  public static func named(_ name: String) throws(CoverageFailure) -> CoverageMetric {
    let key = name.lowercased().replacing("-", with: "_")
    if let metric = all.first(where: { $0.name == key }) { return metric }
    // "fertility" alone means the first of its kind.
    if let metric = all.first(where: { $0.name.hasPrefix(key + "_") }), key.count > 2 {
      return metric
    }
    throw .unknownMetric(
      given: name, nearest: Spelling.nearest(to: key, among: all.map(\.name)),
      known: all.map(\.name))
  }

  /// What `--explain` prints.
  public var text: String {
    let intervals =
      ratio == nil
      ? "none: it is no ratio of sums over lines, and plug-in estimates on resamples would be biased"
      : "95 %, bootstrap by line; none under \(CoverageBootstrap.fewest) lines"
    return """
      \(name): \(title)
      formula   \(formula)
      \(explanation)
      better    \(better == .neither ? "neither: a description" : better.rawValue)
      interval  \(intervals)
      source    \(citation)
      """
  }

  public var hasInterval: Bool { ratio != nil }
}

/// A metric's value for one text.
public struct CoverageFigure: Sendable, Equatable {
  public let metric: String
  public let value: Double
  public let low: Double?
  public let high: Double?
}

extension CoverageMetric {
  /// Nil where the text has no such figure (no parallel English, no ICU words). `draws` nil: no interval.
  public func figure(
    _ counts: CoverageCounts, english: English?, draws: DrawnSums?
  ) -> CoverageFigure? {
    guard let value = value(counts, english), value.isFinite else { return nil }
    let interval = ratio.flatMap { ratio in draws?.ratios(ratio) }
      .map { CoverageBootstrap.interval($0) }
    return CoverageFigure(metric: name, value: value, low: interval?.low, high: interval?.high)
  }

  /// The figure of `one` less that of `other`, texts of the same lines, each line drawn for both at once; nil
  /// where either has no such figure.
  public func difference(_ one: MeasuredText, from other: MeasuredText) -> CoverageFigure? {
    guard let first = value(one.counts, one.english), first.isFinite,
      let second = value(other.counts, other.english), second.isFinite
    else { return nil }
    var interval: (low: Double, high: Double)?
    if let ratio, one.counts.blocks.hasLines(of: other.counts.blocks),
      let ratios = one.draws?.ratios(ratio), let others = other.draws?.ratios(ratio)
    {
      interval = CoverageBootstrap.interval(zip(ratios, others).map { $0 - $1 })
    }
    return CoverageFigure(
      metric: name, value: first - second, low: interval?.low, high: interval?.high)
  }

  static func linear(_ terms: [(column: Column, factor: Double)], _ sums: Sums) -> Double {
    terms.reduce(0) { $0 + $1.factor * Double(sums[$1.column]) }
  }
}
