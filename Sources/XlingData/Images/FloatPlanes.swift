/// A picture as numbers, channel by channel, that is resized without rounding to eight bits: what
/// torch's antialiased `interpolate` does with floats.
struct FloatPlanes {
  let width: Int
  let height: Int
  /// [3, height, width]
  private let values: [Double]

  /// `values` has the number of each of the 256 bytes.
  init(_ picture: Picture, values table: [Float]) {
    (width, height) = (picture.width, picture.height)
    let pixels = picture.pixels
    let area = width * height
    values = [Double](unsafeUninitializedCapacity: 3 * area) { target, count in
      for channel in 0..<3 {
        for place in 0..<area {
          target[channel * area + place] = Double(table[Int(pixels[place * 3 + channel])])
        }
      }
      count = 3 * area
    }
  }

  private init(width: Int, height: Int, values: [Double]) {
    (self.width, self.height, self.values) = (width, height, values)
  }

  /// Black beside the picture.
  func value(_ channel: Int, _ x: Int, _ y: Int) -> Float {
    guard 0..<width ~= x, 0..<height ~= y else { return 0 }
    return Float(values[(channel * height + y) * width + x])
  }

  /// Across, then down.
  func resized(width newWidth: Int, height newHeight: Int, filter: ResampleFilter) -> FloatPlanes {
    let across = Self.taps(from: width, to: newWidth, filter)
    var lines = [Double](repeating: 0, count: 3 * height * newWidth)
    for line in 0..<3 * height {
      for (x, tap) in across.enumerated() {
        var sum = 0.0
        for (step, weight) in tap.weights.enumerated() {
          sum += weight * values[line * width + tap.first + step]
        }
        lines[line * newWidth + x] = sum
      }
    }
    let down = Self.taps(from: height, to: newHeight, filter)
    var result = [Double](repeating: 0, count: 3 * newHeight * newWidth)
    for channel in 0..<3 {
      for (y, tap) in down.enumerated() {
        let target = (channel * newHeight + y) * newWidth
        for (step, weight) in tap.weights.enumerated() {
          let source = (channel * height + tap.first + step) * newWidth
          for x in 0..<newWidth { result[target + x] += weight * lines[source + x] }
        }
      }
    }
    return FloatPlanes(width: newWidth, height: newHeight, values: result)
  }

  /// For every pixel of the result its source pixels and their weights, which sum to one. Places and weights
  /// are single precision, as torch makes them.
  private static func taps(
    from source: Int, to target: Int, _ filter: ResampleFilter
  ) -> [(first: Int, weights: [Double])] {
    let scale = Float(source) / Float(target)
    let stretch = max(1, scale)
    let support = Float(filter.support) * stretch
    return (0..<target).map { index in
      let center = scale * (Float(index) + 0.5)
      guard filter != .nearest else { return (min(source - 1, Int(center)), [1]) }
      let first = max(0, Int(center - support + 0.5))
      let end = min(source, Int(center + support + 0.5))
      let weights = (first..<end).map {
        Float(filter.weight(at: Double((Float($0) - center + 0.5) * (1 / stretch))))
      }
      let sum = weights.reduce(0, +)
      return (first, weights.map { Double($0 / (sum == 0 ? 1 : sum)) })
    }
  }
}
