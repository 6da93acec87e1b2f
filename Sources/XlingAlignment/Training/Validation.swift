import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTowers

/// How a model in training does on pairs it never sees. Which checkpoint or rate is better is
/// decided here, never on test.
public struct ValidationPoint: Codable, Sendable, Equatable {
  /// Updates made.
  public let step: Int
  /// Mean over batches of the training's size.
  public let loss: Double
  /// Share of captions (images) whose own image (caption) ranks first among `pairs`; ties count
  /// against the system.
  public let textToImageFirst: Double
  public let imageToTextFirst: Double
  public let pairs: Int
}

/// The first caption of each of the first pictures of a split.
struct Validation {
  let inputs: PairInputs
  let pairs: Int
  let batchSize: Int

  init?(
    _ source: (any PairSource)?, _ model: DualEncoder, _ configuration: AlignmentConfiguration,
    stores: FrozenFeatureStores?
  ) {
    guard let source, min(source.count, configuration.validationPairs) > 1 else { return nil }
    pairs = min(source.count, configuration.validationPairs)
    batchSize = min(configuration.batchSize, pairs)
    inputs = PairInputs(
      model, source, configuration,
      loader: PixelLoader(preprocessing: configuration.preprocessing(for: model.image)),
      stores: stores)
  }

  func measure(
    _ model: DualEncoder, step: Int, in workspace: Workspace,
    observer: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
  ) throws -> ValidationPoint {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let texts = workspace.take(pairs, model.embeddingWidth)
    let images = workspace.take(pairs, model.embeddingWidth)
    var losses: [Double] = []
    for first in stride(from: 0, to: pairs, by: batchSize) {
      let rows = first..<min(first + batchSize, pairs)
      try embed(rows, model, workspace, texts, images)
      try observer(rows.upperBound, pairs)
      // A last, smaller batch would be easier than the others.
      guard rows.count == batchSize else { continue }
      let inner = workspace.mark()
      let result = InfoNCE.forwardBackward(
        images: images.slice(rows: rows), texts: texts.slice(rows: rows),
        temperature: model.temperature.value.pointee, in: workspace)
      losses.append(Double(result.loss))
      workspace.release(to: inner)
    }
    let scores = workspace.take(pairs, pairs)
    Matmul.multiply(texts, images, into: scores, transposeB: true)
    return ValidationPoint(
      step: step, loss: losses.reduce(0, +) / Double(losses.count),
      textToImageFirst: share { text, other in scores[text, other] },
      imageToTextFirst: share { image, other in scores[other, image] }, pairs: pairs)
  }

  private func embed(
    _ rows: Range<Int>, _ model: DualEncoder, _ workspace: Workspace, _ texts: Matrix,
    _ images: Matrix
  ) throws {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let captions = try inputs.texts(
      rows.map(FrozenFeatures.Key.init), in: workspace)
    Elementwise.copy(
      EncodedSide(captions, of: model, training: false, in: workspace).embeddings,
      into: texts.slice(rows: rows))
    let pictures = try inputs.pictures(rows.map(FrozenFeatures.Key.init), in: workspace)
    Elementwise.copy(
      EncodedSide(pictures, of: model, training: false, in: workspace).embeddings,
      into: images.slice(rows: rows))
  }

  /// Share of queries whose own item scores higher than every other.
  private func share(_ score: (Int, Int) -> Float) -> Double {
    let first = (0..<pairs).count { query in
      let own = score(query, query)
      return (0..<pairs).allSatisfy { $0 == query || score(query, $0) < own }
    }
    return Double(first) / Double(pairs)
  }
}
