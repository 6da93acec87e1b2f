/// Regressions that each lack one fold, and the prediction intervals that follow (Barber et al. 2021,
/// arXiv:1905.02928): jackknife+ where every row is a fold of its own, CV+ where folds hold several. An interval
/// of level 1 − α covers with a chance of at least 1 − 2α where rows are exchangeable, and of about 1 − α in
/// practice.
public struct JackknifePlus: Sendable {
  /// Without fold f.
  private let models: [RidgeRegression]
  private let folds: [Int]
  /// Of each row, by the regression that lacks its fold.
  public let predictions: [Double]
  private let residuals: [Double]

  /// `folds`: of each row, 0..<count, at least two of them.
  public init(_ rows: [[Double]], _ targets: [Double], folds: [Int]) {
    let count = (folds.max() ?? -1) + 1
    precondition(count > 1 && folds.count == rows.count, "a fold a row, two folds at least")
    self.folds = folds
    var models: [RidgeRegression] = []
    for fold in 0..<count {
      let kept = rows.indices.filter { folds[$0] != fold }
      models.append(RidgeRegression(kept.map { rows[$0] }, kept.map { targets[$0] }))
    }
    self.models = models
    predictions = rows.indices.map { models[folds[$0]].value(rows[$0]) }
    residuals = zip(targets, predictions).map { abs($0 - $1) }
  }

  /// The ⌊α (n + 1)⌋-th smallest of μ₋ᵢ(x) − rᵢ and the ⌈(1 − α) (n + 1)⌉-th of μ₋ᵢ(x) + rᵢ; nil where n is
  /// too small for either, as below 9 for 90 %.
  public func interval(_ row: [Double], level: Double) -> (low: Double, high: Double)? {
    let n = residuals.count
    // (n + 1) (1 − level) in binary may lie below a whole number that it is.
    let below = Int((Double(n + 1) * (1 - level) + 1e-9).rounded(.down))
    guard below >= 1 else { return nil }
    let values = models.map { $0.value(row) }
    let low = residuals.indices.map { values[folds[$0]] - residuals[$0] }.sorted()
    let high = residuals.indices.map { values[folds[$0]] + residuals[$0] }.sorted()
    return (low[below - 1], high[n - below])
  }
}
