import XlingCore

/// bf16 where it cannot be had.
public enum PrecisionFailure: Failure, Equatable {
  /// A build without the library.
  case notBuilt
  /// The library cannot be loaded.
  case notThere

  public var exitStatus: ExitStatus { .missingInput }

  public var description: String {
    switch self {
    case .notBuilt:
      "--precision bf16: this build has no products in bf16. Install oneDNN (Debian: libdnnl-dev) and "
        + "build with the package trait OneDNN, which is on unless --disable-default-traits or --traits "
        + "turns it off; or take --precision fp32."
    case .notThere:
      "--precision bf16: oneDNN's library, libdnnl.so.2, is not there or cannot be loaded. Install it (Debian: "
        + "libdnnl2, or libdnnl-dev), or take --precision fp32."
    }
  }
}

extension Precision {
  /// Throws ``PrecisionFailure/notBuilt``, ``PrecisionFailure/notThere``.
  public func check() throws(PrecisionFailure) {
    guard self == .bf16 else { return }
    guard Self.isBuilt else { throw .notBuilt }
    guard Self.isThere else { throw .notThere }
  }

  /// What is to be said of bf16 on this processor; nil where it multiplies bf16 itself.
  public var caution: String? {
    guard self == .bf16, !Self.hasHardware else { return nil }
    return
      "this processor has no bf16 arithmetic: products are formed of rounded numbers in float32, "
      + "which is right and no faster than --precision fp32"
  }
}
