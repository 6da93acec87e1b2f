import Testing

@testable import XlingRetrieval

@Suite("where the captions of languages lie")
struct LanguageCentroidTests {
  private func centroid(_ rows: [[Float]]) -> LanguageCentroid {
    let mean = rows[0].indices.map { column in
      rows.reduce(0) { $0 + $1[column] } / Float(rows.count)
    }
    return LanguageCentroid(language: "x", captions: rows.count, mean: mean)
  }

  /// By the definition: the distance of the means, over the root mean square of captions' distances from their own.
  @Test func theDistanceIsInUnitsOfTheSpread() throws {
    let one: [[Float]] = [[1, 0, 0], [0.6, 0.8, 0], [0.6, 0, 0.8]]
    let other: [[Float]] = [[-1, 0, 0], [0, 1, 0], [0, 0.6, -0.8]]
    let (a, b) = (centroid(one), centroid(other))
    func square(_ x: [Float], _ y: [Float]) -> Double {
      zip(x, y).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    }
    func spread(_ rows: [[Float]], _ mean: [Float]) -> Double {
      rows.reduce(0) { $0 + square($1, mean) } / Double(rows.count)
    }
    let expected =
      (square(a.mean, b.mean) / ((spread(one, a.mean) + spread(other, b.mean)) / 2)).squareRoot()
    #expect(abs(try #require(a.distance(to: b)) - expected) < 1e-6)
    #expect(a.distance(to: b) == b.distance(to: a))
    #expect(a.distance(to: a) == 0)
  }

  @Test func whatHasNoSpreadHasNoDistance() {
    let one = centroid([[1, 0], [1, 0]])
    #expect(one.distance(to: centroid([[0, 1], [0, 1]])) == nil)
    #expect(one.distance(to: centroid([[0, 0, 1]])) == nil)
  }
}
