import XlingCore

/// What can go wrong between two towers and a finished run.
public enum AlignmentFailure: Failure, Equatable {
  case configuration(reason: String)
  /// A word of `--set key=value`.
  case assignment(given: String, expected: String, found: String)
  /// An `xling.toml`.
  case badSettings(path: String, expected: String, found: String)
  /// Loss or gradient is no number, or the loss exploded: `step` counts from 1, `checkpoint` is
  /// the last good one.
  case diverged(
    step: Int, loss: Float, gradientNorm: Double, rate: Double, checkpoint: String?)
  case notARun(path: String, reason: String)
  case runExists(path: String)
  /// What a run writes to was removed under it.
  case folderGone(path: String)
  /// Where something would be written that is not put over anything.
  case folderExists(path: String)
  case unfinished(path: String, step: Int, steps: Int)
  /// A run is resumed with what it was begun with; `fields` differ.
  case notTheSameRun(path: String, fields: [String])
  /// A tower's files are not those that the run was trained on.
  case towerChanged(path: String, expected: String, found: String)
  case tensors(path: String, problems: [String])
  /// A checkpoint of LilT's that a recipe did not make, or that did not begin with given towers.
  case notLilT(path: String, recipe: String, problems: [String])

  public var exitStatus: ExitStatus {
    switch self {
    case .configuration, .assignment, .runExists, .folderExists, .notTheSameRun: .usage
    case .diverged: .internal
    case .folderGone: .inputOutput
    case .notARun: .missingInput
    case .badSettings, .unfinished, .towerChanged, .tensors, .notLilT: .badData
    }
  }

  public var description: String {
    switch self {
    case .configuration(let reason): reason
    case .assignment(let given, let expected, let found):
      "\"\(given)\": expected \(expected), found \(found)."
    case .badSettings(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). See docs/methods/settings.md for the keys."
    case .diverged(let step, let loss, let gradientNorm, let rate, let checkpoint):
      "training diverged at step \(step): loss \(loss), gradient norm \(gradientNorm), learning "
        + "rate \(rate). Nothing of this step was kept; the last good checkpoint is "
        + (checkpoint ?? "none") + ". Use a lower learning rate or a longer warm-up, or clip the "
        + "gradients."
    case .notARun(let path, let reason):
      "\(path) is not a run: \(reason). How one is made, says: xling align --help"
    case .runExists(let path):
      "\(path) holds a run already. Go on with it by --resume, or name another folder."
    case .folderGone(let path):
      "\(path) was removed, or its run.json or log.jsonl was, while the run wrote to it. What was "
        + "trained is lost; begin the run anew."
    case .folderExists(let path):
      "\(path) is there already. Name another folder, or remove it; nothing was changed."
    case .unfinished(let path, let step, let steps):
      "\(path) stopped at step \(step) of \(steps). Finish it by `xling align --resume`."
    case .notTheSameRun(let path, let fields):
      "\(path) was begun otherwise; these differ: \(fields.joined(separator: ", ")). Resume with "
        + "the same options, or begin a new run."
    case .towerChanged(let path, let expected, let found):
      "\(path) is not the tower that the run was trained on: expected SHA-256 \(expected), found "
        + "\(found). Restore that tower, or align anew."
    case .tensors(let path, let problems):
      "\(path) does not fit its run:" + Self.list(problems)
    case .notLilT(let path, let recipe, let problems):
      "\(path) is not what LilT's code trains as \(recipe):" + Self.list(problems)
        + "\nSay by --method, --preset, --text or --image what it trained, and give the towers that "
        + "it began with, if any."
    }
  }

  private static func list(_ problems: [String]) -> String {
    "\n  " + problems.prefix(20).joined(separator: "\n  ")
      + (problems.count > 20 ? "\n  … and \(problems.count - 20) more" : "")
  }
}
