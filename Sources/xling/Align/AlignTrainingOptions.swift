import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTowers

extension AugmentationChoice: ExpressibleByArgument {}
extension CaptionOrder: ExpressibleByArgument {}
extension CaptionPreprocessing: ExpressibleByArgument {}
extension DropoutPolicy: ExpressibleByArgument {}
extension ImageRate: ExpressibleByArgument {}
extension OptimizerName: ExpressibleByArgument {}
extension Precision.Choice: ExpressibleByArgument {}
extension RateSchedule: ExpressibleByArgument {}
extension TextOutput.Head: ExpressibleByArgument {}

/// The help of a training option, from its row in `TrainingSettings.options`.
private func help(_ key: String) -> ArgumentHelp {
  ArgumentHelp(stringLiteral: TrainingSettings.option(key)?.help ?? "")
}

/// The text of a flag, once its row's range has it.
private func value(_ key: String) -> @Sendable (String) throws -> String {
  { text in
    var settings = TrainingSettings()
    try settings.set(key, text)
    return text
  }
}

/// Options of training. A missing one comes from `--set`, `xling.toml`, the preset or the card, then from
/// the default shown in its help.
struct AlignTrainingOptions: ParsableArguments {
  @Option(help: help("steps"), transform: value("steps"))
  var steps: String?

  @Option(help: help("epochs"), transform: value("epochs"))
  var epochs: String?

  @Option(help: help("batch_size"), transform: value("batch_size"))
  var batchSize: String?

  @Option(help: help("chunk"), transform: value("chunk"))
  var chunk: String?

  @Flag(help: help("recompute"))
  var recompute = false

  @Option(help: help("precision"))
  var precision: Precision.Choice?

  @Option(help: help("rate"), transform: value("rate"))
  var rate: String?

  @Option(help: help("warmup_steps"), transform: value("warmup_steps"))
  var warmup: String?

  @Option(help: help("schedule"))
  var schedule: RateSchedule?

  @Option(help: help("image_rate"))
  var imageRate: ImageRate?

  @Option(help: help("optimizer"))
  var optimizer: OptimizerName?

  @Option(help: help("seed"), transform: value("seed"))
  var seed: String?

  @Option(help: help("language"))
  var language: String?

  @Option(help: help("pairs"), transform: value("pairs"))
  var pairs: String?

