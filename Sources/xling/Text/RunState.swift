import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments
import XlingRuns

/// How a stored run stands, and how an interrupted one goes on.
struct RunState {
  let status: RunStatus
  /// Of an interrupted run: the step from which it goes on.
  let step: Int?
  /// The command that goes on with it; nil where none is known or needed.
  let resume: String?
  /// Whether an earlier version stored it, which kept no process: it may be dead as well.
  private let isUncertain: Bool

  init(_ run: Run, in store: ExperimentStore) throws {
    status = run.status
    isUncertain = run.status == .running && run.process == nil
    guard run.status == .interrupted else {
      (step, resume) = (nil, nil)
      return
    }
    let folder = RunFolder(run.folder)
    step = try folder.checkpointStep() ?? store.lastStep(of: run.name) ?? 0
    resume = folder.exists ? run.command.map(Self.command) : nil
  }

  /// For a table.
  var words: String {
    if let step { return "interrupted at step \(step)" }
    return isUncertain ? "running, or killed" : status.rawValue
  }

  var sentence: String {
    guard let step else { return words }
    return "interrupted at step \(step), resume with: "
      + (resume ?? "the command that began it, and --resume")
  }

  /// It is given where it was given before, as its names may be relative.
  private static func command(_ command: RunCommand) -> String {
    let words = ShellWords.command(command.words + ["--resume"])
    let here = FileManager.default.currentDirectoryPath
    guard command.folder != here else { return words }
    return "cd \(ShellWords.quoted(command.folder)) && \(words)"
  }
}
