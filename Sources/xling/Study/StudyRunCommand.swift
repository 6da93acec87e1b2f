import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments
import XlingJobs
import XlingStudies

struct StudyRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Do a study's cells: those that nobody has done.",
    discussion: """
      Several processes may run one study at once: they share out the cells. What was interrupted or killed goes on \
      with the same command and loses at most the steps since the last checkpoint. SIGTERM and SIGUSR1 save, and \
      give the cell back. A cell that fails stops nothing; it is begun again as often as [limits] retries says, then \
      given up, and stays so: once its cause is mended, --retry-failed begins it anew.

      Machines without a common disk each take a share (--shard i/n), and `xling study merge` joins the stores. In \
      a job array of SLURM's each task does one cell.
      """)

  @OptionGroup var options: StudyOptions

  @OptionGroup var shard: ShardOption

  @Option(
    help: ArgumentHelp(
      "One cell alone, by the beginning of its hash; done already, it ends with 0.",
      valueName: "hash"))
  var cell: String?

  @Flag(help: "Begin cells anew that failed and were given up.")
  var retryFailed = false

  @Flag(help: "End with the first cell that fails.")
  var failFast = false

  @Flag(
    help: "Keep the study's store on a network file system, where one process alone works on it.")
  var allowNetworkStore = false

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  func validate() throws {
    if shard.shard != nil, cell != nil {
      throw ValidationError("--shard and --cell exclude each other; give one of them")
    }
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    Interruption.watchUserSignal()
    let began = ProgressBar.uptime()
    let setup = try options.setup()
    var job = try work(setup)
    (job.failsFast, job.allowsNetwork) = (failFast, allowNetworkStore)
    job.retriesGivenUp = retryFailed
    job.command = RunCommand(
      folder: FileManager.default.currentDirectoryPath,
      words: ["xling"] + CommandLine.arguments.dropFirst())
    let progress = StudyProgress(setup.design)
    let result = try StudyJob(setup, job).run { progress.show($0) }
    try json.print(result) {
      var words = "\(result.study): \(result.done) of \(result.cells) cells done"
      if result.diverged > 0 { words += ", \(result.diverged) diverged" }
      if result.tries > 0 { words += ", \(result.tries) tries of learning rates" }
      words += "; \(result.finishedHere) finished here in "
      words += ProgressBar.duration(ProgressBar.uptime() - began)
      return words + "\nstore: \(result.store)\nnext: " + next
    }
  }

  private var next: String {
    var words = ["xling", "study", "report", options.study]
    if options.small { words.append("--small") }
    if let output = options.output { words += ["--output", output] }
    return ShellWords.command(words)
  }

  /// Which cells, and whose store.
  private func work(_ setup: StudySetup) throws -> StudyJob.Options {
    let (design, plan) = (setup.design, setup.plan)
    func place(_ part: String?) -> StudyPlace {
      StudyPlace(design, output: options.output, part: part)
    }
    if let shard = shard.shard {
      var job = StudyJob.Options(
        place(shard.folder), cells: plan.shard(shard.index, of: shard.count))
      job.isPart = true
      return job
    }
    if let cell { return StudyJob.Options(place(nil), cells: try plan.cell(cell)) }
    guard let task = ArrayTask.index() else { return StudyJob.Options(place(nil), cells: plan.all) }
    guard plan.cells.indices.contains(task) else {
      throw StudyFailure.taskOutOfRange(task: task, lines: plan.cells.count)
    }
    let cell = plan.cells[task]
    ProgressBar.toStandardError(
      "xling: task \(task + 1) of the array does cell \(cell.short), in a store of its own\n")
    var job = StudyJob.Options(place("cell-\(cell.short)"), cells: try plan.cell(cell.hash))
    job.isPart = true
    return job
  }
}
