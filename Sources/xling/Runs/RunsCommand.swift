import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments
import XlingReports
import XlingRuns

/// A stored run in lists.
struct RunRow: Encodable {
  let schema = "xling.runs/1"
  let name: String
  let method: String
  let status: String
  /// Of an interrupted run: where it goes on, and by which command.
  let step: Int?
  let resume: String?
  let seed: UInt64
  let trainedParameters: Int
  let allParameters: Int
  let seconds: Double
  let started: Date
  let folder: String
  /// `few-shot tr=10`
  let fewShot: String?

  /// The status as the table says it.
  private let words: String

  private enum CodingKeys: String, CodingKey {
    case schema, name, method, status, step, resume, seed, trainedParameters, allParameters, seconds
    case started, folder, fewShot
  }

  init(_ run: Run, in store: ExperimentStore) throws {
    let state = try RunState(run, in: store)
    words = state.words
    step = state.step
    resume = state.resume
    name = run.name
    method = run.key.method
    status = state.status.rawValue
    seed = run.key.seed
    trainedParameters = run.trainableCount
    allParameters = run.parameterCount
    seconds = run.seconds
    started = run.started
    folder = run.folder
    fewShot = run.fewShot.words
  }

  var cells: [String] {
    [
      name, method + (fewShot.map { ", " + $0 } ?? ""), words, "\(seed)", "\(trainedParameters)",
      percent,
      ProgressBar.duration(seconds),
    ]
  }

  var percent: String {
    String(format: "%.2f %%", 100 * Double(trainedParameters) / Double(max(1, allParameters)))
  }
}

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the stored runs, oldest first; delete one.",
    subcommands: [RunsListCommand.self, RunsDeleteCommand.self],
    defaultSubcommand: RunsListCommand.self)
}

struct RunsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the stored runs, oldest first.")

  @OptionGroup var store: StoreOption

  @OptionGroup var json: JSONOption

  func run() throws {
    let store = try RunLookup.existingStore(try store.existing().path)
    let rows = try store.runs().map { try RunRow($0, in: store) }
    if json.isAsked { return print(try JSONText.encode(rows)) }
    guard !rows.isEmpty else { return print("no runs yet") }
    print(
      TextTable(
        [["run", "method", "status", "seed", "trained", "share", "time"]]
          + rows.map(\.cells), leading: 3
      ).text)
  }
}
