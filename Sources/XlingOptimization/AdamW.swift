import CKernels
import Foundation
import XlingCore
import XlingTensor

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch computes it.
public final class AdamW: Optimizer {
  public struct Options: Codable, Sendable, Equatable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Float
    /// Applied to every tensor that is neither one-dimensional nor a bias (LilT's groups:
    /// the temperature, position embeddings and tables are decayed too).
    public var weightDecay: Float

    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.02
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }

    /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
    public init(from decoder: any Decoder) throws {
      self.init()
      let keys = try decoder.container(keyedBy: CodingKeys.self)
      try keys.read(.beta1, into: &beta1)
      try keys.read(.beta2, into: &beta2)
      try keys.read(.epsilon, into: &epsilon)
      try keys.read(.weightDecay, into: &weightDecay)
    }
  }

  /// First and second moment of one parameter.
  public struct Moments {
    public let first: Parameter
    public let second: Parameter
  }

  public let options: Options
  public let parameters: [Parameter]
  /// Steps taken.
  public private(set) var steps = 0
  private let moments: [Moments]

  /// Over the trained parameters given, in their order.
  public init(parameters: [Parameter], options: Options = Options()) {
    self.parameters = parameters.filter(\.isTrainable)
    self.options = options
    moments = self.parameters.map {
      Moments(
        first: Parameter($0.name + "#first", $0.shape),
        second: Parameter($0.name + "#second", $0.shape))
    }
  }

  /// The optimizer's state as named tensors: `NAME#first`, `NAME#second`.
  public var state: [Parameter] { moments.flatMap { [$0.first, $0.second] } }

  public func state(of index: Int) -> [(kind: String, tensor: Parameter)] {
    [("first", moments[index].first), ("second", moments[index].second)]
  }

  public func restore(steps: Int) { self.steps = steps }

  public static func decays(_ parameter: Parameter) -> Bool {
    parameter.shape.count != 1 && !parameter.role.isBias
  }

  public func step(rates: [Float]) {
    steps += 1
    // In double precision as PyTorch has them: 1 - Float(0.999) is 1.3e-5 beside 0.001.
    let (beta1, beta2) = (options.beta1, options.beta2)
    let correction1 = Float(1 - pow(beta1, Double(steps)))
    let correction2 = Float(1 - pow(beta2, Double(steps)))
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      let (moments, rate) = (moments[index], rates[index])
      let decay = Self.decays(parameter) ? options.weightDecay : 0
      Parallel.ranges(parameter.count, grain: 1 << 16) { range in
        let first = range.lowerBound
        xk_adamw(
          parameter.value + first, gradient + first, moments.first.value + first,
          moments.second.value + first, Int64(range.count), rate, Float(beta1), Float(1 - beta1),
          Float(beta2), Float(1 - beta2), options.epsilon, decay, correction1, correction2)
      }
    }
  }
}
