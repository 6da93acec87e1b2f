import XlingAlignment
import XlingCore
import XlingTowers

/// What another classifier of the same run trained, as a start: LayerNorms tuned first, say, and then a
/// probe on them (Kim 2022, Table 1, "as initialization").
public struct FinetuneStart {
  public let path: String
  /// SHA-256 of the weights.
  public let hash: String
  private let file: Safetensors
  private let head: ClassHead.Kind
  private let trainsHead: Bool

  /// `run` and `runHash`: the aligned run that is fine-tuned. Throws ``FinetuneFailure``, ``RunFailure``,
  /// `FileFailure`.
  public init(_ path: String, run: String, runHash: String) throws {
    self.path = path
    let folder = FinetuneFolder(path)
    let record = try folder.record()
    guard record.identity.runHash == runHash else {
      throw FinetuneFailure.otherRun(
        path: path, run: run, expected: record.identity.runHash, found: runHash)
    }
    let configuration = record.identity.configuration
    (head, trainsHead) = (configuration.head, configuration.trainsHead)
    let weights = try folder.finishedWeights(record)
    hash = Digest.of(try AtomicFile.read(weights))
    file = try Safetensors(path: weights)
  }

  /// Copies every tensor that the classifier has, too; returns how many. Of the head the temperature is taken
  /// over, and the rest where it was trained. Throws ``FinetuneFailure``.
  public func copy(into classifier: PictureClassifier) throws -> Int {
    let own = Set(classifier.head.parameters.map(\.name))
    let isSameHead = head == classifier.head.kind
    let temperature = classifier.head.temperature?.name
    let shared = classifier.parameters.filter { name, _ in
      guard file.entries[name] != nil else { return false }
      return !own.contains(name) || isSameHead && (trainsHead || name == temperature)
    }
    for (name, parameter) in shared {
      let found = file.entries[name]?.shape ?? []
      guard found == parameter.shape else {
        throw FinetuneFailure.otherShape(
          path: path, tensor: name, expected: parameter.shape, found: found)
      }
    }
    guard shared.contains(where: { !own.contains($0.name) }) else {
      throw FinetuneFailure.noStart(path: path)
    }
    for (name, parameter) in shared { try file.read(name, into: parameter) }
    classifier.carried = Set(shared.map(\.name)).subtracting(own)
    return shared.count
  }
}
