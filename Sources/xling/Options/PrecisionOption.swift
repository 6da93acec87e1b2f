import ArgumentParser
import XlingCore
import XlingTensor

extension Precision: ExpressibleByArgument {}

/// `--precision` of commands that embed with what a run trained.
struct RunPrecisionOption: ParsableArguments {
  @Option(help: "Of the towers' products: fp32 or bf16 (default: as the run was trained).")
  var precision: Precision?

  /// Says what there is to say of it, and that results are those of another precision. Throws
  /// `PrecisionFailure`.
  func chosen() throws(PrecisionFailure) -> Precision? {
    guard let precision else { return nil }
    try precision.check()
    if let caution = precision.caution {
      ProgressBar.toStandardError("xling: warning: \(caution)\n")
    }
    return precision
  }
}

/// `--precision` of commands that run a tower.
struct TowerPrecisionOption: ParsableArguments {
  @Option(
    help:
      "Of the tower's products: fp32, bf16, or auto, which takes what is faster (default: fp32).")
  var precision: Precision.Choice = .fp32

  /// For a tower of this width. Throws `PrecisionFailure`.
  func chosen(width: Int) throws(PrecisionFailure) -> Precision {
    switch precision {
    case .fp32: return .fp32
    case .bf16:
      try Precision.bf16.check()
      if let caution = Precision.bf16.caution {
        ProgressBar.toStandardError("xling: warning: \(caution)\n")
      }
      return .bf16
    case .auto:
      let measurement = Precision.measure(width: width)
      ProgressBar.toStandardError("xling: \(measurement.text)\n")
      return measurement.fastest
    }
  }
}
