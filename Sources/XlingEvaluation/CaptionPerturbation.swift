import XlingUnicode

/// How the captions of an evaluation are written otherwise; the pictures are what they were.
public struct CaptionPerturbation: Sendable, Equatable {
  public let kind: Perturbation
  /// Decides what is drawn; of no weight where nothing is.
  public let seed: UInt64

  public init(_ kind: Perturbation, seed: UInt64 = 0) {
    self.kind = kind
    self.seed = seed
  }

  /// Behind a subset's name in protocols: ", perturbed by keyboard, seed 0".
  public var label: String {
    ", perturbed by \(kind.rawValue)" + (kind.isDrawn ? ", seed \(seed)" : "")
  }

  /// Caption by caption. Throws `UnicodeFailure`.
  public func apply(_ captions: [String], language: String?) throws -> [String] {
    try captions.map { try kind.apply($0, language: language, seed: seed) }
  }

  /// How many of the captions it writes otherwise, scalar by scalar. Throws `UnicodeFailure`.
  public func changes(_ captions: [String], language: String?) throws -> Int {
    try zip(captions, apply(captions, language: language)).count {
      !$0.utf8.elementsEqual($1.utf8)
    }
  }
}
