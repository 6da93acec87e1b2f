import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments

/// A stored run in lists.
struct RunRow: Encodable {
  let schema = "xling.runs/1"
  let name: String
  let method: String
  let status: String
  let seed: UInt64
  let trainedParameters: Int
  let allParameters: Int
  let seconds: Double
  let started: Date
  let folder: String

  init(_ run: Run) {
    name = run.name
    method = run.key.method
    status = run.status.rawValue
    seed = run.key.seed
    trainedParameters = run.trainableCount
    allParameters = run.parameterCount
    seconds = run.seconds
    started = run.started
    folder = run.folder
  }

  var percent: String {
    String(format: "%.2f %%", 100 * Double(trainedParameters) / Double(max(1, allParameters)))
  }
}

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the stored runs, oldest first.")

  @OptionGroup var store: StoreOption

  @Flag(help: "Print the list as JSON.")
  var json = false

  func run() throws {
    let rows = try EvalRun.existingStore(try store.existing().path).runs().map(RunRow.init)
    if json { return print(try JSONText.encode(rows)) }
    guard !rows.isEmpty else { return print("no runs yet") }
    print(
      EvalTable.text(
        [["run", "method", "status", "seed", "trained", "share", "time"]]
          + rows.map {
            [
              $0.name, $0.method, $0.status, "\($0.seed)", "\($0.trainedParameters)", $0.percent,
              ProgressBar.duration($0.seconds),
            ]
          }, leading: 3))
  }
}
