import XlingCore

/// What can be wrong with a checkpoint.
public enum TowerFailure: Failure, Equatable {
  case notSafetensors(path: String, reason: String)
  case configuration(path: String, reason: String)
  /// Names that are missing, unexpected or of another shape, each with what was expected.
  case tensors(path: String, problems: [String])

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .notSafetensors(let path, let reason):
      "\(path) is not a whole safetensors file: \(reason). Copy or download it again."
    case .configuration(let path, let reason):
      "\(path): \(reason)"
    case .tensors(let path, let problems):
      "\(path) does not fit its config.json:\n  " + problems.prefix(20).joined(separator: "\n  ")
        + (problems.count > 20 ? "\n  … and \(problems.count - 20) more" : "")
    }
  }
}
