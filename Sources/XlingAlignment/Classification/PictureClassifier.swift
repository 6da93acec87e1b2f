import XlingAdapters
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTowers

/// A classifier on the image side of an aligned model (Kim 2022).
public final class PictureClassifier {
  public let model: DualEncoder
  public let head: ClassHead
  /// Names of parameters that another fine-tuned run trained and this one took over.
  public var carried: Set<String> = []

  /// `model` as aligned, with nothing to train; `head` is as wide as what it reads. Nothing is trained
  /// before ``adapt(_:seed:)``.
  public init(_ model: DualEncoder, _ head: ClassHead) {
    let width = head.kind == .text ? model.embeddingWidth : model.image.outputWidth
    precondition(head.width == width)
    self.model = model
    self.head = head
  }

  /// Thaws and inserts what `method` names. Throws `AdapterFailure`.
  public func adapt(_ method: FinetuneMethod, seed: UInt64) throws(AdapterFailure) {
    try method.image.applyFurther(to: model.image, label: "image", seed: seed)
    head.weight.isTrainable = method.trainsHead
    head.bias?.isTrainable = method.trainsHead
    head.temperature?.isTrainable = true
    if head.kind == .text, method.trainsProjection {
      for parameter in model.imageHead.parameters { parameter.isTrainable = true }
    }
  }

  /// `image.…`, the image side's projection, the head; in a fixed order.
  public var parameters: [DualEncoder.NamedParameter] {
    model.image.parameters.all.map { ("image." + $0.name, $0) }
      + model.imageHead.parameters.map { ($0.name, $0) } + head.parameters.map { ($0.name, $0) }
  }

  public var trainedParameters: [DualEncoder.NamedParameter] {
    parameters.filter { $0.parameter.isTrainable }
  }

  /// All that the aligned run does not have as it is here; the head in any case.
  public var storedParameters: [DualEncoder.NamedParameter] {
    let own = Set(head.parameters.map(\.name))
    return parameters.filter {
      $0.parameter.isTrainable || carried.contains($0.name) || own.contains($0.name)
    }
  }

  /// The mean loss of a batch; adds to the gradients of what is trained.
  func forwardBackward(_ input: ImageInput, labels: [Int32], in workspace: Workspace) -> Float {
    let side = side(input, training: true, in: workspace)
    let logits = workspace.take(labels.count, head.classes)
    head.forward(side.x, into: logits)
    let gradient = workspace.take(labels.count, head.classes)
    Elementwise.copy(logits, into: gradient)
    let loss = CrossEntropy.forwardBackward(gradient, targets: labels)
    let dx = side.backward == nil ? nil : workspace.take(labels.count, head.width)
    head.backward(side.x, logits: logits, dLogits: gradient, dx: dx)
    if let dx { side.backward?(dx) }
    return loss
  }

  /// Logits, [pictures, classes].
  func logits(_ input: ImageInput, in workspace: Workspace) -> Matrix {
    let x = side(input, training: false, in: workspace).x
    let logits = workspace.take(x.rows, head.classes)
    head.forward(x, into: logits)
    return logits
  }

  /// What the head reads, [samples, its width], and the way back below it; nil where nothing there is
  /// trained.
  private func side(
    _ input: ImageInput, training: Bool, in workspace: Workspace
  ) -> (x: Matrix, backward: ((Matrix) -> Void)?) {
    if head.kind == .text {
      let side = EncodedSide(input, of: model, training: training, in: workspace)
      let isTrained =
        model.imageIsTrained || model.imageHead.parameters.contains(where: \.isTrainable)
      return (side.embeddings, training && isTrained ? { side.backward($0, workspace) } : nil)
    }
    switch input {
    case .pooled(let pooled): return (pooled, nil)
    case .pixels(let pixels):
      let image = model.image
      let isTrained = training && model.imageIsTrained
      let (activations, pooled) = model.frozenRows(isTrained: model.imageIsTrained) {
        let activations = model.forward(pixels, in: workspace, training: isTrained)
        return (activations, image.pool(activations, in: workspace))
      }
      return (
        pooled.vectors,
        isTrained ? { image.backward(activations, pooled, dPooled: $0, in: workspace) } : nil
      )
    }
  }

  /// Logits of any number of pictures, [count * classes] row-major. A row has the same bits in any batch.
  /// Throws what reading pictures throws, `EmbeddingFailure.notFinite`, `InterruptionFailure`.
  public func scores(
    _ count: Int, preprocessing: ImagePreprocessing, batchSize: Int = 64,
    picture: (Int) throws -> Picture
  ) throws -> [Float] {
    let loader = PixelLoader(preprocessing: preprocessing)
    let workspace = Workspace()
    var scores: [Float] = []
    scores.reserveCapacity(count * head.classes)
    for first in stride(from: 0, to: count, by: batchSize) {
      try Interruption.check("classified \(first) of \(count) pictures")
      workspace.reset()
      let rows = Array(first..<min(first + batchSize, count))
      let batch = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
        try loader.load(rows, step: nil, into: $0, picture: picture)
      }
      let logits = Matmul.$keepsRowsAlike.withValue(true) {
        self.logits(.pictures(batch), in: workspace)
      }
      let bad = rows.filter { row in
        (0..<head.classes).contains { !logits[row - first, $0].isFinite }
      }
      guard bad.isEmpty else {
        throw EmbeddingFailure.notFinite(what: "class scores", rows: bad, count: count)
      }
      scores += logits.array()
    }
    return scores
  }
}
