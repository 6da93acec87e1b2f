import XlingOptimization
import XlingTensor
import XlingTowers

/// What a batch gives to the text side.
public enum TextInput {
  /// Token ids, framed by start and end, and where they are kept the states that enter the lowest trained
  /// layer, sequence after sequence.
  public struct Tokens {
    public var sequences: [[Int32]]
    var states: Matrix?
  }

  case tokens(Tokens)
  /// Vectors of a frozen tower, [captions, its output width].
  case pooled(Matrix)

  public static func tokens(_ sequences: [[Int32]]) -> TextInput {
    .tokens(Tokens(sequences: sequences))
  }
}

/// What a batch gives to the image side.
public enum ImageInput {
  public enum Pixels {
    case batch(PictureBatch)
    /// So many pictures' states that enter the lowest trained layer, picture after picture.
    case states(count: Int, Matrix)
  }

  case pixels(Pixels)
  /// Pooled output of a frozen tower, [pictures, image width].
  case pooled(Matrix)

  public static func pictures(_ batch: PictureBatch) -> ImageInput { .pixels(.batch(batch)) }
}

/// One side's way forward, and the way back from its embeddings.
struct EncodedSide {
  /// Rows of unit length, [samples, embedding width].
  let embeddings: Matrix
  private let standardization: Standardization?
  private let head: Head
  private let saved: Head.Saved
  private let norms: UnsafeMutablePointer<Float>
  /// What left the tower.
  let vectors: Matrix
  /// What noise is added to, and how its rows are sequences where they are tokens.
  private let input: (x: Matrix, layout: SequenceLayout?)
  private let noise: VectorNoise?
  /// From the gradient of what the head read; nil above a frozen tower.
  private let tower: ((Matrix) -> Void)?

  private init(
    _ standardization: Standardization?, _ head: Head, _ vectors: Matrix,
    _ layout: SequenceLayout? = nil, width: Int, _ noise: HeadNoise?, _ workspace: Workspace,
    tower: ((Matrix) -> Void)?
  ) {
    self.standardization = standardization
    self.head = head
    self.tower = tower
    self.vectors = vectors
    let x = standardization?.applied(to: vectors, in: workspace) ?? vectors
    input = (x, layout)
    self.noise = noise?.vectors
    let samples = layout?.sequences ?? x.rows
    let projected = workspace.take(samples, width)
    let entering = noise?.vectors?.added(to: x, layout, in: workspace) ?? x
    saved = head.forward(
      entering, layout, into: projected, dropout: noise?.dropout(pairs: samples, layout),
      in: workspace)
    embeddings = workspace.take(samples, width)
    norms = L2Normalization.forward(projected, into: embeddings, in: workspace)
  }

  /// Adds to the gradients of the head and of what is trained below it.
  func backward(_ dEmbeddings: Matrix, _ workspace: Workspace) {
    let dProjected = workspace.take(embeddings.rows, embeddings.columns)
    L2Normalization.backward(embeddings, norms: norms, dy: dEmbeddings, into: dProjected)
    let dInput = head.backward(saved, dy: dProjected, needed: tower != nil, in: workspace)
    if let tower, let dInput {
      noise?.backward(input.x, input.layout, dy: dInput)
      standardization?.backward(dInput)
      tower(dInput)
    }
  }

  /// `training` keeps what the way back needs; `dropout` and `noise` are those of the update.
  init(
    _ input: TextInput, of model: DualEncoder, dropout: TowerDropout? = nil,
    noise: HeadNoise? = nil, training: Bool = true, in workspace: Workspace
  ) {
    let (head, width) = (model.textHead, model.embeddingWidth)
    let standardization = model.textStandardization
    switch input {
    case .pooled(let pooled):
      self.init(standardization, head, pooled, width: width, noise, workspace, tower: nil)
    case .tokens(let tokens):
      let isTrained = training && model.textIsTrained
      let text = model.text
      let activations = model.frozenRows(isTrained: model.textIsTrained) {
        model.forward(tokens, dropout: dropout, in: workspace, training: isTrained)
      }
      if head.readsTokens {
        self.init(
          nil, head, activations.hidden, activations.encoder.layout, width: width, noise, workspace,
          tower: isTrained
            ? { text.backward(activations, dHidden: $0, in: workspace) } : nil)
        return
      }
      let output = model.frozenRows(isTrained: model.textIsTrained) {
        text.output(activations, in: workspace)
      }
      self.init(
        standardization, head, output.vectors, width: width, noise, workspace,
        tower: isTrained
          ? { text.backward(activations, output, dOutput: $0, in: workspace) } : nil)
    }
  }

  /// `training` keeps what the way back needs; `dropout` and `noise` are those of the update.
  init(
    _ input: ImageInput, of model: DualEncoder, dropout: TowerDropout? = nil,
    noise: HeadNoise? = nil, training: Bool = true, in workspace: Workspace
  ) {
    let (head, width) = (model.imageHead, model.embeddingWidth)
    let standardization = model.imageStandardization
    switch input {
    case .pooled(let pooled):
      self.init(standardization, head, pooled, width: width, noise, workspace, tower: nil)
    case .pixels(let pixels):
      let isTrained = training && model.imageIsTrained
      let image = model.image
      let (activations, pooled) = model.frozenRows(isTrained: model.imageIsTrained) {
        let activations = model.forward(
          pixels, dropout: dropout, in: workspace, training: isTrained)
        return (activations, image.pool(activations, in: workspace))
      }
      self.init(
        standardization, head, pooled.vectors, width: width, noise, workspace,
        tower: isTrained
          ? { image.backward(activations, pooled, dPooled: $0, in: workspace) } : nil)
    }
  }
}
