import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
import XlingStudies

struct StudyCleanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean",
    abstract: "Remove the checkpoints of finished cells.",
    discussion: """
      What was trained stays (model.safetensors), and so do all results. Runs that are under way keep theirs.
      """)

  @OptionGroup var options: StudyOptions

  @OptionGroup var json: JSONOption

  func run() throws {
    let result = try StudyCleaning.clean(try options.place())
    try json.print(result) {
      "\(result.folder): checkpoints of \(result.runs) finished runs removed, "
        + String(format: "%.1f MB", Double(result.bytes) / 1e6)
    }
  }
}
