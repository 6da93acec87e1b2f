import XlingAlignment
import XlingCore
import XlingTensor

/// What decides a classifier's bits. Two of equal identity on one machine are equal.
public struct FinetuneIdentity: Codable, Sendable, Equatable {
  /// SHA-256 of the aligned run's weights.
  public var runHash: String
  /// SHA-256 of which pictures of which classes are trained on (`ShotDraw.hash`).
  public var drawHash: String
  /// In the order of the head's rows.
  public var classes: [String]
  /// Classes of the data that were not trained on.
  public var heldOut: [String]
  /// SHA-256 of the sentences' vectors; nil of a linear head.
  public var vectorsHash: String?
  /// SHA-256 of the weights of the classifier that this one starts from.
  public var startsFrom: String?
  public var configuration: FinetuneConfiguration

  public init(
    runHash: String, drawHash: String, classes: [String], heldOut: [String],
    vectorsHash: String?, startsFrom: String?, configuration: FinetuneConfiguration
  ) {
    (self.runHash, self.drawHash) = (runHash, drawHash)
    (self.classes, self.heldOut) = (classes, heldOut)
    (self.vectorsHash, self.startsFrom) = (vectorsHash, startsFrom)
    self.configuration = configuration
  }

  /// Throws ``RunFailure/notTheSameRun(path:fields:)``.
  func check(equals other: FinetuneIdentity, at path: String) throws {
    var fields: [String] = []
    if runHash != other.runHash { fields.append("aligned run") }
    if drawHash != other.drawHash { fields.append("training pictures") }
    if classes != other.classes { fields.append("classes") }
    if heldOut != other.heldOut { fields.append("held-out classes") }
    if vectorsHash != other.vectorsHash { fields.append("class sentences") }
    if startsFrom != other.startsFrom { fields.append("start") }
    let (mine, theirs) = (configuration.decisive, other.configuration.decisive)
    if mine.head != theirs.head { fields.append("head") }
    fields += try mine.training.differences(from: theirs.training)
    guard fields.isEmpty else { throw RunFailure.notTheSameRun(path: path, fields: fields) }
  }
}

/// One learning rate that was tried, and its accuracy on val.
public struct RateTry: Codable, Sendable, Equatable {
  public let rate: Double
  /// Share of val pictures whose class comes first; nil where the training diverged.
  @OrNull public private(set) var accuracy: Double?
  public let n: Int
  public let seconds: Double

  public init(rate: Double, accuracy: Double?, n: Int, seconds: Double) {
    (self.rate, self.n, self.seconds) = (rate, n, seconds)
    self.accuracy = accuracy
  }
}

/// `finetune.json`: what a classifier is and what came of training it.
public struct FinetuneRecord: Codable, Sendable, Equatable, ArithmeticRecord {
  public var version = Self.version
  /// "prompt+layernorm".
  public let method: String
  /// The aligned run's folder.
  public let run: String
  public let identity: FinetuneIdentity
  /// What the training pictures are called, and their folder.
  public let data: String
  public let dataFolder: String
  /// What a class is, where the data are a dataset.
  public let labels: String
  /// Training pictures.
  public let pictures: Int
  /// Of each class; nil where all were taken.
  public let shots: Int?
  public let shotsSeed: UInt64
  /// The classifier that this one starts from.
  public let startedFrom: String?
  public let trainedParameters: Int
  public let allParameters: Int
  /// Rates among which the configuration's was chosen; none where it was not.
  public let tries: [RateTry]
  public let carried: [String]
  /// The machine's BLAS kernel set: bits may differ on another.
  public var blasCore: String
  public let program: String
  public var numerics: Int
  /// As of `RunRecord`.
  public var continuations: [Continuation]?
  public var isFinished = false
  public var seconds = 0.0
  public var steps = 0
  public var finalLoss: Float?

  public static let version = 1

  public var trainedPercent: Double {
    100 * Double(trainedParameters) / Double(max(1, allParameters))
  }

  /// What a record says besides what the classifier does.
  public struct Origin: Sendable {
    public var run: String
    public var data: String
    public var dataFolder: String
    public var labels: String
    public var shots: Int?
    public var shotsSeed: UInt64
    public var startedFrom: String?
    public var tries: [RateTry]

    public init(
      run: String, data: String, dataFolder: String, labels: String, shots: Int?,
      shotsSeed: UInt64, startedFrom: String?, tries: [RateTry]
    ) {
      (self.run, self.data, self.dataFolder, self.labels) = (run, data, dataFolder, labels)
      (self.shots, self.shotsSeed) = (shots, shotsSeed)
      (self.startedFrom, self.tries) = (startedFrom, tries)
    }
  }

  init(
    _ identity: FinetuneIdentity, _ classifier: PictureClassifier, pictures: Int, _ origin: Origin
  ) {
    method = identity.configuration.method.name
    self.identity = identity
    self.pictures = pictures
    (run, data, dataFolder, labels) = (
      origin.run, origin.data, origin.dataFolder, origin.labels
    )
    (shots, shotsSeed) = (origin.shots, origin.shotsSeed)
    (startedFrom, tries) = (origin.startedFrom, origin.tries)
    trainedParameters = classifier.trainedParameters.reduce(0) { $0 + $1.parameter.count }
    allParameters = classifier.parameters.reduce(0) { $0 + $1.parameter.count }
    carried = classifier.carried.sorted()
    blasCore = classifier.model.precision.kernels
    (program, numerics) = (Version.current, Version.numerics)
  }
}
