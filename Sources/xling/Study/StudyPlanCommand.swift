import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
import XlingReports
import XlingStudies

struct StudyPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "A study's cells, and what is done already.",
    discussion: """
      --commands prints one line a cell that stands alone and may be run twice: for GNU parallel, Snakemake, or any \
      scheduler. The list is the same on every machine with the same data, towers and program.
      """)

  @OptionGroup var options: StudyOptions

  @Flag(help: "One command a cell in place of the list.")
  var commands = false

  @Flag(help: "About how long training takes on this machine, and how much disk.")
  var estimate = false

  @OptionGroup var shard: ShardOption

  @OptionGroup var json: JSONOption

  private struct Row: Encodable {
    let cell: String
    let kind: String
    let factors: [String: String]
    let seed: UInt64
    let rate: String?
    let state: String
  }

  private struct Plan: Encodable {
    let schema = "xling.study-plan/1"
    let study: String
    let cells: [Row]
    let estimate: StudyEstimate?
  }

  func validate() throws {
    if commands, estimate {
      throw ValidationError("--commands and --estimate exclude each other; give one of them")
    }
  }

  func run() throws {
    let setup = try options.setup()
    let shown = shard.shard.map { setup.plan.shard($0.index, of: $0.count) } ?? setup.plan.all
    if commands {
      for cell in shown where cell.kind == .cell { print(command(cell)) }
      return
    }
    let states = try self.states(setup.design)
    let rows = shown.map { cell in
      Row(
        cell: cell.hash, kind: cell.kind.rawValue, factors: cell.factors, seed: cell.seed,
        rate: cell.rate, state: (states[cell.hash] ?? .planned).rawValue)
    }
    let estimated = estimate ? try StudyEstimate(setup) : nil
    try json.print(Plan(study: setup.design.name, cells: rows, estimate: estimated)) {
      text(setup.design, shown, rows) + (estimated.map { "\n" + Self.words($0) } ?? "")
    }
  }

  private static func words(_ estimate: StudyEstimate) -> String {
    func megabytes(_ bytes: Int) -> String {
      Figures.count(Int((Double(bytes) / 1e6).rounded())) + " MB"
    }
    return
      "\(estimate.runs) runs, about \(ProgressBar.duration(estimate.seconds)) of training on this machine, all of "
      + "it; up to \(megabytes(estimate.bytes)), \(megabytes(estimate.cleanBytes)) after `xling study clean`"
  }

  private func command(_ cell: StudyCell) -> String {
    var words = ["xling", "study", "run", options.study, "--cell", cell.short]
    if options.small { words.append("--small") }
    if let output = options.output { words += ["--output", output] }
    return ShellWords.command(words)
  }

  private func states(_ design: StudyDesign) throws -> [String: CellState] {
    let place = StudyPlace(design, output: options.output, part: shard.shard?.folder)
    guard FileManager.default.fileExists(atPath: place.store) else { return [:] }
    return try StudyStore(looking: place.store).states().mapValues(\.state)
  }

  private func text(_ design: StudyDesign, _ cells: [StudyCell], _ rows: [Row]) -> String {
    let names = design.axes.map(\.name)
    let hasTries = rows.contains { $0.rate != nil }
    let table = TextTable(
      [["cell"] + names + ["seed"] + (hasTries ? ["rate"] : []) + ["state"]]
        + zip(cells, rows).map { cell, row in
          [cell.short] + names.map { cell.factors[$0] ?? "" } + ["\(cell.seed)"]
            + (hasTries ? [row.rate.map { "try \($0)" } ?? "chosen"] : []) + [row.state]
        }, leading: names.count + 3 + (hasTries ? 1 : 0))
    let finished = rows.count { CellState(rawValue: $0.state)?.isFinished == true }
    let tries = cells.count { $0.kind == .attempt }
    let towers = cells.count { $0.kind == .tower }
    let aligned = cells.count { $0.kind == .aligned }
    return table.ruled + "\n\n\(cells.count - tries - towers - aligned) cells"
      + (towers > 0 ? ", \(towers) towers made first" : "")
      + (aligned > 0 ? ", \(aligned) \(aligned == 1 ? "run" : "runs") aligned first" : "")
      + (tries > 0 ? " and \(tries) tries of learning rates" : "") + ", \(finished) finished"
  }
}
