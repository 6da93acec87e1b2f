import Foundation
import XlingTensor

/// How position embeddings are brought to another grid. The two differ by up to a few tenths.
public enum PositionInterpolation: String, CaseIterable, Sendable {
  /// Cubic convolution with a = -0.75 (Keys 1981), as torch interpolates without antialiasing: what
  /// LilT and Hugging Face do.
  case bicubic
  /// a = -0.5, stretched when the grid shrinks, as torch's antialiased mode and Pillow do: timm's.
  case timm

  /// table [prefix + source², width], the prefix copied, into [prefix + rows * columns, width].
  /// Computed in double precision.
  public func apply(
    _ table: [Float], prefix: Int, source: Int, rows: Int, columns: Int, width: Int
  ) -> [Float] {
    precondition(table.count == (prefix + source * source) * width)
    guard rows != source || columns != source else { return table }
    let vertical = (0..<rows).map { taps(at: $0, source: source, target: rows) }
    let horizontal = (0..<columns).map { taps(at: $0, source: source, target: columns) }
    var result = Array(table[..<(prefix * width)])
    result.reserveCapacity((prefix + rows * columns) * width)
    for down in vertical {
      // Rows first: [source, width] of double.
      var line = [Double](repeating: 0, count: source * width)
      for (row, weight) in down {
        let start = (prefix + row * source) * width
        for index in 0..<source * width { line[index] += weight * Double(table[start + index]) }
      }
      for across in horizontal {
        for channel in 0..<width {
          var sum = 0.0
          for (column, weight) in across { sum += weight * line[column * width + channel] }
          result.append(Float(sum))
        }
      }
    }
    return result
  }

  /// The cells that one result cell is made of, with weights that sum to one.
  private func taps(at index: Int, source: Int, target: Int) -> [(Int, Double)] {
    let scale = Double(source) / Double(target)
    let center = (Double(index) + 0.5) * scale
    switch self {
    case .bicubic:
      let first = Int((center - 0.5).rounded(.down))
      let fraction = center - 0.5 - Double(first)
      return (-1...2).map { step in
        // Beyond the edge the edge's cells count again.
        (min(max(first + step, 0), source - 1), Self.kernel(Double(step) - fraction, a: -0.75))
      }
    case .timm:
      let stretch = max(scale, 1)
      let low = max(0, Int(center - 2 * stretch + 0.5))
      let high = min(source, Int(center + 2 * stretch + 0.5))
      let weights = (low..<high).map { cell in
        Self.kernel((Double(cell) - center + 0.5) / stretch, a: -0.5)
      }
      let sum = weights.reduce(0, +)
      return zip(low..<high, weights).map { ($0, $1 / sum) }
    }
  }

  private static func kernel(_ distance: Double, a: Double) -> Double {
    let x = abs(distance)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
