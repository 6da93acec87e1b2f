import XlingTensor
import XlingTowers

/// What a batch gives to the text side.
public enum TextInput {
  /// Token ids, framed by start and end.
  case tokens([[Int32]])
  /// Pooled output of a frozen tower, [captions, text width].
  case pooled(Matrix)
}

/// What a batch gives to the image side.
public enum ImageInput {
  case pictures(PictureBatch)
  /// Pooled output of a frozen tower, [pictures, image width].
  case pooled(Matrix)
}

extension DualEncoder {
  /// One side's way forward: pooled vectors, embeddings, and the way back to the tower.
  private struct Side {
    let pooled: Matrix
    let projection: Linear
    let embeddings: Matrix
    let norms: UnsafeMutablePointer<Float>
    /// From the gradient of the pooled vectors; nil above a frozen tower.
    let tower: ((Matrix) -> Void)?

    init(
      _ pooled: Matrix, _ projection: Linear, _ workspace: Workspace,
      tower: ((Matrix) -> Void)?
    ) {
      self.pooled = pooled
      self.projection = projection
      self.tower = tower
      let projected = workspace.take(pooled.rows, projection.outputs)
      projection.forward(pooled, into: projected)
      embeddings = workspace.take(pooled.rows, projection.outputs)
      norms = L2Normalization.forward(projected, into: embeddings, in: workspace)
    }

    func backward(_ dEmbeddings: Matrix, _ workspace: Workspace) {
      let dProjected = workspace.take(embeddings.rows, embeddings.columns)
      L2Normalization.backward(embeddings, norms: norms, dy: dEmbeddings, into: dProjected)
      let dPooled = tower.map { _ in workspace.take(pooled.rows, pooled.columns) }
      projection.backward(pooled, dy: dProjected, dx: dPooled)
      if let tower, let dPooled { tower(dPooled) }
    }
  }

  /// The loss of a batch whose caption i belongs to picture i; adds to the gradients of what is
  /// trained.
  public func forwardBackward(
    texts: TextInput, images: ImageInput, in workspace: Workspace
  ) -> Float {
    let textSide = forward(texts, workspace)
    let imageSide = forward(images, workspace)
    let result = InfoNCE.forwardBackward(
      images: imageSide.embeddings, texts: textSide.embeddings,
      temperature: temperature.value.pointee, in: workspace)
    temperature.gradient?.pointee += result.dTemperature
    imageSide.backward(result.dImages, workspace)
    textSide.backward(result.dTexts, workspace)
    return result.loss
  }

  private func forward(_ input: TextInput, _ workspace: Workspace) -> Side {
    switch input {
    case .pooled(let pooled): return Side(pooled, textProjection, workspace, tower: nil)
    case .tokens(let sequences):
      let isTrained = textIsTrained
      let activations = text.forward(TokenBatch(sequences), in: workspace, training: isTrained)
      return Side(
        text.pool(activations, in: workspace), textProjection, workspace,
        tower: isTrained
          ? { self.text.backward(activations, dPooled: $0, in: workspace) } : nil)
    }
  }

  private func forward(_ input: ImageInput, _ workspace: Workspace) -> Side {
    switch input {
    case .pooled(let pooled): return Side(pooled, imageProjection, workspace, tower: nil)
    case .pictures(let batch):
      let isTrained = imageIsTrained
      let activations = image.forward(batch, in: workspace, training: isTrained)
      let pooled = image.pool(activations, in: workspace)
      return Side(
        pooled.vectors, imageProjection, workspace,
        tower: isTrained
          ? { self.image.backward(activations, pooled, dPooled: $0, in: workspace) } : nil)
    }
  }
}
