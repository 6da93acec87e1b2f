import CKernels

/// The named tensors of a model, in a fixed order.
public struct Parameters {
  public private(set) var all: [Parameter] = []
  private var byName: [String: Parameter] = [:]

  public init(_ parameters: [Parameter] = []) { append(contentsOf: parameters) }

  public mutating func append(_ parameter: Parameter) {
    precondition(byName[parameter.name] == nil, "two parameters are called \(parameter.name)")
    all.append(parameter)
    byName[parameter.name] = parameter
  }

  public mutating func append(contentsOf parameters: [Parameter]) {
    for parameter in parameters { append(parameter) }
  }

  public subscript(name: String) -> Parameter? { byName[name] }

  public var trainable: [Parameter] { all.filter(\.isTrainable) }
  public var count: Int { all.reduce(0) { $0 + $1.count } }
  public var trainableCount: Int { trainable.reduce(0) { $0 + $1.count } }

  public func freeze() { for parameter in all { parameter.isTrainable = false } }
  public func zeroGradients() { for parameter in all { parameter.zeroGradient() } }

  /// Takes over the values of a model of the same names and shapes.
  public func copyValues(from other: Parameters) {
    precondition(all.map(\.name) == other.all.map(\.name))
    for (own, source) in zip(all, other.all) {
      precondition(own.shape == source.shape)
      own.value.update(from: source.value, count: own.count)
    }
  }

  /// Global L2 norm of the trained parameters' gradients, summed in float64 in order.
  public func gradientNorm() -> Double {
    trainable.reduce(0) { $0 + xk_sum_of_squares($1.gradient!, Int64($1.count)) }.squareRoot()
  }

  /// Scales all gradients so that their global norm is at most `limit`; returns the norm before.
  /// The factor is limit / (norm + 1e-6), as PyTorch's clip_grad_norm_ has it.
  public func clipGradients(to limit: Double) -> Double {
    let norm = gradientNorm()
    let factor = limit / (norm + 1e-6)
    if factor < 1 {
      for parameter in trainable {
        xk_scale(parameter.gradient!, Float(factor), Int64(parameter.count))
      }
    }
    return norm
  }
}
