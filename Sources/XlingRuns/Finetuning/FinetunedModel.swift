import XlingAlignment
import XlingCore

/// A finished classifier, ready to be measured.
public struct FinetunedModel {
  public let record: FinetuneRecord
  public let run: LoadedRun
  public let classifier: PictureClassifier

  /// Throws ``FinetuneFailure``, ``RunFailure``, and what loading the aligned run throws.
  public init(folder path: String) throws {
    let folder = FinetuneFolder(path)
    record = try folder.record()
    let weights = try folder.finishedWeights(record)
    let found = try Self.hash(ofRun: record.run)
    guard found == record.identity.runHash else {
      throw FinetuneFailure.otherRun(
        path: path, run: record.run, expected: record.identity.runHash, found: found)
    }
    run = try LoadedRun(folder: record.run)
    let (model, classes) = (run.model, record.identity.classes.count)
    let head: ClassHead =
      switch record.identity.configuration.head {
      case .linear: .linear(classes: classes, width: model.image.outputWidth)
      case .text: .emptyText(classes: classes, width: model.embeddingWidth)
      }
    classifier = PictureClassifier(model, head)
    let configuration = record.identity.configuration
    try classifier.adapt(configuration.method, seed: configuration.training.seed)
    classifier.carried = Set(record.carried)
    try RunFolder.read(classifier.storedParameters, from: weights)
    for (_, parameter) in classifier.parameters { parameter.isTrainable = false }
  }

  /// SHA-256 of an aligned run's weights. Throws `FileFailure`.
  public static func hash(ofRun path: String) throws -> String {
    Digest.of(try AtomicFile.read(RunFolder(path).weights))
  }
}
