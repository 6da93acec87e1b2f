/// The variance of a mean over seeds and pictures, both drawn: a two-way layout with one value a cell.
public struct CrossedVariance: Sendable, Equatable {
  /// Of the mean.
  public let total: Double
  /// What seeds add to it, and what pictures add; nil of one seed, which says nothing about others.
  public let ofSeeds: Double?
  public let ofPictures: Double
  /// Degrees of freedom of ``total`` (Satterthwaite 1946), S - 1 at the least.
  public let freedom: Double

  /// `values` [seeds][pictures].
  ///
  /// With y = m + a(seed) + b(picture) + e the mean has the variance σa²/S + σb²/P + σe²/(SP), which
  /// (MS_seeds + MS_pictures - MS_e) / (SP) estimates without bias (Searle, Casella and McCulloch 1992, chapter
  /// 4). What pictures add, MS_pictures - MS_e, has many degrees of freedom and is cut at 0; MS_seeds has few and is
  /// never cut: a larger one in its place, where chance makes it small, would keep Student's quantile for a spread
  /// that no longer varies so much, and intervals would cover too often.
  ///
  /// But where all seeds have the very same mean, which hits and misses of few pictures can have and real numbers
  /// never, MS_e stands in its place, what MS_seeds is at the least on average: 0 would call a gap of one picture
  /// certain (docs/studies/statistics.md has the simulations).
  init(_ values: [[Double]]) {
    let squares = MeanSquares(values)
    let (seeds, pictures) = (Double(values.count), Double(values.first?.count ?? 0))
    let cells = max(1, seeds * pictures)
    let pictureFreedom = max(1, pictures - 1)
    guard seeds > 1 else {
      total = squares.pictures / cells
      (ofSeeds, ofPictures, freedom) = (nil, total, pictureFreedom)
      return
    }
    let ofPicturesAlone = max(0, squares.pictures - squares.rest)
    let areSeedsAlike = squares.seeds <= 1e-12 * squares.rest
    let seedSquare = areSeedsAlike ? squares.rest : squares.seeds
    let sum = seedSquare + ofPicturesAlone
    total = sum / cells
    ofSeeds = max(0, seedSquare - squares.rest) / cells
    ofPictures = ofPicturesAlone / cells
    let spread =
      seedSquare * seedSquare / (seeds - 1)
      + squares.pictures * squares.pictures / pictureFreedom
      + squares.rest * squares.rest / ((seeds - 1) * pictureFreedom)
    freedom = spread > 0 ? max(seeds - 1, sum * sum / spread) : seeds - 1
  }
}

/// Mean squares of a two-way layout; of one seed `seeds` and `rest` are 0.
private struct MeanSquares {
  let seeds: Double
  let pictures: Double
  let rest: Double

  init(_ values: [[Double]]) {
    let (seedCount, pictureCount) = (values.count, values.first?.count ?? 0)
    let rows = values.map { $0.reduce(0, +) / Double(max(1, pictureCount)) }
    let mean = rows.reduce(0, +) / Double(max(1, seedCount))
    let columns = (0..<pictureCount).map { picture in
      values.reduce(0) { $0 + $1[picture] } / Double(max(1, seedCount))
    }
    func squares(_ means: [Double]) -> Double {
      means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let pictureFreedom = Double(max(1, pictureCount - 1))
    pictures = Double(seedCount) * squares(columns) / pictureFreedom
    guard seedCount > 1 else {
      (seeds, rest) = (0, 0)
      return
    }
    let seedFreedom = Double(seedCount - 1)
    seeds = Double(pictureCount) * squares(rows) / seedFreedom
    var sum = 0.0
    for (row, rowMean) in zip(values, rows) {
      for (value, column) in zip(row, columns) {
        let residual = value - rowMean - column + mean
        sum += residual * residual
      }
    }
    rest = sum / (seedFreedom * pictureFreedom)
  }
}
