import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingExperiments
import XlingJobs
import XlingRuns

/// The run that a command is about, and the store that knows it.
struct RunOption: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      """
      A run's folder or stored name, the beginning of either, or latest (default: the newest finished \
      run).
      """, valueName: "run"))
  var name: String?

  @OptionGroup var store: StoreOption

  @OptionGroup var guess: GuessOption

  struct Found {
    let folder: String
    let place: StorePlace
    /// Nobody named it whole.
    let isGuessed: Bool
  }

  /// Says on stderr which it is, where nobody named it whole. Throws ``GuessFailure``, ``StoreFailure``,
  /// `RunFailure`, `ExperimentFailure`.
  func found() throws -> Found {
    guard let name else {
      try guess.allow("a run", example: GivenCommand.with(run: "RUN"))
      return try Self.newest(in: store)
    }
    let place = try store.place(for: [name])
    let folder = try RunLookup.folder(name, store: place.path, strictly: guess.isStrict)
    let found = Found(
      folder: folder, place: place,
      isGuessed: folder != name && LoadedRun.name(of: folder) != name)
    if found.isGuessed {
      ProgressBar.toStandardError("xling: \(name) is the run \(LoadedRun.name(of: folder))\n")
    }
    return found
  }

  /// The newest run of the store, which has to be finished. Says on stderr which it is. Throws
  /// ``GuessFailure``, ``StoreFailure``, `ExperimentFailure`.
  static func newest(in option: StoreOption) throws -> Found {
    let place = try option.place()
    guard place.exists else { throw GuessFailure.noStore(path: place.path) }
    let store = try ExperimentStore(reading: place.path)
    let runs = try store.runs()
    guard let newest = RunLookup.newest(of: runs) else {
      throw GuessFailure.noRuns(store: place.path)
    }
    guard newest.status == .finished, RunFolder(newest.folder).exists else {
      throw try Self.unfinished(newest, among: runs, in: store)
    }
    ProgressBar.toStandardError("xling: the run is \(newest.name), the newest\n")
    return Found(folder: newest.folder, place: place, isGuessed: true)
  }

  private static func unfinished(
    _ newest: Run, among runs: [Run], in store: ExperimentStore
  ) throws -> GuessFailure {
    let state = try RunState(newest, in: store)
    let finished = runs.reversed().filter {
      $0.status == .finished && RunFolder($0.folder).exists
    }
    let resume = state.resume.map { [$0] } ?? []
    return .unfinished(
      run: newest.name,
      state: RunFolder(newest.folder).exists ? state.words : "not in its folder any more",
      choices: resume + finished.prefix(5).map { GivenCommand.with(run: $0.name) })
  }
}

/// The command that is running, with what was missing in it.
enum GivenCommand {
  /// With `run` behind the command's name.
  static func with(run: String) -> String {
    let given = Array(CommandLine.arguments.dropFirst())
    return ShellWords.command(["xling"] + given.prefix(1) + [run] + given.dropFirst())
  }

  static func adding(_ words: [String]) -> String {
    ShellWords.command(["xling"] + CommandLine.arguments.dropFirst() + words)
  }
}

/// Runs a job; where the run's own data cannot be taken, its error lists the commands that name others.
func withDataChoices<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let failure as OwnDataFailure { throw failure.choices }
}

extension OwnDataFailure {
  /// With the commands that name data instead: those that lie in `data/`, and what changed.
  var choices: GuessFailure {
    var names = EmbeddedDataset.allCases
      .filter { FileManager.default.fileExists(atPath: $0.folder) }.map(\.rawValue)
    if case .changed(_, let folder) = self, !names.contains(where: { "data/" + $0 == folder }) {
      names.insert(folder, at: 0)
    }
    return .ownData(self, choices: names.map { GivenCommand.adding(["--data", $0]) })
  }
}
