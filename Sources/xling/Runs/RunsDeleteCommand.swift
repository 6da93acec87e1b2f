import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments
import XlingRuns

enum RunsDeleteFailure: Failure, Equatable {
  case unanswered(name: String, what: String, command: String)
  case kept(name: String)

  var exitStatus: ExitStatus { .usage }

  var description: String {
    switch self {
    case .unanswered(let name, let what, let command):
      "this deletes run '\(name)' from the store with \(what), for good, and there is no terminal to "
        + "ask on. If that is meant: \(command)"
    case .kept(let name): "run '\(name)' was not deleted."
    }
  }
}

struct RunsDeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a run and all its results from the store; its folder stays.",
    discussion: """
      The only command that takes results out of a store. It asks first; without a terminal it needs \
      --yes.
      """)

  @Argument(help: ArgumentHelp("A stored run's name.", valueName: "run"))
  var name: String

  @OptionGroup var store: StoreOption

  @Flag(help: "Delete without asking.")
  var yes = false

  func run() throws {
    let store = try store.existing(for: [name]).path
    _ = try RunLookup.existingStore(store)
    let opened = try ExperimentStore(path: store)
    let contents = try opened.contents(of: name)
    let what =
      "\(contents.evaluations) results, \(contents.steps) steps and \(contents.validations) "
      + "validations"
    let folder = try opened.run(named: name).folder
    if !yes { try ask(what, store) }
    let gone = try opened.delete(name)
    print(
      "deleted run '\(name)' with \(gone.evaluations) results from \(store); its folder \(folder) "
        + "is as it was")
  }

  /// Throws ``RunsDeleteFailure`` where the answer is not yes.
  private func ask(_ what: String, _ store: String) throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      let command = ["xling", "runs", "delete", name, "--store", store, "--yes"]
      throw RunsDeleteFailure.unanswered(
        name: name, what: what, command: ShellWords.command(command))
    }
    ProgressBar.toStandardError("delete run '\(name)' with \(what) from \(store)? [y/N] ")
    let answer = (readLine() ?? "").trimmingCharacters(in: .whitespaces).lowercased()
    guard answer == "y" || answer == "yes" else { throw RunsDeleteFailure.kept(name: name) }
  }
}
