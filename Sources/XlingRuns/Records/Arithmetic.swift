import XlingAlignment
import XlingCore

/// What decides the last bits of a training beside its configuration: two parts of one that differ in it
/// have not the bits that either would have given alone.
public struct Arithmetic: Codable, Sendable, Equatable {
  /// `Version.numerics` of the program.
  public let numerics: Int
  /// The machine's BLAS kernels, and oneDNN's in bf16.
  public let kernels: String

  public init(numerics: Int, kernels: String) {
    (self.numerics, self.kernels) = (numerics, kernels)
  }

  /// This program's, on this machine.
  init(of model: DualEncoder) {
    self.init(numerics: Version.numerics, kernels: model.precision.kernels)
  }
}

/// Steps of a training that were computed otherwise than those before them.
public struct Continuation: Codable, Sendable, Equatable {
  /// Steps that were done before.
  public let step: Int
  public let arithmetic: Arithmetic

  public init(step: Int, _ arithmetic: Arithmetic) {
    (self.step, self.arithmetic) = (step, arithmetic)
  }
}

/// A training goes on with other arithmetic than it had so far.
public struct ArithmeticChange: Sendable, Equatable {
  public let before: Arithmetic
  public let next: Continuation

}

/// The record of a training that may have gone on with other arithmetic.
public protocol ArithmeticRecord {
  var numerics: Int { get set }
  var blasCore: String { get set }
  /// nil: none.
  var continuations: [Continuation]? { get set }
}

extension ArithmeticRecord {
  /// Of the last steps.
  var arithmetic: Arithmetic {
    continuations?.last?.arithmetic ?? Arithmetic(numerics: numerics, kernels: blasCore)
  }

  /// Goes on by `next` after `step` steps. nil where nothing changes for a step that was trained.
  mutating func go(on next: Arithmetic, after step: Int) -> ArithmeticChange? {
    let before = arithmetic
    guard before != next else { return nil }
    guard step > 0 else {
      (numerics, blasCore, continuations) = (next.numerics, next.kernels, nil)
      return nil
    }
    let continuation = Continuation(step: step, next)
    continuations = (continuations ?? []) + [continuation]
    return ArithmeticChange(before: before, next: continuation)
  }

  /// All of them, in the order of the steps.
  public var kernelsText: String {
    ([blasCore] + (continuations ?? []).map(\.arithmetic.kernels)).reduce(into: [String]()) {
      if $0.last != $1 { $0.append($1) }
    }.joined(separator: ", then ")
  }

  public var numericsText: String {
    ([numerics] + (continuations ?? []).map(\.arithmetic.numerics)).reduce(into: [Int]()) {
      if $0.last != $1 { $0.append($1) }
    }.map(String.init).joined(separator: ", then ")
  }
}
