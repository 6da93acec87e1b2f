import XlingTensor

/// What turns gradients into steps. Its whole state is named tensors and a count of steps, so that
/// any optimizer resumes to the same bits.
public protocol Optimizer: AnyObject {
  /// In a fixed order.
  var parameters: [Parameter] { get }
  /// Steps taken.
  var steps: Int { get }
  /// One update; `rates` are the learning rates of ``parameters``, in their order.
  func step(rates: [Float])
  /// What is kept of parameter `index`, by kind ("first", "row"); tensors are filled to resume.
  func state(of index: Int) -> [(kind: String, tensor: Parameter)]
  /// Continues after `steps` steps; the tensors must have been filled through ``state(of:)``.
  func restore(steps: Int)
}

extension Optimizer {
  /// One update of every parameter at one rate.
  public func step(rate: Float) {
    step(rates: Array(repeating: rate, count: parameters.count))
  }
}

/// Which optimizer a run uses, and its constants.
public enum OptimizerSettings: Codable, Sendable, Equatable {
  case adamW(AdamW.Options)
  case adafactor(Adafactor.Options)

  public var name: String {
    switch self {
    case .adamW: "adamw"
    case .adafactor: "adafactor"
    }
  }

  /// Decoupled decay of everything that is not one-dimensional.
  public var weightDecay: Float {
    get {
      switch self {
      case .adamW(let options): options.weightDecay
      case .adafactor(let options): options.weightDecay
      }
    }
    set {
      switch self {
      case .adamW(var options):
        options.weightDecay = newValue
        self = .adamW(options)
      case .adafactor(var options):
        options.weightDecay = newValue
        self = .adafactor(options)
      }
    }
  }

  /// The optimizer over the trained parameters given.
  package func make(_ parameters: [Parameter]) -> any Optimizer {
    switch self {
    case .adamW(let options): AdamW(parameters: parameters, options: options)
    case .adafactor(let options): Adafactor(parameters: parameters, options: options)
    }
  }
}
