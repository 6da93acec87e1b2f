import XlingCore
import XlingJobs

/// Where nobody should guess: what there is to choose from, as commands that work as they are printed.
enum GuessFailure: Failure, Equatable {
  /// With `--strict`.
  case strict(what: String, example: String)
  case noStore(path: String)
  case noRuns(store: String)
  /// The newest run is not finished, so that the newest finished one may not be what is meant.
  case unfinished(run: String, state: String, choices: [String])
  case ownData(OwnDataFailure, choices: [String])
  case nothingMeasured(store: String, choices: [String])

  var exitStatus: ExitStatus {
    switch self {
    case .strict, .unfinished: .usage
    case .noStore, .noRuns, .nothingMeasured: .missingInput
    case .ownData(let failure, _): failure.exitStatus
    }
  }

  var description: String {
    switch self {
    case .strict(let what, let example):
      "nothing is guessed with --strict or \(GuessOption.variable)=1: name \(what), as in \(example)"
    case .noStore(let path):
      "there is no run yet, and no store at \(path). Begin with: xling align"
    case .noRuns(let store):
      "\(store) has no run yet. Begin with: xling align"
    case .unfinished(let run, let state, let choices):
      "no run is named, and the newest one, \(run), is \(state). Choose:" + Self.list(choices)
    case .ownData(let failure, let choices):
      choices.isEmpty ? failure.description : failure.description + ". Choose:" + Self.list(choices)
    case .nothingMeasured(let store, let choices):
      "\(store) has no results of a finished run yet. Make some:" + Self.list(choices)
    }
  }

  private static func list(_ commands: [String]) -> String {
    commands.map { "\n  " + $0 }.joined()
  }
}
