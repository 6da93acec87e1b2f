import XlingCore

/// What can be wrong with a checkpoint.
public enum TowerFailure: Failure, Equatable {
  case notSafetensors(path: String, reason: String)
  case notPyTorch(path: String, reason: String)
  /// A pickle names or does something other than building tensors and plain containers.
  case forbidden(path: String, what: String)
  case shards(path: String, reason: String)
  case configuration(path: String, reason: String)
  /// Names that are missing, unexpected or of another shape, each with what was expected.
  case tensors(path: String, problems: [String])
  /// A tensor given to a tower that cannot take it.
  case input(path: String, reason: String)
  /// The folder of a PEFT adapter, and the tower that it belongs to where it says so.
  case adapter(path: String, base: String?)
  /// The name of a prompt that a folder does not have, and those that it has.
  case prompt(name: String, path: String, names: [String])

  /// What to do with a checkpoint that LilT's code wrote (Khan and Fu 2023).
  static let liltHint =
    "These are both towers of a run that LilT's code trained. How it becomes a run, says: xling import "
    + "--help"

  private static func isOfLilT(_ problem: String) -> Bool {
    ["visual_encoder.", "text_encoder."].contains { problem.hasPrefix("unexpected: " + $0) }
  }

  public var exitStatus: ExitStatus {
    if case .prompt = self { .usage } else { .badData }
  }

  public var description: String {
    switch self {
    case .notSafetensors(let path, let reason):
      "\(path) is not a whole safetensors file: \(reason). Copy or download it again."
    case .notPyTorch(let path, let reason):
      "\(path) is not a whole PyTorch checkpoint: \(reason). Copy or download it again, or save its "
        + "state dict as safetensors."
    case .forbidden(let path, let what):
      "\(path) asks for \(what), which is neither a tensor nor a plain container. Nothing of it was "
        + "executed. If you trust its origin, save its state dict as safetensors."
    case .shards(let path, let reason):
      "\(path) does not fit its shards: \(reason). Copy or download them again."
    case .configuration(let path, let reason):
      "\(path): \(reason)"
    case .tensors(let path, let problems):
      "\(path) does not fit its config.json:\n  " + problems.prefix(20).joined(separator: "\n  ")
        + (problems.count > 20 ? "\n  … and \(problems.count - 20) more" : "")
        + (problems.contains(where: Self.isOfLilT) ? "\n" + Self.liltHint : "")
    case .input(let path, let reason):
      "\(path): \(reason)"
    case .adapter(let path, let base):
      "\(path): this folder holds a PEFT adapter and no tower. It belongs to "
        + (base.map { "\"\($0)\"" } ?? "a tower that it does not name")
        + "; merge it into that tower (merge_and_unload) and save the whole."
    case .prompt(let name, let path, let names):
      "\(path) has no prompt \"\(name)\"; "
        + (names.isEmpty ? "it has none" : "it has " + names.joined(separator: ", "))
        + ". Name one of those, or give the text itself by --prompt."
    }
  }
}
