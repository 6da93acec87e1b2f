import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
import XlingStudies

/// Which study, and where it lies.
struct StudyOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("A study's file, or the name of one that ships.", valueName: "study"))
  var study: String

  @Flag(help: "The study's small form: little data, few steps, to see that everything works.")
  var small = false

  @Option(help: "The study's folder (default: runs/studies/NAME).")
  var output: String?

  /// Reads data and towers, and says what it builds.
  func setup() throws -> StudySetup {
    try StudySetup(study, isSmall: small, output: output) { event in
      switch event {
      case .building(let folder): ProgressBar.toStandardError("xling: building \(folder)\n")
      case .built(let folder, let languages, let seconds):
        ProgressBar.toStandardError(
          "xling: built \(folder), \(languages) languages, in \(ProgressBar.duration(seconds))\n")
      }
    }
  }

  /// Without reading data.
  func design() throws -> StudyDesign {
    let design = try StudyFile.find(study).design
    return small ? try design.smallForm() : design
  }

  func place(part: String? = nil) throws -> StudyPlace {
    StudyPlace(try design(), output: output, part: part)
  }
}

/// `i/n`.
struct ShardWord: ExpressibleByArgument, Equatable {
  let index: Int
  let count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
      (1...NumberRange.count).contains(count), (1...count).contains(index)
    else { return nil }
    (self.index, self.count) = (index, count)
  }

  var folder: String { "shard-\(index)-of-\(count)" }
  var defaultValueDescription: String { "\(index)/\(count)" }
}

struct ShardOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The i-th of n shares of the cells, in a store of its own; from 1/n to n/n.",
      valueName: "i/n"))
  var shard: ShardWord?
}

/// The task of an array of SLURM's, counted from its first.
enum ArrayTask {
  static func index(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> Int? {
    guard let task = environment["SLURM_ARRAY_TASK_ID"].flatMap(Int.init) else { return nil }
    return task - (environment["SLURM_ARRAY_TASK_MIN"].flatMap(Int.init) ?? 0)
  }
}