  @Option(help: help("pairs_seed"), transform: value("pairs_seed"))
  var pairsSeed: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(help("mix").abstract + " Repeatable.", valueName: "language=pairs"))
  var mix: [String] = []

  @Option(help: help("mix_share"), transform: value("mix_share"))
  var mixShare: String?

  @Option(help: help("mix_seed"), transform: value("mix_seed"))
  var mixSeed: String?

  @Option(help: help("augment"))
  var augment: AugmentationChoice?

  @Option(help: help("cache_views"), transform: value("cache_views"))
  var cacheViews: String?

  @Option(help: help("dropout"))
  var dropout: DropoutPolicy?

  @Option(help: help("text_noise"), transform: value("text_noise"))
  var textNoise: String?

  @Option(help: help("image_noise"), transform: value("image_noise"))
  var imageNoise: String?

  @Option(help: help("head_dropout"), transform: value("head_dropout"))
  var headDropout: String?

  @Option(help: help("caption_order"))
  var captionOrder: CaptionOrder?

  @Option(help: help("captions"))
  var captions: CaptionPreprocessing?

  @Option(help: help("maximum_words"), transform: value("maximum_words"))
  var maxWords: String?

  @Option(help: help("maximum_tokens"), transform: value("maximum_tokens"))
  var maxTokens: String?

  @Option(help: help("pooling"), transform: value("pooling"))
  var pooling: String?

  @Option(help: help("prompt"))
  var prompt: String?

  @Option(help: help("prompt_name"))
  var promptName: String?

  @Option(help: help("text_head"))
  var textHead: TextOutput.Head?

  @Option(help: help("image_pooling"))
  var imagePooling: ImagePooling?

  @Option(help: help("image_size"), transform: value("image_size"))
  var imageSize: String?

  @Option(help: help("heads"), transform: value("heads"))
  var heads: String?

  @Option(help: help("checkpoint_every"), transform: value("checkpoint_every"))
  var checkpointEvery: String?

  @Option(help: help("validate_every"), transform: value("validate_every"))
  var validateEvery: String?

  @Option(help: help("patience"), transform: value("patience"))
  var patience: String?

  @Option(help: help("weight_decay"), transform: value("weight_decay"))
  var weightDecay: String?

  @Option(help: help("clip"), transform: value("clip"))
  var clip: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Any option of training by its key, as cards name it: beta2=0.98. Repeatable; the keys are in "
        + "docs/methods/settings.md.", valueName: "key=value"))
  var assignments: [String] = []

  func validate() throws {
    if prompt != nil, promptName != nil {
      throw ValidationError("--prompt and --prompt-name exclude each other; give one of them")
    }
    for given in mix { _ = try checkedMix(given) }
    if mix.count > 1 { _ = try checkedMix(mix.joined(separator: ",")) }
    if steps != nil, epochs != nil {
      throw ValidationError("--steps and --epochs exclude each other; give one of them")
    }
    // What is wrong with an assignment alone is told when the command runs.
    if let assigned = try? TrainingSettings(assignments: assignments) {
      try check(assigned, try given())
    }
  }

  /// Throws `ValidationError` in the words of other options.
  private func checkedMix(_ text: String) throws -> String {
    do { return try FewShotCounts.parse(text) } catch let failure as NumberFailure {
      throw ValidationError("--mix \(text): expected \(failure.expected)")
    }
  }

  /// Flags by the keys of what they set.
  private var flags: [(key: String, flag: String, text: String?)] {
    [
      ("steps", "--steps", steps), ("epochs", "--epochs", epochs),
      ("batch_size", "--batch-size", batchSize), ("chunk", "--chunk", chunk),
      ("recompute", "--recompute", recompute ? "true" : nil),
      ("precision", "--precision", precision?.rawValue), ("rate", "--rate", rate),
      ("warmup_steps", "--warmup", warmup), ("schedule", "--schedule", schedule?.rawValue),
      ("image_rate", "--image-rate", imageRate?.rawValue),
      ("optimizer", "--optimizer", optimizer?.rawValue), ("seed", "--seed", seed),
      ("language", "--language", language), ("pairs", "--pairs", pairs),
      ("pairs_seed", "--pairs-seed", pairsSeed),
      ("mix", "--mix", mix.isEmpty ? nil : mix.joined(separator: ",")),
      ("mix_share", "--mix-share", mixShare), ("mix_seed", "--mix-seed", mixSeed),
      ("augment", "--augment", augment?.rawValue),
      ("cache_views", "--cache-views", cacheViews),
      ("dropout", "--dropout", dropout?.rawValue), ("text_noise", "--text-noise", textNoise),
      ("image_noise", "--image-noise", imageNoise),
      ("head_dropout", "--head-dropout", headDropout),
      ("caption_order", "--caption-order", captionOrder?.rawValue),
      ("captions", "--captions", captions?.rawValue),
      ("maximum_words", "--max-words", maxWords), ("maximum_tokens", "--max-tokens", maxTokens),
      ("pooling", "--pooling", pooling), ("prompt", "--prompt", prompt),
      ("prompt_name", "--prompt-name", promptName),
      ("text_head", "--text-head", textHead?.rawValue),
      ("image_pooling", "--image-pooling", imagePooling?.rawValue),
      ("image_size", "--image-size", imageSize), ("heads", "--heads", heads),
      ("checkpoint_every", "--checkpoint-every", checkpointEvery),
      ("validate_every", "--validate-every", validateEvery), ("patience", "--patience", patience),
      ("weight_decay", "--weight-decay", weightDecay), ("clip", "--clip", clip),
    ]
  }

  /// What is said of the training: by the card, then by `xling.toml`, which is named on stderr, then by
  /// `--set` and flags. Throws `AlignmentFailure`, `FileFailure`.
  func settings(_ card: MethodCard) throws -> TrainingSettings {
    let assigned = try TrainingSettings(assignments: assignments)
    var settings = card.training
    if let project = try ProjectSettings.nearest(from: FileManager.default.currentDirectoryPath),
      !project.training.said.isEmpty
    {
      let said = project.training.said.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
      ProgressBar.toStandardError("xling: \(project.path) sets \(said)\n")
      settings.take(project.training)
    }
    settings.take(assigned)
    settings.take(try given())
    let mixed = try settings.mix.map { try FewShotCounts($0).counts.map(\.language) } ?? []
    GivenLanguages.tell((settings.language.map { [$0] } ?? []) + mixed)
    return settings
  }

  /// What flags say.
  private func given() throws -> TrainingSettings {
    var given = TrainingSettings()
    for (key, _, text) in flags { if let text { try given.set(key, text) } }
    return given
  }

  /// One key has one value, also where its flag stands among others. Throws `ValidationError`.
  func check(_ key: String, _ flag: String, _ given: Int?) throws {
    guard let given, let assigned = try? TrainingSettings(assignments: assignments),
      let other = assigned.said.first(where: { $0.key == key })?.value, other != "\(given)"
    else { return }
    throw ValidationError("--set \(key)=\(other) and \(flag) \(given) differ; give one of them")
  }

  /// One key has one value. Throws `ValidationError`.
  private func check(_ assigned: TrainingSettings, _ given: TrainingSettings) throws {
    let values = Dictionary(uniqueKeysWithValues: given.said.map { ($0.key, $0.value) })
    func flag(_ key: String) -> String {
      let name = flags.first { $0.key == key }?.flag ?? ""
      return key == "recompute" ? name : name + " " + (values[key] ?? "")
    }
    for (key, value) in assigned.said {
      if let other = values[key], other != value {
        throw ValidationError("--set \(key)=\(value) and \(flag(key)) differ; give one of them")
      }
      for (one, two) in [("steps", "epochs"), ("epochs", "steps")]
      where key == one && values[two] != nil {
        throw ValidationError(
          "--set \(key)=\(value) and \(flag(two)) exclude each other; give one of them")
      }
    }
  }
}
