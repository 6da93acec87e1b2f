import Foundation

/// x' = a x + b y + c, y' = d x + e y + f.
struct AffineMap {
  var a, b, c, d, e, f: Double

  init(a: Double, b: Double, c: Double, d: Double, e: Double, f: Double) {
    (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
  }

  /// About the middle of a picture, against the clock as one sees it (y points down).
  init(rotating degrees: Double, width: Int, height: Int) {
    // OpenCV hands the middle over in single precision.
    let (x, y) = (Double(Float(Double(width) / 2)), Double(Float(Double(height) / 2)))
    let angle = degrees * (.pi / 180)
    let (cosine, sine) = (cos(angle), sin(angle))
    self.init(
      a: cosine, b: sine, c: (1 - cosine) * x - sine * y,
      d: -sine, e: cosine, f: sine * x + (1 - cosine) * y)
  }

  var inverse: AffineMap {
    let determinant = a * e - b * d
    let scale = determinant == 0 ? 0 : 1 / determinant
    let (ia, ib, id, ie) = (e * scale, -b * scale, -d * scale, a * scale)
    return AffineMap(
      a: ia, b: ib, c: -ia * c - ib * f, d: id, e: ie, f: -id * c - ie * f)
  }
}

extension Picture {
  /// OpenCV's `warpAffine` with INTER_LINEAR and a constant border of 128: coordinates in 1/1024,
  /// rounded to 1/32 of a pixel, weights exact.
  func warped(_ forward: AffineMap) -> Picture {
    let map = forward.inverse
    func fixed(_ value: Double) -> Int { Int((value * 1024).rounded(.toNearestOrEven)) }
    let columns = (0..<width).map { (x: fixed(map.a * Double($0)), y: fixed(map.d * Double($0))) }
    var result = Picture(width: width, height: height)
    var to = 0
    for y in 0..<height {
      let startX = fixed(map.b * Double(y) + map.c) + 16
      let startY = fixed(map.e * Double(y) + map.f) + 16
      for step in columns {
        blend(
          atX: (startX + step.x) >> 5, y: (startY + step.y) >> 5,
          into: &result.pixels, at: to)
        to += 3
      }
    }
    return result
  }

  /// Four neighbours of a place in 1/32 pixel.
  private func blend(atX x: Int, y: Int, into target: inout [UInt8], at to: Int) {
    let (left, top) = (x >> 5, y >> 5)
    let (right, below) = (x & 31, y & 31)
    for channel in 0..<3 {
      let upper =
        sample(left, top, channel) * (32 - right) + sample(left + 1, top, channel) * right
      let lower =
        sample(left, top + 1, channel) * (32 - right) + sample(left + 1, top + 1, channel) * right
      target[to + channel] = UInt8((upper * (32 - below) + lower * below + 512) >> 10)
    }
  }

  private func sample(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    guard x >= 0, x < width, y >= 0, y < height else { return 128 }
    return Int(pixels[(y * width + x) * 3 + channel])
  }
}
