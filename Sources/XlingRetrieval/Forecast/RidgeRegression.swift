/// Ridge regression (Hoerl and Kennard 1970) on standardized features, with an intercept that is not shrunk:
/// the minimum over a and β of Σ (y − a − z·β)² / n + λ |β|², z = (x − mean) / standard deviation of the
/// rows fitted. A feature that does not vary has no weight.
public struct RidgeRegression: Sendable, Equatable {
  /// Of each feature, over the rows fitted.
  public let means: [Double]
  public let scales: [Double]
  /// Of standardized features: what one standard deviation changes.
  public let weights: [Double]
  public let intercept: Double
  public let penalty: Double

  /// `rows` are of one length, as many as `targets`, at least one.
  public init(_ rows: [[Double]], _ targets: [Double], penalty: Double) {
    let problem = Standardized(rows, targets)
    self.init(problem, Cholesky(problem.gram, adding: penalty), penalty)
  }

  /// With the penalty of `penalties` whose squared errors are least when each row is predicted without it
  /// (PRESS, Allen 1974, in closed form from the hat matrix); the larger one of equals.
  public init(_ rows: [[Double]], _ targets: [Double], choosing penalties: [Double] = Self.usual) {
    let problem = Standardized(rows, targets)
    var best: (error: Double, fit: RidgeRegression)?
    for penalty in penalties.sorted(by: >) {
      let factor = Cholesky(problem.gram, adding: penalty)
      let fit = RidgeRegression(problem, factor, penalty)
      let error = problem.leaveOneOutError(fit.weights, factor)
      if best.map({ error < $0.error }) ?? true { best = (error, fit) }
    }
    self = best?.fit ?? RidgeRegression(problem, Cholesky(problem.gram, adding: 1), 1)
  }

  public static let usual = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]

  private init(_ problem: Standardized, _ factor: Cholesky, _ penalty: Double) {
    (means, scales, intercept) = (problem.means, problem.scales, problem.mean)
    self.penalty = penalty
    weights = factor.solve(problem.cross)
  }

  public func value(_ row: [Double]) -> Double {
    var value = intercept
    for index in weights.indices {
      value += weights[index] * (row[index] - means[index]) / scales[index]
    }
    return value
  }
}

/// Rows with mean 0 and variance 1, and what a ridge needs of them.
private struct Standardized {
  let count: Int
  let width: Int
  var means: [Double]
  var scales: [Double]
  let mean: Double
  /// [count, width].
  var z: [Double]
  /// y − mean.
  let centred: [Double]
  /// zᵀz / n, [width, width], and zᵀy / n.
  var gram: [Double]
  var cross: [Double]

  init(_ rows: [[Double]], _ targets: [Double]) {
    (count, width) = (rows.count, rows.first?.count ?? 0)
    precondition(rows.count == targets.count && !rows.isEmpty, "a row a target, at least one")
    let n = Double(rows.count)
    let mean = targets.reduce(0, +) / n
    self.mean = mean
    centred = targets.map { $0 - mean }
    means = [Double](repeating: 0, count: width)
    scales = means
    z = [Double](repeating: 0, count: count * width)
    gram = [Double](repeating: 0, count: width * width)
    cross = means
    for feature in 0..<width {
      let average = rows.reduce(0) { $0 + $1[feature] } / n
      let variance =
        rows.reduce(0) { $0 + ($1[feature] - average) * ($1[feature] - average) } / n
      means[feature] = average
      // Rounding of equal values is no variance.
      let isConstant = variance.squareRoot() <= 1e-12 * max(1, abs(average))
      scales[feature] = isConstant ? 1 : variance.squareRoot()
      guard !isConstant else { continue }
      for row in 0..<count {
        z[row * width + feature] = (rows[row][feature] - average) / scales[feature]
      }
    }
    for row in 0..<count {
      for one in 0..<width {
        let value = z[row * width + one] / n
        cross[one] += value * centred[row]
        for other in 0...one { gram[one * width + other] += value * z[row * width + other] }
      }
    }
  }

  /// Σ (e / (1 − h))², h the leverage with the intercept's 1 / n.
  func leaveOneOutError(_ weights: [Double], _ factor: Cholesky) -> Double {
    var sum = 0.0
    var row = [Double](repeating: 0, count: width)
    for index in 0..<count {
      var fitted = 0.0
      for feature in 0..<width {
        row[feature] = z[index * width + feature]
        fitted += weights[feature] * row[feature]
      }
      let leverage = (1 + factor.squaredNorm(row)) / Double(count)
      let error = (centred[index] - fitted) / max(1e-9, 1 - leverage)
      sum += error * error
    }
    return sum
  }
}

/// L of L Lᵀ = A + λ I, A given by its lower half.
private struct Cholesky {
  let width: Int
  var lower: [Double]

  init(_ gram: [Double], adding penalty: Double) {
    width = Int(Double(gram.count).squareRoot().rounded())
    lower = gram
    for row in 0..<width {
      lower[row * width + row] += penalty
      for column in 0...row {
        var sum = lower[row * width + column]
        for inner in 0..<column {
          sum -= lower[row * width + inner] * lower[column * width + inner]
        }
        lower[row * width + column] =
          row == column
          ? max(sum, 1e-300).squareRoot() : sum / lower[column * width + column]
      }
    }
  }

  /// L⁻¹ b.
  private func forward(_ b: [Double]) -> [Double] {
    var solution = b
    for row in 0..<width {
      for inner in 0..<row { solution[row] -= lower[row * width + inner] * solution[inner] }
      solution[row] /= lower[row * width + row]
    }
    return solution
  }

  func solve(_ b: [Double]) -> [Double] {
    var solution = forward(b)
    for row in (0..<width).reversed() {
      for inner in row + 1..<max(row + 1, width) {
        solution[row] -= lower[inner * width + row] * solution[inner]
      }
      solution[row] /= lower[row * width + row]
    }
    return solution
  }

  /// bᵀ (A + λ I)⁻¹ b.
  func squaredNorm(_ b: [Double]) -> Double { forward(b).reduce(0) { $0 + $1 * $1 } }
}
