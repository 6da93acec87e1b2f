import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRuns

/// Everything known of one run.
struct RunDetails: Encodable {
  /// What was measured under one protocol.
  struct Measured: Encodable {
    let dataset: String
    let split: String
    let subset: String
    let captions: String
    let `protocol`: String
    let languages: [String]
  }

  /// The stored losses by step; one that was no number is null.
  struct Curve: Encodable {
    struct Step: Encodable {
      let step: Int
      let loss: Double?
    }
    struct Validation: Encodable {
      let step: Int
      let loss: Double?
      let textToImage: Double
      let imageToText: Double
      let pairs: Int
    }

    let training: [Step]
    let validation: [Validation]

    init(_ steps: [TrainStep], _ validations: [ValidationStep]) {
      func number(_ loss: Double) -> Double? { loss.isFinite ? loss : nil }
      training = steps.map { Step(step: $0.step, loss: number($0.loss)) }
      validation = validations.map {
        Validation(
          step: $0.step, loss: number($0.loss), textToImage: $0.textToImage,
          imageToText: $0.imageToText, pairs: $0.pairs)
      }
    }
  }

  let schema = "xling.show/1"
  let name: String
  let folder: String
  /// Nil for a folder that no store knows.
  let status: String?
  /// Of an interrupted run: where it goes on, and by which command.
  let step: Int?
  let resume: String?
  let record: RunRecord
  let measured: [Measured]
  let curve: Curve
}

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One run: recipe, towers, data, training, evaluations.")

  @OptionGroup var which: RunOption

  @OptionGroup var json: JSONOption

  func run() throws {
    if let name = which.name, FinetuneFolder(name).exists {
      let record = try FinetuneFolder(name).record()
      try json.print(record) {
        let state = record.isFinished ? "" : "\nnot finished; given again, its command goes on"
        return FinetuneText.summary(record, LoadedRun.name(of: name)).joined(separator: "\n")
          + state
      }
      return
    }
    let found = try which.found()
    let (folder, store) = (found.folder, found.place.path)
    let record = try RunFolder(folder).record()
    let name = LoadedRun.name(of: folder)
    var state: RunState?
    var evaluations: [Evaluation] = []
    var curve = RunDetails.Curve([], [])
    if FileManager.default.fileExists(atPath: store) {
      let store = try ExperimentStore(reading: store)
      let new = try LoadedRun.stored(record, folder: folder, status: .running)
      // Another run of the same name is none of this one's business.
      if let run = try store.runs().first(where: { $0.name == name }),
        run.key.isSameRun(as: new.key)
      {
        state = try RunState(run, in: store)
        evaluations = try store.evaluations(of: name)
        curve = RunDetails.Curve(
          try store.trainSteps(of: name), try store.validations(of: name))
      }
    }
    let details = RunDetails(
      name: name, folder: folder, status: state?.status.rawValue, step: state?.step,
      resume: state?.resume, record: record, measured: measured(evaluations), curve: curve)
    try json.print(details) { text(details, state) }
  }

  private func measured(_ evaluations: [Evaluation]) -> [RunDetails.Measured] {
    Dictionary(grouping: evaluations) { $0.measured.hash }
      .compactMap { hash, part in
        guard let one = part.first?.measured else { return nil }
        return RunDetails.Measured(
          dataset: one.dataset, split: one.split, subset: one.subset, captions: one.captions,
          protocol: hash, languages: Set(part.map(\.language)).sorted())
      }
      .sorted {
        ($0.dataset, $0.split, $0.subset, $0.protocol)
          < ($1.dataset, $1.split, $1.subset, $1.protocol)
      }
  }

  private func text(_ details: RunDetails, _ state: RunState?) -> String {
    let record = details.record
    let configuration = record.identity.configuration
    var facts: [(String, String)] = [
      ("run", details.name),
      ("folder", details.folder),
      ("status", state?.sentence ?? "not in the store"),
      ("method", "\(record.method): \(configuration.recipe.summary)"),
      (
        "trained",
        String(
          format: "%d of %d parameters (%.2f %%)", record.trainedParameters, record.allParameters,
          record.trainedPercent)
      ),
      ("text tower", tower(record.identity.text)),
      ("text vector", vectors(configuration)),
      ("image tower", tower(record.identity.image)),
      (
        "tokenizer",
        record.identity.tokenizerHash.prefix(12)
          + (configuration.vocabulary.map { ", \($0.pieces.count) pieces added" } ?? "")
      ),
      (
        "made by",
        "xling " + (record.program ?? "0.1.0 or earlier, which noted no version")
          + ", numerics \(record.numericsText)"
      ),
    ]
    if let imported = record.imported {
      facts.append(("imported", "\(imported.file), SHA-256 \(imported.hash.prefix(12))"))
    } else {
      facts.append(
        (
          "data",
          "\(record.trainingPairs) pairs in \(configuration.language)"
            + (configuration.fewShot.words.map { ", \($0)" } ?? "") + ", content "
            + record.identity.dataHash.prefix(12)
        ))
      facts += training(record)
    }
    facts += details.curve.validation.dropLast().map {
      ("val at \($0.step)", String(format: "loss %.4f", $0.loss ?? .nan))
    }
    if let drawn = record.interpolation {
      facts.append(
        (
          "interpolated",
          "text \(drawn.text), image \(drawn.image) of the way to \(drawn.run), SHA-256 "
            + drawn.hash.prefix(12)
        ))
    }
    for part in details.measured {
      let languages = "\(part.languages.count) languages (\(part.languages.joined(separator: " ")))"
      facts.append(
        (
          "measured",
          "\(part.dataset) \(part.split), \(part.subset), captions \(part.captions), protocol "
            + "\(part.protocol.prefix(12)): \(languages)"
        ))
    }
    return TextTable(facts.map { [$0.0, $0.1] }, leading: 2).text
  }

  private func tower(_ source: TowerSource) -> String {
    "\(source.folder), weights \(source.weightsHash.prefix(12))"
  }

  private func vectors(_ configuration: AlignmentConfiguration) -> String {
    let captions = configuration.captions
    let made =
      configuration.textOutput?.description
      ?? "the first token's state, as 0.1.0 has it (T5, ModernBERT, EuroBERT: the mean)"
    let length =
      captions.evaluatedTokens.map { "in evaluation at most \($0) tokens" }
      ?? "in evaluation at most 30 tokens"
    return made + ", " + (captions.prompt.map { "prompt \"\($0)\"" } ?? "no prompt") + ", " + length
  }

  /// What training adds to vectors and leaves out of heads, and how it takes captions; nil: nothing.
  private func noise(_ configuration: AlignmentConfiguration) -> String? {
    let parts = [
      configuration.textNoise.map { "noise of \($0) lengths on text vectors" },
      configuration.imageNoise.map { "noise of \($0) lengths on image vectors" },
      configuration.headDropout.map { "\($0) of what enters the heads' last layers left out" },
      configuration.captionOrder == .inTurn ? "a picture's captions in turn" : nil,
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private func training(_ record: RunRecord) -> [(String, String)] {
    let configuration = record.identity.configuration
    let clip = configuration.gradientClip.map { ", clip \($0)" } ?? ""
    var facts = [
      (
        "training",
        "\(configuration.steps) steps of \(configuration.batchSize), rate "
          + "\(configuration.peakRate), warm-up \(configuration.warmupSteps), "
          + "\(configuration.schedule.rawValue), \(configuration.optimizer.name), weight decay "
          + "\(configuration.optimizer.weightDecay)\(clip), captions "
          + "\(configuration.captions.description), at most \(configuration.maximumTokens) "
          + "tokens, \(configuration.augmentation == nil ? "not augmented" : "augmented"), seed "
          + "\(configuration.seed)\(configuration.precision.map { ", \($0.rawValue)" } ?? "")"
      )
    ]
    if let mix = configuration.mix {
      let drawn = mix.parts.map { "\($0.language) \($0.hash.prefix(12))" }.joined(separator: ", ")
      facts.append(
        (
          "mixed in",
          "\(mix.rows(of: configuration.batchSize)) of \(configuration.batchSize) pairs of a batch; which "
            + "pairs, says mix.json (\(drawn))"
        ))
    }
    if let noise = noise(configuration) { facts.append(("while training", noise)) }
    facts.append(
      (
        "time",
        ProgressBar.duration(record.seconds)
          + (record.stepsPerSecond.map { String(format: ", %.2f steps/s", $0) } ?? "")
          + ", BLAS core \(record.kernelsText)"
      ))
    if let loss = record.finalLoss { facts.append(("loss", String(format: "%.4f", loss))) }
    if let point = record.validation {
      facts.append(
        (
          "val",
          String(
            format: "loss %.4f, first of %d: %.1f %% text to image, %.1f %% image to text",
            point.loss, point.pairs, 100 * point.textToImageFirst, 100 * point.imageToTextFirst)
        ))
    }
    return facts
  }
}
