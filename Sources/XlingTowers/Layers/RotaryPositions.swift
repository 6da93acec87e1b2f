import CKernels
import Foundation
import XlingCore
import XlingTensor

/// Positions as rotations of queries and keys (Su et al. 2021), in the form that turns the number at i
/// of a head together with that at i + half. Shared by layers.
public final class RotaryPositions: Sendable {
  /// Places with an angle of their own; rows of a sequence beyond them are not turned.
  public let places: Int
  /// [places, half]
  private let cosines: [Float]
  private let sines: [Float]
  /// Half of a head's width.
  private let half: Int

  /// `angles` [places, half], in radians; a place that is not to be turned has zeros.
  public init(angles: [Double], half: Int) {
    precondition(half > 0 && angles.count % half == 0)
    self.half = half
    places = angles.count / half
    cosines = angles.map { Float(cos($0)) }
    sines = angles.map { Float(sin($0)) }
  }

  /// Place p times theta^(-2 i / width), i below half of the head's width. The powers are single
  /// precision, as the reference makes its table.
  public convenience init(theta: Double, headWidth: Int, places: Int) {
    let half = headWidth / 2
    let rates = (0..<half).map { i in
      Double(1 / powf(Float(theta), Float(2 * i) / Float(headWidth)))
    }
    self.init(
      angles: (0..<places).flatMap { place in rates.map { Double(place) * $0 } }, half: half)
  }

  /// Turns heads side by side in x [rows, heads * 2 * half], each row by its place in its sequence;
  /// `back` turns them back, which is the way of gradients.
  func turn(_ x: Matrix, _ layout: SequenceLayout, back: Bool = false) {
    var rows: [Int32] = []
    rows.reserveCapacity(layout.rows)
    for sequence in 0..<layout.sequences {
      for place in 0..<layout.length(sequence) { rows.append(place < places ? Int32(place) : -1) }
    }
    Parallel.ranges(x.rows, grain: max(1, 16_384 / x.columns)) { range in
      let first = range.lowerBound
      rows.withUnsafeBufferPointer { rows in
        guard let start = rows.baseAddress else { return }
        xk_rotate(
          x.row(first), Int64(x.stride), start + first, cosines, sines, back ? -1 : 1,
          Int64(range.count), Int64(x.columns / (2 * half)), Int64(half))
      }
    }
  }
}
