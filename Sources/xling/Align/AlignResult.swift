import Foundation
import XlingAlignment
import XlingCore
import XlingRuns

/// What `xling align` prints.
struct AlignResult: Encodable {
  let schema = "xling.align/1"
  let run: String
  let method: String
  let steps: Int
  let trainingPairs: Int
  let trainedParameters: Int
  let allParameters: Int
  let trainedPercent: Double
  let loss: Float?
  let validation: ValidationPoint?
  let seconds: Double
  /// The step whose model early stopping chose.
  let bestStep: Int?
  /// Training captions of which the tokens are start and end alone.
  let emptyCaptions: Int
  /// SHA-256 of the run's weights: equal runs have equal ones.
  let checkpoint: String

  init(_ record: RunRecord, _ path: String) throws {
    run = path
    method = record.method
    steps = record.steps
    bestStep = record.bestStep
    emptyCaptions = record.emptyCaptions
    trainingPairs = record.trainingPairs
    trainedParameters = record.trainedParameters
    allParameters = record.allParameters
    trainedPercent = record.trainedPercent
    loss = record.finalLoss
    validation = record.validation
    seconds = record.seconds
    checkpoint = Digest.of(try AtomicFile.read(RunFolder(path).weights))
  }

  var text: String {
    var lines = [
      "\(run): \(method), \(steps) steps on \(trainingPairs) pairs in "
        + ProgressBar.duration(seconds),
      String(
        format: "trained %d of %d parameters (%.2f %%)", trainedParameters, allParameters,
        trainedPercent),
    ]
    if let bestStep { lines.append("the model is that of step \(bestStep), the best on val") }
    if emptyCaptions > 0 {
      lines.append("\(emptyCaptions) captions are empty once preprocessed; they were trained on")
    }
    if let loss { lines.append(String(format: "loss %.4f", loss)) }
    if let validation {
      lines.append(
        String(
          format: "val, %d pairs: loss %.4f, first %.1f %% text to image, %.1f %% image to text",
          validation.pairs, validation.loss, 100 * validation.textToImageFirst,
          100 * validation.imageToTextFirst))
    }
    lines.append("checkpoint \(checkpoint)")
    return lines.joined(separator: "\n")
  }
}
