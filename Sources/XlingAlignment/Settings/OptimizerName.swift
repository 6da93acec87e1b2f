import XlingOptimization

/// An optimizer as cards and the command line name it.
public enum OptimizerName: String, Sendable, CaseIterable {
  case adamw, adafactor

  /// With the usual constants.
  public var settings: OptimizerSettings {
    switch self {
    case .adamw: .adamW(AdamW.Options())
    case .adafactor: .adafactor(Adafactor.Options())
    }
  }
}

extension OptimizerSettings {
  /// Changes the constants of whichever optimizer it is.
  mutating func change(
    adamW: (inout AdamW.Options) -> Void, adafactor: (inout Adafactor.Options) -> Void = { _ in }
  ) {
    switch self {
    case .adamW(var options):
      adamW(&options)
      self = .adamW(options)
    case .adafactor(var options):
      adafactor(&options)
      self = .adafactor(options)
    }
  }
}
