import XlingCore

/// What can go wrong with runs: their folders, their names in stores, what others made of them.
public enum RunFailure: Failure, Equatable {
  case configuration(reason: String)
  case notARun(path: String, reason: String)
  case runExists(path: String)
  /// What a run writes to was removed under it.
  case folderGone(path: String)
  case unfinished(path: String, step: Int, steps: Int)
  /// A run is resumed with what it was begun with; `fields` differ.
  case notTheSameRun(path: String, fields: [String])
  /// A tower's files are not those that the run was trained on.
  case towerChanged(path: String, expected: String, found: String)
  case tensors(path: String, problems: [String])
  /// A checkpoint of LilT's that a recipe did not make, or that did not begin with given towers.
  case notLilT(path: String, recipe: String, problems: [String])
  /// A name that neither a folder nor a store knows.
  case noRun(name: String, store: String)
  /// A store's run whose folder holds none.
  case storedFolderGone(name: String, folder: String)
  case nameTaken(name: String, stored: String, given: String)
  /// What several runs' names or folders begin with.
  case severalRuns(beginning: String, runs: [String])
  case noneFinished(store: String)
  /// A run that was begun with these very options and then stopped.
  case interrupted(path: String, step: Int, resume: String?)

  public var exitStatus: ExitStatus {
    switch self {
    case .configuration, .runExists, .notTheSameRun, .nameTaken, .severalRuns, .interrupted: .usage
    case .folderGone: .inputOutput
    case .notARun, .noRun, .storedFolderGone, .noneFinished: .missingInput
    case .unfinished, .towerChanged, .tensors, .notLilT: .badData
    }
  }

  public var description: String {
    switch self {
    case .configuration(let reason): reason
    case .notARun(let path, let reason):
      "\(path) is not a run: \(reason). How one is made, says: xling align --help"
    case .runExists(let path):
      "\(path) holds a run already, of other options or data. Name another folder by --output."
    case .folderGone(let path):
      "\(path) was removed, or its run.json or log.jsonl was, while the run wrote to it. What was "
        + "trained is lost; begin the run anew."
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
    case .noRun(let name, let store):
      "there is no run '\(name)': no folder of that name holds a run.json, and there is no store "
        + "at \(store). How a run is made, says: xling align --help"
    case .storedFolderGone(let name, let folder):
      "the store knows run '\(name)', but \(folder) holds no run any more. Restore that folder, or "
        + "align anew."
    case .nameTaken(let name, let stored, let given):
      "the store has another run '\(name)', from \(stored); this one is \(given). Rename one of the "
        + "folders, or name another --store."
    case .severalRuns(let beginning, let runs):
      "'\(beginning)' is the beginning of \(runs.count) runs: \(MessageList.of(runs)). Name one of them "
        + "whole."
    case .noneFinished(let store):
      "\(store) has no finished run. What it has, says: xling runs; a run is made by: xling align"
    case .interrupted(let path, let step, let resume):
      "\(path) was begun with these options and stopped at step \(step). Go on with it: "
        + (resume ?? "the same command and --resume")
    }
  }

  private static func list(_ problems: [String]) -> String {
    "\n  " + problems.prefix(20).joined(separator: "\n  ")
      + (problems.count > 20 ? "\n  … and \(problems.count - 20) more" : "")
  }
}
