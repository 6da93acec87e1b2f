import Foundation

/// Many figures held in one band: with 95 % all true values lie in their intervals at once (max-|t|, Westfall and
/// Young 1993). How they depend on one another is seen in the draws of their crossed bootstrap.
public struct SimultaneousBand: Sendable {
  /// In the order given; nil for those without an interval.
  public let intervals: [(low: Double, high: Double)?]
  /// The level at which each interval stands for itself, 0.05 for one figure, less for several.
  public let level: Double

  public init(_ figures: [CrossedFigure]) {
    let draws = figures.map(\.replicates.count).max() ?? 0
    var largest = [Double](repeating: 0, count: draws)
    for figure in figures where figure.hasInterval {
      let moments = Moments(figure.replicates)
      guard moments.deviation > 0 else { continue }
      for (draw, value) in figure.replicates.enumerated() {
        largest[draw] = max(largest[draw], abs(value - moments.mean) / moments.deviation)
      }
    }
    let sorted = largest.sorted()
    let place = max(0, Int((0.95 * Double(draws)).rounded(.up)) - 1)
    // What the largest of all is worth on the normal distribution, then on each figure's own Student's t: a figure
    // of few degrees of freedom does not widen the others. Draws are never wider than one figure alone.
    let level = min(0.05, erfc((sorted.isEmpty ? 0 : sorted[place]) / 2.0.squareRoot()))
    self.level = level
    intervals = figures.map { figure in
      guard figure.hasInterval else { return nil }
      let variance = figure.variance
      let half =
        StudentT.critical(freedom: variance.freedom, level: level) * variance.total.squareRoot()
      return (figure.value - half, figure.value + half)
    }
  }
}
