import ArgumentParser
import Foundation
import XlingCore
import XlingJobs
import XlingReports
import XlingStudies

struct StudyReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "A study's figures so far, as Markdown, LaTeX, HTML, CSV or JSON.",
    discussion: """
      The report is made from the tables alone: --csv FOLDER writes them, and `xling study report FOLDER` reads \
      them back to the same report. It may be asked for while the study runs.
      """)

  @OptionGroup var options: StudyOptions

  @Flag(help: "Write the page report.html, with plots, into the study's folder.")
  var html = false

  @Option(
    help: """
      Write the tables there: study.json, cells.csv, tries.csv, what was measured (scores.csv, pictures.csv, of \
      classifiers accuracies.csv …); and figures.csv, every figure of the report.
      """)
  var csv: String?

  @Option(help: "markdown or latex.")
  var format: StudyReportFormat?

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  func validate() throws {
    if json.isAsked, format != nil {
      throw ValidationError("--json and --format both say how to print: give one of them")
    }
  }

  func run() throws {
    threads.apply()
    let (tables, folder, source) = try tables()
    if let csv {
      try tables.write(to: csv)
      ProgressBar.toStandardError("xling: tables in \(csv)\n")
    }
    let figures = try StudyFigures(tables, path: source)
    if let csv { try figures.write(to: csv) }
    if html {
      let page = folder + "/report.html"
      try AtomicFile.write(figures.html(), to: page)
      ProgressBar.toStandardError("xling: page in \(page)\n")
    }
    try json.print(figures) { format == .latex ? figures.latex : figures.markdown }
  }

  /// Of a store, or of a folder that --csv wrote.
  private func tables() throws -> (StudyTables, folder: String, source: String) {
    if StudyTables.areIn(options.study) {
      return (try StudyTables(reading: options.study), options.study, options.study)
    }
    let place = try options.place()
    guard FileManager.default.fileExists(atPath: place.store) else {
      throw place.parts.isEmpty
        ? StudyFailure.nothingDone(path: place.folder)
        : StudyFailure.onlyShards(folder: place.folder, stores: place.parts)
    }
    let store = try StudyStore(looking: place.store)
    guard let planned = try store.design() else {
      throw StudyFailure.nothingDone(path: place.store)
    }
    let (design, changed) = planned.reading(as: try options.design())
    if !changed.isEmpty {
      ProgressBar.toStandardError(
        "xling: warning: \(options.study) is not what \(place.store) was last planned for, and the report is of that: "
          + MessageList.of(changed) + ". `xling study run` takes the file as it is.\n")
    }
    return (try store.tables(design), place.folder, place.store)
  }
}

enum StudyReportFormat: String, ExpressibleByArgument, CaseIterable {
  case markdown, latex
}
