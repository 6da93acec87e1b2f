import CKernels
import Foundation
import XlingCore
import XlingTensor

/// Adafactor (Shazeer and Stern 2018): of a matrix's second moments only the means of its rows and
/// columns are kept, and updates are clipped by their root mean square. The order of operations is
/// that of the transformers library.
public final class Adafactor: Optimizer {
  public struct Options: Codable, Sendable, Equatable {
    /// First moment; nil keeps none. LiT's variant has 0.9.
    public var beta1: Float?
    /// The second moment's decay at step t is 1 - t^this (section 7.2).
    public var decayExponent = -0.8
    /// Added to squared gradients.
    public var squareEpsilon: Float = 1e-30
    /// Least root mean square of a parameter when rates are relative to it.
    public var scaleEpsilon: Float = 1e-3
    /// Updates with a larger root mean square are scaled down to it (section 6).
    public var clipThreshold: Float = 1
    /// Rates are multiplied by the parameter's root mean square (section 8).
    public var scalesByParameter = false
    /// Decoupled, of everything that is not one-dimensional.
    public var weightDecay: Float = 0

    public init() {}

    /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
    public init(from decoder: any Decoder) throws {
      let keys = try decoder.container(keyedBy: CodingKeys.self)
      try keys.read(.beta1, into: &beta1)
      try keys.read(.decayExponent, into: &decayExponent)
      try keys.read(.squareEpsilon, into: &squareEpsilon)
      try keys.read(.scaleEpsilon, into: &scaleEpsilon)
      try keys.read(.clipThreshold, into: &clipThreshold)
      try keys.read(.scalesByParameter, into: &scalesByParameter)
      try keys.read(.weightDecay, into: &weightDecay)
    }
  }

  private enum Second {
    /// Means over the last, and over the last but one dimension.
    case factored(rows: Parameter, columns: Parameter)
    case whole(Parameter)
  }

  public let options: Options
  public let parameters: [Parameter]
  public private(set) var steps = 0
  private let seconds: [Second]
  private let firsts: [Parameter]

  /// Over the trained parameters given, in their order.
  public init(parameters: [Parameter], options: Options = Options()) {
    self.parameters = parameters.filter(\.isTrainable)
    self.options = options
    seconds = self.parameters.map { parameter in
      let shape = parameter.shape
      guard shape.count >= 2 else {
        return .whole(Parameter(parameter.name + "#square", shape))
      }
      return .factored(
        rows: Parameter(parameter.name + "#row", Array(shape.dropLast())),
        columns: Parameter(parameter.name + "#column", Array(shape.dropLast(2)) + [shape.last!]))
    }
    firsts =
      options.beta1 == nil
      ? [] : self.parameters.map { Parameter($0.name + "#first", $0.shape) }
  }

  public func state(of index: Int) -> [(kind: String, tensor: Parameter)] {
    let first = firsts.isEmpty ? [] : [("first", firsts[index])]
    switch seconds[index] {
    case .factored(let rows, let columns): return first + [("row", rows), ("column", columns)]
    case .whole(let square): return first + [("square", square)]
    }
  }

  public func restore(steps: Int) { self.steps = steps }

  public func step(rates: [Float]) {
    steps += 1
    let decay = Float(1 - pow(Double(steps), options.decayExponent))
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      var rate = rates[index]
      if options.scalesByParameter {
        rate *= max(options.scaleEpsilon, Self.rootMeanSquare(parameter.value, parameter.count))
      }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, parameter.count)) { buffer in
        guard let update = buffer.baseAddress else { return }
        switch seconds[index] {
        case .factored(let rows, let columns):
          factored(gradient, parameter.shape, rows, columns, decay, into: update)
        case .whole(let square):
          for i in 0..<parameter.count {
            let term = gradient[i] * gradient[i] + options.squareEpsilon
            square.value[i] = decay * square.value[i] + (1 - decay) * term
            update[i] = gradient[i] / square.value[i].squareRoot()
          }
        }
        apply(update, to: parameter, index, rate)
      }
    }
  }

  /// Clips, smooths and subtracts an update.
  private func apply(
    _ update: UnsafeMutablePointer<Float>, to parameter: Parameter, _ index: Int, _ rate: Float
  ) {
    let size = Self.rootMeanSquare(update, parameter.count) / options.clipThreshold
    let scale = rate / max(1, size)
    let decay = AdamW.decays(parameter) ? options.weightDecay * rate : 0
    let first = firsts.isEmpty ? nil : firsts[index].value
    let beta1 = options.beta1 ?? 0
    for i in 0..<parameter.count {
      var change = update[i] * scale
      if let first {
        change = beta1 * first[i] + (1 - beta1) * change
        first[i] = change
      }
      parameter.value[i] -= decay * parameter.value[i]
      parameter.value[i] -= change
    }
  }

  /// update = g / sqrt(R C / mean R): the moments' rank-one reconstruction (section 3, eq. 4), for
  /// each matrix of the last two dimensions.
  private func factored(
    _ gradient: UnsafeMutablePointer<Float>, _ shape: [Int], _ rows: Parameter,
    _ columns: Parameter, _ decay: Float, into update: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (shape[shape.count - 2], shape[shape.count - 1])
    for matrix in 0..<shape.dropLast(2).reduce(1, *) {
      let g = gradient + matrix * height * width
      let row = rows.value + matrix * height
      let column = columns.value + matrix * width
      var columnSums = [Double](repeating: 0, count: width)
      var rowMean = 0.0
      for i in 0..<height {
        var sum = 0.0
        for j in 0..<width {
          let square = Double(g[i * width + j]) * Double(g[i * width + j])
          sum += square + Double(options.squareEpsilon)
          columnSums[j] += square + Double(options.squareEpsilon)
        }
        row[i] = decay * row[i] + (1 - decay) * Float(sum / Double(width))
        rowMean += Double(row[i])
      }
      rowMean /= Double(height)
      for j in 0..<width {
        column[j] = decay * column[j] + (1 - decay) * Float(columnSums[j] / Double(height))
      }
      let inverse = (0..<width).map { 1 / column[$0].squareRoot() }
      let out = update + matrix * height * width
      for i in 0..<height {
        let factor = Float(1 / (Double(row[i]) / rowMean).squareRoot())
        for j in 0..<width { out[i * width + j] = g[i * width + j] * factor * inverse[j] }
      }
    }
  }

  private static func rootMeanSquare(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    Float((xk_sum_of_squares(values, Int64(count)) / Double(max(1, count))).squareRoot())
  }
}
