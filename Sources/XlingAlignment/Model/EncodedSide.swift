import XlingOptimization
import XlingTensor
import XlingTowers

/// What a batch gives to the text side.
public enum TextInput {
  /// Token ids, framed by start and end.
  case tokens([[Int32]])
  /// Vectors of a frozen tower, [captions, its output width].
  case pooled(Matrix)
}

/// What a batch gives to the image side.
public enum ImageInput {
  case pictures(PictureBatch)
  /// Pooled output of a frozen tower, [pictures, image width].
  case pooled(Matrix)
}

/// One side's way forward, and the way back from its embeddings.
struct EncodedSide {
  /// Rows of unit length, [samples, embedding width].
  let embeddings: Matrix
  private let head: Head
  private let saved: Head.Saved
  private let norms: UnsafeMutablePointer<Float>
  /// From the gradient of what the head read; nil above a frozen tower.
  private let tower: ((Matrix) -> Void)?

  private init(
    _ head: Head, samples: Int, width: Int, _ workspace: Workspace, tower: ((Matrix) -> Void)?,
    forward: (Matrix) -> Head.Saved
  ) {
    self.head = head
    self.tower = tower
    let projected = workspace.take(samples, width)
    saved = forward(projected)
    embeddings = workspace.take(samples, width)
    norms = L2Normalization.forward(projected, into: embeddings, in: workspace)
  }

  /// Adds to the gradients of the head and of what is trained below it.
  func backward(_ dEmbeddings: Matrix, _ workspace: Workspace) {
    let dProjected = workspace.take(embeddings.rows, embeddings.columns)
    L2Normalization.backward(embeddings, norms: norms, dy: dEmbeddings, into: dProjected)
    let dInput = head.backward(saved, dy: dProjected, needed: tower != nil, in: workspace)
    if let tower, let dInput { tower(dInput) }
  }

  /// `training` keeps what the way back needs; `dropout` is that of the update.
  init(
    _ input: TextInput, of model: DualEncoder, dropout: TowerDropout? = nil,
    training: Bool = true, in workspace: Workspace
  ) {
    let (head, width) = (model.textHead, model.embeddingWidth)
    switch input {
    case .pooled(let pooled):
      self.init(head, samples: pooled.rows, width: width, workspace, tower: nil) {
        head.forward(pooled: pooled, into: $0)
      }
    case .tokens(let sequences):
      let isTrained = training && model.textIsTrained
      let text = model.text
      let activations = text.forward(
        TokenBatch(sequences), reading: head.readsTokens ? .all : .pooled, dropout: dropout,
        in: workspace, training: isTrained)
      if head.readsTokens {
        self.init(
          head, samples: sequences.count, width: width, workspace,
          tower: isTrained
            ? { text.backward(activations, dHidden: $0, in: workspace) } : nil
        ) {
          head.forward(
            tokens: activations.hidden, activations.encoder.layout, into: $0, in: workspace)
        }
        return
      }
      let output = text.output(activations, in: workspace)
      self.init(
        head, samples: sequences.count, width: width, workspace,
        tower: isTrained ? { text.backward(activations, output, dOutput: $0, in: workspace) } : nil
      ) { head.forward(pooled: output.vectors, into: $0) }
    }
  }

  /// `training` keeps what the way back needs; `dropout` is that of the update.
  init(
    _ input: ImageInput, of model: DualEncoder, dropout: TowerDropout? = nil,
    training: Bool = true, in workspace: Workspace
  ) {
    let (head, width) = (model.imageHead, model.embeddingWidth)
    switch input {
    case .pooled(let pooled):
      self.init(head, samples: pooled.rows, width: width, workspace, tower: nil) {
        head.forward(pooled: pooled, into: $0)
      }
    case .pictures(let batch):
      let isTrained = training && model.imageIsTrained
      let image = model.image
      let activations = image.forward(
        batch, reading: .pooled, dropout: dropout, in: workspace, training: isTrained)
      let pooled = image.pool(activations, in: workspace)
      self.init(
        head, samples: batch.count, width: width, workspace,
        tower: isTrained
          ? { image.backward(activations, pooled, dPooled: $0, in: workspace) } : nil
      ) { head.forward(pooled: pooled.vectors, into: $0) }
    }
  }
}
