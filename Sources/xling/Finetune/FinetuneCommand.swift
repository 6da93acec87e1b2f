import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingJobs
import XlingRuns

extension ClassHead.Kind: ExpressibleByArgument {}
extension ConceptLabel: ExpressibleByArgument {}

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Fine-tune a classifier on an aligned model's image side, and measure it.",
    discussion: """
      xling finetune RUN --data emoji --method layernorm --shots 8
      xling finetune RUN --data emoji --method linear-probe --start-from THAT --shots 8

      Accuracy is measured on the test pictures of the same data, of --eval-data, and, with \
      --hold-out-classes, of classes that were not trained on; of a text head before training, too. \
      Given again, the command goes on with what was begun, or measures what is finished.
      """)

  @OptionGroup var which: RunOption

  @Option(help: "emoji, scenes (in data/), or a folder of labelled pictures with a train part.")
  var data: String

  @Option(
    help: """
      linear-probe, layernorm, prompt, lwa, compacter, full, or another of `xling methods` whose image \
      side learns.
      """)
  var method = "layernorm"

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A method that only thaws, trained together with --method: layernorm, bitfit. Repeatable.",
      valueName: "method"))
  var with: [String] = []

  @Option(
    help: """
      text: classes are their sentences' vectors, which linear-probe trains; linear: a fresh layer, which \
      every method trains.
      """)
  var head: ClassHead.Kind = .text

  @Option(
    help: ArgumentHelp(
      "A finished classifier of the same run whose trained weights this one starts from.",
      valueName: "folder"))
  var startFrom: String?

  @Option(
    help: "Training pictures of each class, drawn at random; fewer lie within more (default: all).",
    transform: NumberRange.whole(1...1_000_000))
  var shots: Int?

  @Option(
    help: "Seed of the draw of shots and held-out classes.", transform: NumberRange.seed)
  var shotsSeed: UInt64 = 0

  @Option(
    help: "Leave classes with fewer training pictures out.",
    transform: NumberRange.whole(1...1_000_000))
  var least = 1

  @Option(
    help: ArgumentHelp(
      "Classes that are not trained on: so many, drawn at random, or a file with a name a line.",
      valueName: "number|file"))
  var holdOutClasses: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Other labelled pictures to measure by, classes told by name. Repeatable.",
      valueName: "data"))
  var evalData: [String] = []

  @Option(help: "What a class is in emoji and scenes.")
  var labels: ConceptLabel = .subgroup

  @Option(help: "A file of class names, one JSON object a class (default: those of the data).")
  var classes: String?

  @Option(help: "plain, photo, number, clip-80, or a TOML file of templates.")
  var prompts = "plain"

  @Option(
    name: .customLong("lang"), help: "Language of the class names (default: the one aligned on).")
  var language: String?

  @Option(help: "The folder that it goes to (default: beside the run).")
  var output: String?

  @Option(
    help: ArgumentHelp(
      "A classifier that this one is held against, picture by picture.", valueName: "folder"))
  var against: String?

  @OptionGroup(title: "Training") var training: FinetuneTrainingOptions

  @Option(
    help: "Bootstrap resamples of the intervals.", transform: NumberRange.whole(100...1_000_000))
  var resamples = 1_000

  @Flag(help: "Keep no vectors of a frozen tower beside the store.")
  var noCache = false

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  @OptionGroup var links: LinkOptions

  func run() throws {
    threads.apply()
    Interruption.watch()
    if let name = which.name, FinetuneFolder(name).exists {
      throw FinetuneFailure.isFinetuned(path: name)
    }
    let found = try which.found()
    let card = try MethodCards.named(method)
    var options = FinetuneJob.Options(
      run: found.folder, data: data, method: card, settings: try training.settings(card))
    options.with = try with.map { try MethodCards.named($0) }
    options.evaluationData = evalData.filter { $0 != data }
    (options.labels, options.head) = (labels, head)
    options.followsLinks = links.followLinks
    options.startFrom = startFrom
    (options.shots, options.shotsSeed, options.least) = (shots, shotsSeed, least)
    options.heldOut = try heldOut()
    (options.classes, options.prompts, options.language) = (classes, prompts, language)
    options.rates = training.chooseRate
    (options.output, options.against) = (output, against)
    options.resamples = resamples
    options.featuresBeside = noCache ? nil : found.place.path
    options.resumeCommand = ShellWords.thisCommand()
    let progress = FinetuneProgress(method)
    let result = try FinetuneJob(options).run { progress.show($0) }
    try json.print(result) { FinetuneText.text(result) }
  }

  /// Throws `ValidationError` for a number below one, what reading a file throws.
  private func heldOut() throws -> HeldOutClasses {
    guard let given = holdOutClasses else { return .none }
    if let count = Int(given) {
      guard count > 0 else {
        throw ValidationError("--hold-out-classes \(given): expected a number from 1, or a file")
      }
      return .count(count)
    }
    let text = try TextBytes.utf8(try AtomicFile.read(given), path: given)
    let names = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return .named(names)
  }
}

/// Training options that a classifier has.
struct FinetuneTrainingOptions: ParsableArguments {
  @Option(help: "Optimizer steps.", transform: Self.value("steps"))
  var steps: String?

  @Option(
    help: "Times that every picture is shown, in place of steps (default: 5).",
    transform: Self.value("epochs"))
  var epochs: String?

  @Option(
    help: "Pictures in a batch (default: 64, or all where there are fewer).",
    transform: Self.value("batch_size"))
  var batchSize: String?

  @Option(
    help: "The learning rate after the warm-up (default: the method's).",
    transform: Self.value("rate"))
  var rate: String?

  @Option(
    help: ArgumentHelp(
      "Rates, with commas between, among which accuracy on val chooses; the tries are recorded.",
      valueName: "rates"), transform: Self.rates)
  var chooseRate: [Double] = []

  @Option(
    help: "Seed of initialization, order and augmentation (default: 1).",
    transform: Self.value("seed"))
  var seed: String?

  @Option(help: "What is done to training pictures.")
  var augment: AugmentationChoice?

  @Option(
    help: "Steps between checkpoints (default: 200).", transform: Self.value("checkpoint_every"))
  var checkpointEvery: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Any of these and of optimizer, schedule and clipping by its key: beta2=0.98. Repeatable.",
      valueName: "key=value"))
  var assignments: [String] = []

  func validate() throws {
    if steps != nil, epochs != nil {
      throw ValidationError("--steps and --epochs exclude each other; give one of them")
    }
    if rate != nil, !chooseRate.isEmpty {
      throw ValidationError("--rate and --choose-rate exclude each other; give one of them")
    }
  }

  /// What the card, then `--set`, then flags say. Throws `AlignmentFailure`.
  func settings(_ card: MethodCard) throws -> TrainingSettings {
    var given = TrainingSettings()
    let flags = [
      ("steps", steps), ("epochs", epochs), ("batch_size", batchSize), ("rate", rate),
      ("seed", seed), ("augment", augment?.rawValue), ("checkpoint_every", checkpointEvery),
    ]
    for (key, text) in flags { if let text { try given.set(key, text) } }
    var settings = card.training
    settings.take(try TrainingSettings(assignments: assignments))
    settings.take(given)
    return settings
  }

  /// The text of a flag, once its row's range has it.
  private static func value(_ key: String) -> @Sendable (String) throws -> String {
    { text in
      var settings = TrainingSettings()
      try settings.set(key, text)
      return text
    }
  }

  private static let rates: @Sendable (String) throws -> [Double] = { text in
    try text.split(separator: ",").map { try NumberRange.positive(to: 1_000)(String($0)) }
  }
}
