import XlingCore

/// Seeds and pictures drawn at once, with replacement, each draw used for all methods and languages: claims
/// about a method average over both. A picture's captions go with it (Owen 2007, the pigeonhole bootstrap).
///
/// The draws tell how figures depend on one another, and how an interquartile mean spreads beside a mean. They do
/// not tell how wide an interval is: with few seeds their spread is drawn too small by (S - 1) / S, and what seeds
/// and pictures share is counted thrice (Owen and Eckles 2012, theorem 3). That is ``CrossedVariance``'s.
public struct CrossedBootstrap: Sendable {
  public let seeds: Int
  public let pictures: Int
  private let seed: UInt64
  private let resamples: Resamples
  /// How often each draw holds each seed, [draws, seeds].
  private let drawnSeeds: [[Double]]

  public static let usualDraws = 2_000

  public init(seeds: Int, pictures: Int, draws: Int = usualDraws, seed: UInt64 = 0) {
    self.init(
      seeds: seeds, pictures: pictures, seed: seed,
      resamples: Resamples(clusterCount: pictures, count: draws, seed: seed))
  }

  private init(seeds: Int, pictures: Int, seed: UInt64, resamples: Resamples) {
    self.seeds = seeds
    self.pictures = pictures
    self.seed = seed
    self.resamples = resamples
    drawnSeeds = (0..<resamples.count).map { draw in
      var stream = RandomStream(seed: seed, "crossed seeds", seeds, draw)
      var counts = [Double](repeating: 0, count: seeds)
      for _ in 0..<seeds { counts[stream.index(seeds)] += 1 / Double(seeds) }
      return counts
    }
  }

  /// The same draws of pictures with another number of seeds.
  public func with(seeds: Int) -> CrossedBootstrap {
    CrossedBootstrap(seeds: seeds, pictures: pictures, seed: seed, resamples: resamples)
  }

  public var draws: Int { resamples.count }

  /// The interquartile mean over seeds and languages (``RunsAndTasks/interquartileMean(_:)``) of a method's
  /// `figures`, one a language; languages are fixed, not drawn. The interval is the percentiles of the draws, their
  /// distances from their mean widened by what the mean's own draws lack (``CrossedFigure/widening``).
  public func interquartileMean(_ figures: [CrossedFigure]) -> Estimate {
    let values = figures.flatMap(\.bySeed)
    let queries = figures.reduce(0) { $0 + $1.queries }
    let method = "crossed-interquartile-\(draws)"
    let value = RunsAndTasks.interquartileMean(values)
    guard figures.allSatisfy(\.hasInterval), let mean = CrossedFigure.mean(figures) else {
      return Estimate(value: value, low: nil, high: nil, n: queries, method: method)
    }
    let replicates = interquartileDraws(figures)
    let (centre, widening) = (Moments(replicates).mean, mean.widening)
    let drawn = Resamples.percentiles(replicates)
    return Estimate(
      value: value, low: max(0, value + (drawn.low - centre) * widening),
      high: min(1, value + (drawn.high - centre) * widening), n: queries, method: method)
  }

  private func interquartileDraws(_ figures: [CrossedFigure]) -> [Double] {
    drawnSeeds.enumerated().map { draw, weights in
      var drawn: [Double] = []
      for (seed, weight) in weights.enumerated() {
        let times = Int((weight * Double(seeds)).rounded())
        for figure in figures {
          drawn.append(contentsOf: repeatElement(figure.ofSeeds[seed][draw], count: times))
        }
      }
      return RunsAndTasks.interquartileMean(drawn)
    }
  }

  /// A mean metric of one method in one language and direction: `sums` [seeds][pictures] of the values of
  /// each picture's queries, `counts` [pictures] of these queries, which are the same for all seeds. Throws
  /// ``RetrievalFailure``.
  public func figure(
    sums: [[Double]], counts: [Double]
  ) throws(RetrievalFailure) -> CrossedFigure {
    guard sums.count == seeds, counts.count == pictures, sums.allSatisfy({ $0.count == pictures })
    else {
      throw .shape(
        what: "a study's figure", expected: "\(seeds) seeds of \(pictures) pictures",
        found: "\(sums.count) seeds, \(counts.count) pictures")
    }
    let queries = counts.reduce(0, +)
    guard queries > 0 else { throw .empty(what: "a language of the study") }
    let means = sums.map { $0.reduce(0, +) / queries }
    // Each picture's part in the mean, so that the mean over pictures of these is the mean itself.
    let scale = Double(pictures) / queries
    let parts = zip(sums, means).map { row, mean in
      zip(row, counts).map { mean + ($0 - mean * $1) * scale }
    }
    let replicated = resamples.replicates(of: sums.map { .mean(sums: $0, sizes: counts) })
    return CrossedFigure(
      value: means.reduce(0, +) / Double(seeds), replicates: crossed(replicated),
      ofSeeds: replicated, parts: parts, isSeen: counts.map { $0 > 0 }, queries: Int(queries))
  }

