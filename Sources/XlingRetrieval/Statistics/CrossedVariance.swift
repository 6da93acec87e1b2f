/// The variance of a mean over seeds and pictures, both drawn: a two-way layout with one value a cell.
public struct CrossedVariance: Sendable, Equatable {
  /// Of the mean.
  public let total: Double
  /// What seeds add to it, and what pictures add; nil of one seed, which says nothing about others.
  public let ofSeeds: Double?
  public let ofPictures: Double
  /// Degrees of freedom of ``total`` (Satterthwaite 1946).
  public let freedom: Double

  /// `values` [seeds][pictures].
  ///
  /// With y = m + a(seed) + b(picture) + e the mean has the variance σa²/S + σb²/P + σe²/(SP), which
  /// (MS_seeds + MS_pictures - MS_e) / (SP) estimates without bias (Searle, Casella and McCulloch 1992, chapter
  /// 4). Where chance makes that less than either mean square alone gives, which are never too large but for
  /// chance, the larger of these is taken.
  init(_ values: [[Double]]) {
    let (seeds, pictures) = (values.count, values.first?.count ?? 0)
    let cells = Double(max(1, seeds * pictures))
    let rows = values.map { $0.reduce(0, +) / Double(max(1, pictures)) }
    let mean = rows.reduce(0, +) / Double(max(1, seeds))
    let columns = (0..<pictures).map { picture in
      values.reduce(0) { $0 + $1[picture] } / Double(max(1, seeds))
    }
    let betweenPictures = columns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let pictureFreedom = Double(max(1, pictures - 1))
    let pictureSquare = Double(seeds) * betweenPictures / pictureFreedom
    guard seeds > 1 else {
      total = pictureSquare / cells
      (ofSeeds, ofPictures, freedom) = (nil, total, pictureFreedom)
      return
    }
    let betweenSeeds = rows.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let seedFreedom = Double(seeds - 1)
    let seedSquare = Double(pictures) * betweenSeeds / seedFreedom
    var rest = 0.0
    for (row, rowMean) in zip(values, rows) {
      for (value, column) in zip(row, columns) {
        let residual = value - rowMean - column + mean
        rest += residual * residual
      }
    }
    let restFreedom = seedFreedom * pictureFreedom
    let restSquare = rest / restFreedom
    let sum = max(seedSquare + pictureSquare - restSquare, seedSquare, pictureSquare)
    total = sum / cells
    ofSeeds = max(0, seedSquare - restSquare) / cells
    ofPictures = max(0, pictureSquare - restSquare) / cells
    let spread =
      seedSquare * seedSquare / seedFreedom + pictureSquare * pictureSquare / pictureFreedom
      + restSquare * restSquare / restFreedom
    freedom = spread > 0 ? max(seedFreedom, sum * sum / spread) : seedFreedom
  }
}

extension CrossedFigure {
  public var variance: CrossedVariance { CrossedVariance(parts) }

  /// How much wider than drawn the deviations of the draws are taken: to the analysis of variance's standard
  /// error, and from the normal distribution's 1.96 to Student's quantile for its degrees of freedom.
  func widening(_ variance: CrossedVariance) -> Double {
    let mean = replicates.reduce(0, +) / Double(max(1, replicates.count))
    let spread = replicates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (spread / Double(max(1, replicates.count - 1))).squareRoot()
    guard deviation > 0 else { return 0 }
    return variance.total.squareRoot() / deviation * StudentT.critical(freedom: variance.freedom)
      / Detectable.normalQuantile(0.975)
  }

  /// The value with its 95 % interval over seeds and pictures; over pictures alone of one seed.
  public var estimate: Estimate {
    guard hasInterval else {
      return Estimate(value: value, low: nil, high: nil, n: queries, method: method)
    }
    let widening = widening(variance)
    let mean = replicates.reduce(0, +) / Double(max(1, replicates.count))
    let drawn = Resamples.percentiles(replicates)
    return Estimate(
      value: value, low: value + (drawn.low - mean) * widening,
      high: value + (drawn.high - mean) * widening, n: queries, method: method)
  }

  /// ``estimate`` of a rate: no interval reaches beyond 0...1.
  public var rate: Estimate {
    let estimate = estimate
    return Estimate(
      value: estimate.value, low: estimate.low.map { max(0, $0) },
      high: estimate.high.map { min(1, $0) }, n: estimate.n, method: estimate.method)
  }

  private var method: String {
    (seeds > 1 ? "crossed" : "pictures") + "-bootstrap-\(replicates.count)"
  }

  /// Two-sided, of no difference from 0: Student's t with the standard error of ``variance``. Nil where nothing
  /// is tested.
  public var pValue: Double? {
    guard hasInterval else { return nil }
    let variance = variance
    guard variance.total > 0 else { return value == 0 ? 1 : 0 }
    return StudentT.twoSided(value / variance.total.squareRoot(), freedom: variance.freedom)
  }

  /// The smallest true difference that would be found with power 80 % at level 5 %; nil without a test.
  public var detectable: Double? {
    guard hasInterval else { return nil }
    let variance = variance
    let quantiles = StudentT.critical(freedom: variance.freedom) + Detectable.normalQuantile(0.8)
    return quantiles * variance.total.squareRoot()
  }
}

/// Many figures of one bootstrap held in one band: with 95 % all true values lie in their intervals at once
/// (max-|t|, Westfall and Young 1993), their dependence used.
public struct SimultaneousBand: Sendable {
  /// In the order given; nil for those without an interval.
  public let intervals: [(low: Double, high: Double)?]
  /// By how many standard errors, each widened for its degrees of freedom.
  public let critical: Double

  public init(_ figures: [CrossedFigure]) {
    let prepared = figures.map { figure -> (error: Double, deviations: [Double])? in
      guard figure.hasInterval else { return nil }
      let variance = figure.variance
      let count = Double(max(1, figure.replicates.count))
      let mean = figure.replicates.reduce(0, +) / count
      let widening = figure.widening(variance)
      // As wide as a figure's own degrees of freedom make it: one of few does not widen the others.
      let error =
        variance.total.squareRoot() * StudentT.critical(freedom: variance.freedom)
        / Detectable.normalQuantile(0.975)
      guard error > 0 else { return (0, []) }
      return (error, figure.replicates.map { abs($0 - mean) * widening / error })
    }
    let draws = figures.map(\.replicates.count).max() ?? 0
    var largest = [Double](repeating: 0, count: draws)
    for case let one? in prepared {
      for (draw, deviation) in one.deviations.enumerated() {
        largest[draw] = max(largest[draw], deviation)
      }
    }
    let sorted = largest.sorted()
    let place = max(0, Int((0.95 * Double(draws)).rounded(.up)) - 1)
    let critical = sorted.isEmpty ? 0 : sorted[place]
    self.critical = critical
    intervals = zip(figures, prepared).map { figure, one in
      one.map { (figure.value - critical * $0.error, figure.value + critical * $0.error) }
    }
  }
}
