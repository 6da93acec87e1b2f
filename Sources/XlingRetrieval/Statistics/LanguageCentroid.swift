/// Where a language's captions lie in a model's common space: the mean of their unit vectors.
///
/// Means of languages lie apart where a model is not neutral to them (Libovický et al. 2020, arXiv:2004.05160), and
/// the further a language is from the one aligned on, the less of what was aligned may reach it.
public struct LanguageCentroid: Codable, Sendable, Equatable {
  public let language: String
  /// How many captions it is the mean of.
  public let captions: Int
  /// [width of the common space]
  public let mean: [Float]

  public init(language: String, captions: Int, mean: [Float]) {
    (self.language, self.captions, self.mean) = (language, captions, mean)
  }

  private func dot(_ other: [Float]) -> Double {
    zip(mean, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The distance of two means in units of how far captions lie from the mean of their own language, so that models
  /// whose spaces are wide and narrow can be compared: `|a - b| / sqrt(1 - (|a|² + |b|²) / 2)`, since unit vectors
  /// lie `sqrt(1 - |m|²)` from their mean m in the root mean square. nil of spaces of two widths, and where all
  /// captions of both are one vector.
  public func distance(to other: LanguageCentroid) -> Double? {
    guard mean.count == other.mean.count else { return nil }
    let (own, theirs) = (dot(mean), other.dot(other.mean))
    let spread = 1 - (own + theirs) / 2
    // What rounding leaves of nothing.
    guard spread > 1e-6 else { return nil }
    return (max(0, own + theirs - 2 * dot(other.mean)) / spread).squareRoot()
  }
}
