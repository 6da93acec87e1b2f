import XlingAlignment
import XlingCore
import XlingRuns

/// What came of an alignment; `xling align --json` prints it.
public struct AlignResult: Codable, Sendable {
  public private(set) var schema = "xling.align/1"
  /// The run's folder.
  public let run: String
  public let method: String
  public let steps: Int
  public let trainingPairs: Int
  /// `few-shot tr=10` of a run that saw captions of other languages, too.
  public let fewShot: String?
  public let trainedParameters: Int
  public let allParameters: Int
  public let trainedPercent: Double
  public let loss: Float?
  public let validation: ValidationPoint?
  public let seconds: Double
  /// The step whose model early stopping chose.
  public let bestStep: Int?
  /// Training captions of which the tokens are start and end alone.
  public let emptyCaptions: Int
  /// SHA-256 of the run's weights: equal runs have equal ones.
  public let checkpoint: String

  init(_ record: RunRecord, _ path: String) throws {
    run = path
    method = record.method
    steps = record.steps
    bestStep = record.bestStep
    emptyCaptions = record.emptyCaptions
    trainingPairs = record.trainingPairs
    fewShot = record.identity.configuration.fewShot.words
    trainedParameters = record.trainedParameters
    allParameters = record.allParameters
    trainedPercent = record.trainedPercent
    loss = record.finalLoss
    validation = record.validation
    seconds = record.seconds
    checkpoint = Digest.of(try AtomicFile.read(RunFolder(path).weights))
  }
}
