import Foundation
import XlingCore

/// Starting values, addressed by seed and parameter name: the same whatever else was initialized.
public enum Initialization {
  /// Normal(0, deviation), truncated at two deviations.
  public static func truncatedNormal(_ parameter: Parameter, seed: UInt64, deviation: Float) {
    var stream = RandomStream(seed: seed, "initialization/" + parameter.name)
    for index in 0..<parameter.count {
      var value = normal(&stream)
      while abs(value) > 2 { value = normal(&stream) }
      parameter.value[index] = Float(value) * deviation
    }
  }

  /// Weights truncated normal; vectors called `bias` zero; LayerNorm weights one.
  public static func standard(_ parameter: Parameter, seed: UInt64, deviation: Float) {
    if parameter.shape.count > 1 {
      truncatedNormal(parameter, seed: seed, deviation: deviation)
    } else {
      let one = parameter.name.hasSuffix(".weight")
      parameter.value.update(repeating: one ? 1 : 0, count: parameter.count)
    }
  }

  /// Box-Muller.
  private static func normal(_ stream: inout RandomStream) -> Double {
    let radius = (-2 * log(1 - stream.uniform())).squareRoot()
    return radius * cos(2 * .pi * stream.uniform())
  }
}
