import XlingAlignment
import XlingCore
import XlingTensor

/// A checkpoint that became a run.
public struct ImportedCheckpoint: Codable, Sendable, Equatable {
  /// The file's name.
  public let file: String
  /// SHA-256 of the file.
  public let hash: String
  /// Whether the towers beside the run are those that training began with. If not, what it trained of
  /// them is as it was afterwards, and no difference can be told.
  public let hasStart: Bool
}

/// `run.json`: what a run was and what came of it.
public struct RunRecord: Codable, Sendable, Equatable, ArithmeticRecord {
  public var version = Self.version
  public var method: String
  public var identity: RunIdentity
  public var trainingPairs: Int
  /// Where the training data lay, so that an evaluation can look for its test pictures there.
  public var trainingFolder: String?
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
  /// Updates made; fewer than planned where early stopping ended the run.
  public var steps = 0
  /// The step whose model the run has, where early stopping chose it; nil is the last.
  public var bestStep: Int?
  /// Names of what was taken over from another run.
  public var carried: [String] = []
  /// Training captions without a token of their own.
  public var emptyCaptions = 0
  /// Where the run was trained elsewhere; nil for a run of this program's.
  public var imported: ImportedCheckpoint?
  /// The version of this program that made the run; nil of 0.1.0 or earlier, which noted none.
  public var program: String?
  /// `Version.numerics` of that program.
  public var numerics = Version.firstNumerics
  /// Where it went on, after it was stopped, with other arithmetic; nil: nowhere.
  public var continuations: [Continuation]?
  /// Where the towers were drawn back towards their pretrained weights; nil for a run as trained.
  public var interpolation: Interpolation?

  public static let version = 1
  /// Objects of `run.json` that refuse unknown keys themselves, and write only what is not usual.
  static let omitted: Set = ["recipe"]

  public var trainedPercent: Double {
    100 * Double(trainedParameters) / Double(max(1, allParameters))
  }

  init(_ identity: RunIdentity, _ model: DualEncoder, training source: any PairSource) {
    method = identity.configuration.recipe.name
    self.identity = identity
    trainingPairs = source.count
    trainingFolder = source.folder
    emptyCaptions = source.emptyCaptions
    trainedParameters = model.trainedParameters.reduce(0) { $0 + $1.parameter.count }
    allParameters = model.parameters.reduce(0) { $0 + $1.parameter.count }
    carried = model.carried.sorted()
    blasCore = model.precision.kernels
    (program, numerics) = (Version.current, Version.numerics)
  }

  /// A finished run that was trained elsewhere.
  init(imported: ImportedCheckpoint, _ identity: RunIdentity, _ model: DualEncoder) {
    method = identity.configuration.recipe.name
    self.identity = identity
    self.imported = imported
    trainingPairs = 0
    trainedParameters = model.trainedParameters.reduce(0) { $0 + $1.parameter.count }
    allParameters = model.parameters.reduce(0) { $0 + $1.parameter.count }
    blasCore = Matmul.coreName
    (program, numerics) = (Version.current, Version.numerics)
    isFinished = true
  }

  /// Keys that a file of another version lacks keep their defaults. Throws what decoding throws.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    try keys.read(.version, into: &version)
    method = try keys.decode(String.self, forKey: .method)
    identity = try keys.decode(RunIdentity.self, forKey: .identity)
    trainingPairs = try keys.decode(Int.self, forKey: .trainingPairs)
    try keys.read(.trainingFolder, into: &trainingFolder)
    trainedParameters = try keys.decode(Int.self, forKey: .trainedParameters)
    allParameters = try keys.decode(Int.self, forKey: .allParameters)
    blasCore = try keys.decode(String.self, forKey: .blasCore)
    try keys.read(.isFinished, into: &isFinished)
    try keys.read(.seconds, into: &seconds)
    try keys.read(.stepsPerSecond, into: &stepsPerSecond)
    try keys.read(.finalLoss, into: &finalLoss)
    try keys.read(.validation, into: &validation)
    try keys.read(.steps, into: &steps)
    try keys.read(.bestStep, into: &bestStep)
    try keys.read(.carried, into: &carried)
    try keys.read(.emptyCaptions, into: &emptyCaptions)
    try keys.read(.imported, into: &imported)
    try keys.read(.program, into: &program)
    try keys.read(.numerics, into: &numerics)
    try keys.read(.continuations, into: &continuations)
    try keys.read(.interpolation, into: &interpolation)
  }

  /// What came of the training; `takesBest` where early stopping chooses the model.
  mutating func note(_ counters: TrainingState.Counters, takesBest: Bool) {
    finalLoss = counters.loss
    seconds = counters.seconds
    validation = counters.validation
    steps = counters.step
    if takesBest, let best = counters.stopping.best {
      validation = best
      bestStep = best.step
    }
  }

  mutating func finish(stepsHere: Int, secondsHere: Double) {
    isFinished = true
    if secondsHere > 0, stepsHere > 0 { stepsPerSecond = Double(stepsHere) / secondsHere }
  }
}
