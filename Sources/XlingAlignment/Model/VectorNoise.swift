import Foundation
import XlingCore
import XlingTensor

/// Gaussian noise on vectors of a training pass: y = x + sigma |x| n / sqrt(width), the components of n
/// independent and standard normal. Since |n| is about sqrt(width), sigma is the noise's length in units of
/// the vector's. A text that differs a little then meets the same picture, which is what a head trained on
/// one language needs in another (Nukrai et al. 2022 and Gu et al. 2023 train captioning heads so).
///
/// n is a function of seed, step and the pair's place in the batch: nothing is kept for the way back, and
/// chunks and resumed runs draw the same.
struct VectorNoise {
  let sigma: Float
  let seed: UInt64
  /// What the stream of numbers is called.
  let purpose: String
  let step: Int
  /// The batch's number of the pass's first pair.
  let firstPair: Int

  /// x [rows, width] with noise, from `workspace`. All rows of a sequence of `layout` get one draw, each in
  /// units of its own length; without a layout a row is a sequence.
  func added(to x: Matrix, _ layout: SequenceLayout?, in workspace: Workspace) -> Matrix {
    let y = workspace.take(x.rows, x.columns)
    each(x, layout) { row, noise in
      let scale = length(x.row(row), x.columns) * unit(x.columns)
      for column in 0..<x.columns { y[row, column] = x[row, column] + scale * noise[column] }
    }
    return y
  }

  /// From the gradient of y, [rows, width], that of x, in place:
  /// dx = dy + sigma / sqrt(width) (n · dy) x / |x|, since the noise grows with the vector.
  func backward(_ x: Matrix, _ layout: SequenceLayout?, dy: Matrix) {
    each(x, layout) { row, noise in
      let length = length(x.row(row), x.columns)
      guard length > 0 else { return }
      let dot = (0..<x.columns).reduce(Float(0)) { $0 + noise[$1] * dy[row, $1] }
      let scale = unit(x.columns) * dot / length
      for column in 0..<x.columns { dy[row, column] += scale * x[row, column] }
    }
  }

  private func unit(_ width: Int) -> Float { sigma / Float(width).squareRoot() }

  private func length(_ x: UnsafeMutablePointer<Float>, _ width: Int) -> Float {
    (0..<width).reduce(Float(0)) { $0 + x[$1] * x[$1] }.squareRoot()
  }

  private func each(
    _ x: Matrix, _ layout: SequenceLayout?, _ body: (Int, [Float]) -> Void
  ) {
    Parallel.ranges(layout?.sequences ?? x.rows, grain: 4) { sequences in
      for sequence in sequences {
        let noise = normals(sequence, x.columns)
        let rows =
          layout.map { Int($0.offsets[sequence])..<Int($0.offsets[sequence + 1]) }
          ?? sequence..<sequence + 1
        for row in rows { body(row, noise) }
      }
    }
  }

  /// Standard normal numbers of one pair, by Box and Muller (1958), both of each two.
  private func normals(_ sequence: Int, _ count: Int) -> [Float] {
    var stream = RandomStream(seed: seed, purpose, step, firstPair + sequence)
    var normals: [Float] = []
    normals.reserveCapacity(count + 1)
    while normals.count < count {
      let radius = (-2 * log(1 - stream.uniform())).squareRoot()
      let angle = 2 * Double.pi * stream.uniform()
      normals.append(Float(radius * cos(angle)))
      normals.append(Float(radius * sin(angle)))
    }
    return normals
  }
}
