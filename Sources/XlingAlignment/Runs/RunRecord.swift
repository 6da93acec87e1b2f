import XlingTensor

/// `run.json`: what a run was and what came of it.
public struct RunRecord: Codable, Sendable, Equatable {
  public var version = 1
  public var method: String
  public var identity: RunIdentity
  public var trainingPairs: Int
  public var trainedParameters: Int
  /// Adapters and projections included.
  public var allParameters: Int
  /// The machine's BLAS kernel set: bits may differ on another.
  public var blasCore: String
  public var isFinished = false
  /// Of training, all sessions.
  public var seconds = 0.0
  public var stepsPerSecond: Double?
  public var finalLoss: Float?
  public var validation: ValidationPoint?

  public var trainedPercent: Double {
    100 * Double(trainedParameters) / Double(max(1, allParameters))
  }

  init(_ identity: RunIdentity, _ model: DualEncoder, training pairs: Int) {
    method = identity.configuration.recipe.name
    self.identity = identity
    trainingPairs = pairs
    trainedParameters = model.trainedParameters.reduce(0) { $0 + $1.parameter.count }
    allParameters = model.parameters.reduce(0) { $0 + $1.parameter.count }
    blasCore = Matmul.coreName
  }

  mutating func note(_ trainer: Trainer) {
    finalLoss = trainer.loss
    seconds = trainer.seconds
    validation = trainer.lastValidation
  }

  mutating func finish(stepsHere: Int, secondsHere: Double) {
    isFinished = true
    if secondsHere > 0, stepsHere > 0 { stepsPerSecond = Double(stepsHere) / secondsHere }
  }
}
