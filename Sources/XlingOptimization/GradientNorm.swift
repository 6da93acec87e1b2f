import XlingTensor

/// The global L2 norm of gradients over both towers, whose parameters share names.
package enum GradientNorm {
  /// Summed in float64, in order.
  package static func of(_ parameters: [Parameter]) -> Double {
    parameters.reduce(0.0) { sum, parameter in
      let norm = Parameters([parameter]).gradientNorm()
      return sum + norm * norm
    }.squareRoot()
  }

  /// Scales by limit / (norm + 1e-6) when that is less than one, as PyTorch's clip_grad_norm_.
  package static func clip(_ parameters: [Parameter], norm: Double, to limit: Double) {
    let factor = Float(limit / (norm + 1e-6))
    guard factor < 1 else { return }
    for parameter in parameters {
      guard let gradient = parameter.gradient else { continue }
      for index in 0..<parameter.count { gradient[index] *= factor }
    }
  }
}