  /// `figure`, which is of more seeds, over those in the places `rows` alone: as many as ``seeds``, each once.
  public func restricted(_ figure: CrossedFigure, to rows: [Int]) -> CrossedFigure {
    precondition(rows.count == seeds, "as many rows as the bootstrap has seeds")
    let ofSeeds = rows.map { figure.ofSeeds[$0] }
    let parts = rows.map { figure.parts[$0] }
    return CrossedFigure(
      value: parts.reduce(0) { $0 + $1.reduce(0, +) / Double($1.count) } / Double(seeds),
      replicates: crossed(ofSeeds), ofSeeds: ofSeeds, parts: parts, isSeen: figure.isSeen,
      queries: figure.queries)
  }

  /// Draws of the mean over seeds, from those of each seed.
  private func crossed(_ ofSeeds: [[Double]]) -> [Double] {
    drawnSeeds.enumerated().map { draw, weights in
      zip(weights, ofSeeds).reduce(0) { $0 + $1.0 * $1.1[draw] }
    }
  }
}

/// A figure of a study with its draws. Figures of one bootstrap can be averaged and subtracted: then what they
/// share, seeds and pictures, cancels as it should.
public struct CrossedFigure: Sendable {
  public let value: Double
  /// One a draw.
  public let replicates: [Double]
  /// The same of each seed, its pictures drawn: [seeds][draws].
  let ofSeeds: [[Double]]
  /// [seeds][pictures], whose mean is ``value``.
  let parts: [[Double]]
  /// Whether a picture has a query here.
  let isSeen: [Bool]
  /// Of one seed.
  public let queries: Int

  init(
    value: Double, replicates: [Double], ofSeeds: [[Double]], parts: [[Double]], isSeen: [Bool],
    queries: Int
  ) {
    (self.value, self.replicates, self.ofSeeds) = (value, replicates, ofSeeds)
    (self.parts, self.isSeen, self.queries) = (parts, isSeen, queries)
  }

  public var seeds: Int { parts.count }

  public var pictures: Int { isSeen.count }

  /// Each weighing the same; nil of none. Queries add up.
  public static func mean(_ figures: [CrossedFigure]) -> CrossedFigure? {
    guard let first = figures.first else { return nil }
    func mean(_ rows: (CrossedFigure) -> [[Double]]) -> [[Double]] {
      var sums = rows(first).map { $0.map { _ in 0.0 } }
      for figure in figures {
        for (row, values) in rows(figure).enumerated() {
          for (place, value) in values.enumerated() { sums[row][place] += value }
        }
      }
      return sums.map { $0.map { $0 / Double(figures.count) } }
    }
    var isSeen = first.isSeen
    for figure in figures { isSeen = zip(isSeen, figure.isSeen).map { $0 || $1 } }
    return CrossedFigure(
      value: figures.reduce(0) { $0 + $1.value } / Double(figures.count),
      replicates: mean { [$0.replicates] }[0], ofSeeds: mean(\.ofSeeds), parts: mean(\.parts),
      isSeen: isSeen, queries: figures.reduce(0) { $0 + $1.queries })
  }

  public static func - (first: CrossedFigure, second: CrossedFigure) -> CrossedFigure {
    func difference(_ one: [Double], _ other: [Double]) -> [Double] {
      zip(one, other).map { $0 - $1 }
    }
    return CrossedFigure(
      value: first.value - second.value,
      replicates: difference(first.replicates, second.replicates),
      ofSeeds: zip(first.ofSeeds, second.ofSeeds).map(difference),
      parts: zip(first.parts, second.parts).map(difference),
      isSeen: zip(first.isSeen, second.isSeen).map { $0 || $1 }, queries: first.queries)
  }

  /// The mean of each seed.
  public var bySeed: [Double] { parts.map { $0.reduce(0, +) / Double($0.count) } }

  /// Whether so many independent pictures lie behind it that an interval may be claimed.
  public var hasInterval: Bool { isSeen.count { $0 } >= Clusters.fewest }
}
