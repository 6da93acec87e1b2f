import Foundation
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTowers

/// What pretraining runs share, text and image alike.
public struct PretrainingOptions: Codable, Sendable, Equatable {
  public var steps: Int
  public var decaySteps: Int
  public var warmupSteps: Int
  public var rate: Double
  public var weightDecay: Float
  public var seed: UInt64
  /// Steps between checkpoints.
  public var checkpointEvery: Int

  public init(
    steps: Int, decaySteps: Int, warmupSteps: Int, rate: Double, weightDecay: Float = 0.05,
    seed: UInt64 = 1, checkpointEvery: Int = 100
  ) {
    self.steps = steps
    self.decaySteps = decaySteps
    self.warmupSteps = warmupSteps
    self.rate = rate
    self.weightDecay = weightDecay
    self.seed = seed
    self.checkpointEvery = checkpointEvery
  }

  var schedule: Schedule {
    .warmupStableDecay(
      peak: rate, warmupSteps: warmupSteps, totalSteps: steps, decaySteps: decaySteps)
  }
}

/// One objective: computes the loss of a step and leaves its gradients in the parameters.
protocol PretrainingObjective: AnyObject {
  var name: String { get }
  var parameters: Parameters { get }
  /// Names what the objective computes: data, sizes, mixture. A resumed run must have the same.
  var fingerprint: String { get }
  func forwardBackward(step: Int, in workspace: Workspace) throws -> [(name: String, value: Double)]
}

/// Runs an objective with AdamW and gradient clipping, and writes a checkpoint that holds all of
/// its state: stopped anywhere and resumed, it ends with the same bits.
final class PretrainingLoop {
  let options: PretrainingOptions
  let objective: any PretrainingObjective
  let folder: String
  private(set) var step = 0
  /// Seconds spent in all sessions of this run.
  private(set) var seconds = 0.0
  private let optimizer: AdamW
  private let workspace = Workspace()

  private var checkpointPath: String { folder + "/checkpoint.safetensors" }

  init(options: PretrainingOptions, objective: any PretrainingObjective, folder: String) {
    self.options = options
    self.objective = objective
    self.folder = folder
    for parameter in objective.parameters.all { parameter.isTrainable = true }
    optimizer = AdamW(
      parameters: objective.parameters.all,
      options: .init(beta2: 0.98, weightDecay: options.weightDecay))
  }

  /// Continues from the folder's checkpoint, if there is one.
  func resume() throws {
    guard FileManager.default.fileExists(atPath: checkpointPath) else { return }
    let file = try Safetensors(path: checkpointPath)
    guard file.metadata["fingerprint"] == objective.fingerprint else {
      throw PretrainingFailure.otherRun(
        path: checkpointPath, expected: objective.fingerprint,
        found: file.metadata["fingerprint"] ?? "nothing")
    }
    for parameter in objective.parameters.all + optimizer.state {
      try file.read(parameter.name, into: parameter)
    }
    step = Int(file.metadata["step"] ?? "") ?? 0
    seconds = Double(file.metadata["seconds"] ?? "") ?? 0
    optimizer.restore(steps: step)
  }

  private func checkpoint() throws {
    try Safetensors.write(
      objective.parameters.all + optimizer.state, to: checkpointPath,
      metadata: [
        "step": String(step), "seconds": String(seconds), "fingerprint": objective.fingerprint,
      ])
  }

  /// To the last step. Throws ``InterruptionFailure`` after writing a checkpoint when asked to stop.
  func run() throws {
    try AtomicFile.createFolder(folder)
    let schedule = options.schedule
    var bar = ProgressBar("pretrain " + objective.name, total: options.steps, startingAt: step)
    var mean: [String: Double] = [:]
    while step < options.steps {
      let began = ProgressBar.uptime()
      workspace.reset()
      objective.parameters.zeroGradients()
      let losses = try objective.forwardBackward(step: step, in: workspace)
      let norm = objective.parameters.clipGradients(to: 1)
      guard norm.isFinite, losses.allSatisfy({ $0.value.isFinite }) else {
        throw PretrainingFailure.diverged(step: step, rate: schedule.rate(step))
      }
      optimizer.step(rate: Float(schedule.rate(step)))
      step += 1
      seconds += ProgressBar.uptime() - began
      for loss in losses {
        mean[loss.name] = 0.98 * (mean[loss.name] ?? loss.value) + 0.02 * loss.value
      }
      bar.advance(
        to: step,
        losses.map { String(format: "%@ %.3f", $0.name, mean[$0.name] ?? 0) }
          .joined(separator: ", "))
      if step % options.checkpointEvery == 0 || step == options.steps { try checkpoint() }
      if Interruption.requested {
        try checkpoint()
        throw InterruptionFailure.interrupted(
          work: "pretraining stopped at step \(step) of \(options.steps)",
          resume: ShellWords.thisCommand())
      }
    }
    bar.finish()
  }
}

/// What can go wrong in pretraining.
public enum PretrainingFailure: Failure, Equatable {
  case otherRun(path: String, expected: String, found: String)
  case diverged(step: Int, rate: Double)
  case otherVocabulary(tower: String, words: Int, tokenizer: String, pieces: Int)
  case noMaskToken
  /// No training picture has an English caption with a word frequent enough.
  case noWords(dataset: String, pictures: Int)
  case nothingToMeasure(dataset: String, split: Split)

  public var exitStatus: ExitStatus {
    switch self {
    case .otherRun, .otherVocabulary, .noMaskToken, .noWords, .nothingToMeasure: .badData
    case .diverged: .internal
    }
  }

  public var description: String {
    switch self {
    case .otherRun(let path, let expected, let found):
      "\(path) belongs to another run: expected \(expected), found \(found). Choose another "
        + "--output, or remove that file to start anew."
    case .otherVocabulary(let tower, let words, let tokenizer, let pieces):
      "\(tower) has \(words) word embeddings, \(tokenizer) has \(pieces) pieces; expected the same "
        + "number. Give the tower's own tokenizer with --tokenizer."
    case .noMaskToken:
      "the tokenizer has no token that hides another, such as [MASK]; expected one. Take another "
        + "tokenizer."
    case .noWords(let dataset, let pictures):
      "\(dataset): expected training pictures with English captions, and words that 20 of them share, "
        + "found none in \(pictures) training pictures. Give a dataset with captions in en."
    case .nothingToMeasure(let dataset, let split):
      "\(dataset): expected pictures in split \(split.rawValue) that show what the tower was trained to "
        + "recognize, found none. The tower is written; its card is not. Give a dataset with that split."
    case .diverged(let step, let rate):
      "the loss is no longer a number at step \(step), learning rate \(rate). The last "
        + "checkpoint is good: resume it with a lower --rate."
    }
  }
}
