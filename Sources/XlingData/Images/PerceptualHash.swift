import Foundation

/// 64 bits that stay nearly the same when a picture is scaled, recompressed or slightly recoloured:
/// few differing bits between two pictures mean that they are probably one. Bit 63 is the first of
/// row 0. Both follow the definitions of Python's `imagehash`, whose hexadecimal digits ``hex`` gives.
public struct PerceptualHash: Hashable, Sendable {
  public let bits: UInt64

  public init(bits: UInt64) { self.bits = bits }

  /// Sixteen digits.
  public var hex: String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Bits that differ, 0...64. Two random pictures differ in 32 on average.
  public func distance(to other: PerceptualHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

  /// pHash (Zauner 2010): the picture in grey at 32 x 32 (Lanczos), its two-dimensional DCT-II,
  /// and for each of the 8 x 8 lowest frequencies whether it is above their median.
  public static func frequencies(of picture: Picture) -> PerceptualHash {
    let side = 32
    let grey = picture.grey(width: side, height: side).map(Double.init)
    let columns = lowestFrequencies(of: transposed(grey, side: side), rows: side, side: side)
    // Now [side, 8] read as rows of the first axis: the second axis is next.
    let low = lowestFrequencies(
      of: (0..<8).flatMap { frequency in
        (0..<side).map { columns[$0 * 8 + frequency] }
      }, rows: 8, side: side)
    let sorted = low.sorted()
    let median = (sorted[31] + sorted[32]) / 2
    return PerceptualHash(low.map { $0 > median })
  }

  /// dHash (Krawetz 2013): the picture in grey at 9 x 8 (Lanczos), and for each of eight neighbours
  /// in a row whether the right one is lighter.
  public static func gradients(of picture: Picture) -> PerceptualHash {
    let grey = picture.grey(width: 9, height: 8)
    return PerceptualHash(
      (0..<64).map { index in
        let left = index / 8 * 9 + index % 8
        return grey[left + 1] > grey[left]
      })
  }

  private init(_ flags: [Bool]) {
    bits = flags.reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
  }

  /// DCT-II of each row of `side` values, frequencies 0 to 7: [rows, 8].
  private static func lowestFrequencies(of values: [Double], rows: Int, side: Int) -> [Double] {
    var out: [Double] = []
    for row in 0..<rows {
      for frequency in 0..<8 {
        var sum = 0.0
        for index in 0..<side {
          sum +=
            values[row * side + index] * cosine(frequency * (2 * index + 1), side: side)
        }
        out.append(2 * sum)
      }
    }
    return out
  }

  /// cos(pi n / (2 side)).
  private static func cosine(_ n: Int, side: Int) -> Double {
    cos(.pi * Double(n % (4 * side)) / Double(2 * side))
  }

  private static func transposed(_ values: [Double], side: Int) -> [Double] {
    (0..<side * side).map { values[$0 % side * side + $0 / side] }
  }
}

extension Picture {
  /// Luma (ITU-R 601-2, as Pillow's `convert("L")`), then resized with Lanczos, row by row.
  func grey(width newWidth: Int, height newHeight: Int) -> [UInt8] {
    var grey = self
    grey.pixels.withUnsafeMutableBufferPointer { pixels in
      for at in stride(from: 0, to: pixels.count, by: 3) {
        let value = UInt8(Self.luma(UnsafeBufferPointer(pixels), at))
        for channel in at..<at + 3 { pixels[channel] = value }
      }
    }
    let small = grey.resized(width: newWidth, height: newHeight, filter: .lanczos)
    return stride(from: 0, to: small.pixels.count, by: 3).map { small.pixels[$0] }
  }
}
