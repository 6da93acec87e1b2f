import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments
import XlingJobs
import XlingReports
import XlingTensor

struct QuickstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quickstart",
    abstract:
      "The whole way once: data, five methods aligned on English, thirteen languages, report.",
    discussion: """
      Builds the scenes dataset from the system's packages, aligns the shipped mini towers with \
      projection, layernorm, lwa, da and full training on English captions, evaluates all of them \
      in English and twelve further languages, prints the table and writes one HTML page, in under five \
      minutes on two cores. --thorough measures the same runs in all thirty languages. What is \
      there already is not done again; an interrupted quickstart goes on with the same command. \
      --small does the same on little data in about a minute: it shows that everything works here.

      --real goes the way with real pretrained towers (multilingual-e5-small, a DINOv2-small) on \
      photographs and drawings with human sentences, some minutes: heads on locked towers, and the text \
      tower trained whole. It says first what it fetches, and asks.
      """)

  @Flag(help: "Little data, few steps and eight languages: about a minute.")
  var small = false

  @Flag(help: "Thirty languages instead of thirteen, on the same runs: some minutes more.")
  var thorough = false

  @Flag(help: "Real towers and pictures, fetched once (about 350 MB): some minutes.")
  var real = false

  @Flag(help: "With --real: fetch what is missing without asking.")
  var yes = false

  @Option(help: "With --real: the folder of both towers (default: data/real-towers).")
  var towers: String?

  @Option(
    help: """
      The folder for runs, report and store (default: runs/quickstart, runs/quickstart-small or \
      runs/quickstart-real, with the common store).
      """)
  var output: String?

  @OptionGroup var store: StoreOption

  @Option(
    help: """
      The dataset; built there when missing (default: data/scenes, data/scenes-small or data/stamps).
      """)
  var data: String?

  @Option(
    help:
      "Training steps of each method, batches of 64 pairs (default: 80, or 12); with --real of each head.",
    transform: NumberRange.whole(from: 1))
  var steps: Int?

  @Option(help: "The first seed of initialization and order.", transform: NumberRange.seed)
  var seed: UInt64 = 1

  @Option(
    help: "How many seeds; figures are then means over them.",
    transform: NumberRange.whole(1...1_000))
  var seeds = 1

  @Option(help: "test, or val to choose settings on.")
  var split: EvaluatedSplit = .test

  @Option(
    help:
      "Of the towers' products: fp32, bf16, or auto, which takes what is faster (default: fp32).")
  var precision: Precision.Choice?

  @OptionGroup var threads: ThreadsOption

  private var plan: QuickstartPlan {
    var plan = real ? QuickstartPlan.real : small ? .small : thorough ? .thorough : .usual
    plan.steps = steps ?? plan.steps
    return plan
  }

  /// A folder of one's own has its own store, and one that an earlier version made there stays in use.
  private func place() -> StorePlace {
    if store.path == nil, StorePlace.environment == nil {
      if let output { return StorePlace(path: output + "/xling.sqlite", origin: .run) }
      if !small, !real, let place = StorePlace.ofQuickstart(plan.folder) { return place }
    }
    return store.place(forNew: plan.folder + "/run")
  }

  enum EvaluatedSplit: String, CaseIterable, ExpressibleByArgument { case val, test }

  func validate() throws {
    let kinds = GivenOptions.names([
      ("--small", small), ("--thorough", thorough), ("--real", real),
    ])
    if kinds.count > 1 {
      throw ValidationError(
        "give one of --small, --thorough and --real, not \(kinds.joined(separator: " and "))")
    }
    if !real, yes || towers != nil {
      throw ValidationError("\(yes ? "--yes" : "--towers") has no use without --real")
    }
    guard seed <= UInt64.max - UInt64(seeds) else {
      throw ValidationError("--seed must leave room for \(seeds) seeds, found \(seed)")
    }
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    let began = ProgressBar.uptime()
    var options = QuickstartJob.Options(plan)
    if real {
      let downloads = RealDownloads(towers: towers ?? "data/real-towers")
      options.stamps = try downloads.fetch(agreed: yes)
      (options.textTower, options.imageTower) = (downloads.text, downloads.image)
    }
    options.output = output ?? options.output
    options.precision = precision
    options.data = data ?? options.data
    options.seeds = (0..<UInt64(seeds)).map { seed + $0 }
    options.split = split == .val ? .val : .test
    options.command = RunCommand(
      folder: FileManager.default.currentDirectoryPath,
      words: ["xling"] + CommandLine.arguments.dropFirst())
    let progress = QuickstartProgress()
    let report = try QuickstartJob(options).run(in: try ExperimentStore(path: place().path)) {
      progress.show($0)
    }
    let page = "\(options.output)/\(plan.page)\(split == .val ? "-val" : "").html"
    try AtomicFile.write(report.html(), to: page)
    if let note = plan.note { print(note + "\n") }
    print(report.finding + "\n")
    print(report.table())
    print("Report with all languages and examples: \(page)")
    print("Done in \(ProgressBar.duration(ProgressBar.uptime() - began)).")
  }
}
