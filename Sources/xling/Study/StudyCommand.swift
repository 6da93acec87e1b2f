import ArgumentParser
import XlingReports
import XlingStudies

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Grids of runs with seeds, done once and read as honest figures.",
    discussion: """
      xling study                          the studies that ship, with question and cost
      xling study run conservation         does what is not done yet; several processes share the work
      xling study report conservation      the figures so far

      A study is a file (studies/, docs/studies/): axes, seeds, how it is measured, and the one comparison that it \
      is made for.
      """,
    subcommands: [
      StudyPlanCommand.self, StudyRunCommand.self, StudyStatusCommand.self, StudyReportCommand.self,
      StudyMergeCommand.self, StudyCleanCommand.self,
    ])

  @OptionGroup var json: JSONOption

  private struct Shipped: Encodable {
    let schema = "xling.study-list/1"
    let name: String
    let question: String
    let cost: String
    let cells: Int
  }

  func run() throws {
    let studies = try StudyFile.shipped().map { name, path in
      let design = try StudyFile.read(path)
      return Shipped(
        name: name, question: design.question, cost: design.cost, cells: StudyPlan.count(design))
    }
    try json.print(studies) {
      TextTable(
        [["study", "cells", "cost", "question"]]
          + studies.map { [$0.name, "\($0.cells)", $0.cost, $0.question] }, leading: 1
      ).leftAligned
    }
  }
}

extension TextTable {
  /// Every column holds words.
  fileprivate var leftAligned: String { TextTable(rows, leading: rows.first?.count ?? 0).ruled }
}
