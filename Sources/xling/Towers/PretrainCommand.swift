import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingPretraining
import XlingReports
import XlingRetrieval

struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Pretrain small towers: those that ship with xling, or on data of your own.",
    subcommands: [PretrainImageCommand.self, PretrainTextCommand.self])
}

/// Options of both kinds of pretraining.
struct PretrainOptions: ParsableArguments {
  @Option(help: "Where the tower goes; the state of the run lies beside it in OUTPUT.run.")
  var output: String

  @Option(
    help: "Optimizer steps in all. An interrupted run goes on with the same command.",
    transform: NumberRange.whole(from: 1))
  var steps: Int?

  @Option(
    help: "How many of the last steps the learning rate falls.",
    transform: NumberRange.whole(from: 0))
  var decaySteps: Int?

  @Option(help: "The learning rate after the warm-up.", transform: NumberRange.positive(to: 1_000))
  var rate: Double?

  @Option(help: "Seed of weights, data and order.", transform: NumberRange.seed)
  var seed: UInt64 = 1

  @OptionGroup var threads: ThreadsOption

  @Option(
    help: "Start from this tower's weights instead of random ones.", completion: .directory)
  var from: String?

  func apply(to defaults: PretrainingOptions) -> PretrainingOptions {
    threads.apply()
    var options = defaults
    options.seed = seed
    if let steps { options.steps = steps }
    if let decaySteps { options.decaySteps = decaySteps }
    if let rate { options.rate = rate }
    return options
  }

  var runFolder: String { output + ".run" }
}

struct PretrainImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image",
    abstract: "Supervised recognition on emoji and scenes composed on the fly, or of caption words."
  )

  @OptionGroup var options: PretrainOptions

  @Option(help: "A scenes dataset: its val pictures tell how good the tower is.")
  var scenes: String?

  @Option(
    help: """
      In place of --scenes: a dataset's training pictures, recognized by the words of their English \
      captions; its val pictures tell how good the tower is.
      """,
    completion: .directory)
  var data: String?

  @OptionGroup var links: LinkOptions

  func validate() throws {
    guard (scenes == nil) != (data == nil) else {
      throw ValidationError("give either --scenes DATASET or --data DATASET")
    }
  }

  func run() throws {
    let source: ImagePretraining.Source
    if let data {
      source = .captions(try DataSource.folder(data, links))
    } else {
      source = .emoji(scenes: try DataSource.folder(scenes ?? "", links))
    }
    Interruption.watch()
    let pretraining = try ImagePretraining(
      options: options.apply(to: ImagePretraining.defaultOptions), folder: options.runFolder,
      source: source, initial: options.from)
    try pretraining.run()
    try pretraining.save(to: options.output)
    let quality = try pretraining.quality()
    try TowerCard(
      kind: "image", options: pretraining.options, seconds: pretraining.seconds,
      command: ShellWords.command(Array(CommandLine.arguments.dropFirst())), data: pretraining.data,
      licence: pretraining.licence, quality: quality
    ).write(to: options.output)
    print(
      "recognition mAP \(Self.text(quality.meanAveragePrecision)) labels on "
        + "\(quality.pictures) val pictures")
  }
}

struct PretrainTextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text",
    abstract: "Masked-language modelling and translation ranking on CLDR's names and on sentences.")

  @OptionGroup var options: PretrainOptions

  @Option(help: "A tokenizer folder (default: the shipped mini-wordpiece).")
  var tokenizer: String?

  @Option(
    help: """
      A folder of sentences to learn from as well: LANG.txt, one a line, and *.jsonl with \
      translations, {"en": "…", "tr": "…"} a line.
      """,
    completion: .directory)
  var text: String?

  @Option(
    help:
      "What it learns from: masked (masked-language modelling alone) or both (translation ranking, too)."
  )
  var objective = TextPretraining.Objective.both

  func run() throws {
    Interruption.watch()
    let pretraining = try TextPretraining(
      options: options.apply(to: TextPretraining.defaultOptions), folder: options.runFolder,
      tokenizer: tokenizer ?? Assets.path("tokenizers/mini-wordpiece"), sentences: text,
      initial: options.from, objective: objective)
    try pretraining.run()
    try pretraining.save(to: options.output)
    let quality = try pretraining.quality()
    try TowerCard(
      kind: "text", options: pretraining.options, seconds: pretraining.seconds,
      command: ShellWords.command(Array(CommandLine.arguments.dropFirst())), data: pretraining.data,
      licence: pretraining.licence, quality: quality, pretraining: pretraining.pretraining
    ).write(to: options.output)
    print(
      "translation R@1 on unseen pairs \(Self.text(quality.unseenMean)) queries, mean of "
        + "\(TranslationQuality.target.joined(separator: ", ")), gallery \(quality.gallery)")
    if let mean = quality.sentenceMean {
      print(
        "translation R@1 of sentences kept apart \(Self.text(mean)) queries, mean of all languages")
    }
  }
}

extension ParsableCommand {
  /// `83.1 % [80.2, 85.9], n 640`.
  fileprivate static func text(_ estimate: Estimate) -> String {
    func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }
    return percent(estimate.value) + " % "
      + IntervalText.bounds(estimate.low, estimate.high, percent) + ", n \(estimate.n)"
  }
}

extension TextPretraining.Objective: ExpressibleByArgument {}
