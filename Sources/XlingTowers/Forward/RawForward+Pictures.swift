import XlingTensor

extension RawForward {
  /// What a folder's library calls a picture's vectors; nil where it gives none.
  public struct PictureVectors: Equatable {
    /// Behind the pooling and before any projection.
    let pooled: String?
    /// What a user of the folder gets.
    let projected: String?

    public init(pooled: String? = nil, projected: String? = nil) {
      (self.pooled, self.projected) = (pooled, projected)
    }
  }

  /// `pixel_values` [batch, channels, size, size], normalized, of the tower's own size. For each batch
  /// `layer_input_0` and `layer_output_N`, before the final LayerNorm, `last_hidden_state` behind it, `cls` where
  /// there is one, `mean` of the patches, what `readouts` make of them, and the vectors `named`. Throws
  /// ``TowerFailure/input(path:reason:)``.
  public static func run(
    _ tower: ImageTower, on inputs: Checkpoint, readouts: [Readout] = [],
    named: PictureVectors = PictureVectors(), beside others: [String] = []
  ) throws -> [Output] {
    let workspace = Workspace()
    var outputs: [Output] = []
    for prefix in try batches(inputs, "pixel_values", [], beside: others) {
      workspace.reset()
      let pixels = try pixels(inputs, prefix, tower.configuration)
      let size = tower.configuration.imageSize
      let count = pixels.count / (tower.configuration.channels * size * size)
      try pixels.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { throw refuse(inputs, "a batch is empty") }
        let activations = tower.forward(
          PictureBatch(pixels: start, count: count), in: workspace, training: false)
        outputs += states(of: tower, activations, prefix, count, workspace)
        outputs += vectors(of: tower, activations, prefix, readouts, named, workspace)
      }
    }
    return outputs
  }

  private static func states(
    of tower: ImageTower, _ activations: ImageTower.Activations, _ prefix: String, _ count: Int,
    _ workspace: Workspace
  ) -> [Output] {
    let shape = [count, tower.configuration.patches + tower.configuration.prefixTokens]
    return hidden(activations.encoder.hidden, prefix, shape)
      + [
        output(
          prefix + "last_hidden_state", tower.normalized(activations, in: workspace), shape)
      ]
  }

  /// The tower's pooling is as it was when this returns.
  private static func vectors(
    of tower: ImageTower, _ activations: ImageTower.Activations, _ prefix: String,
    _ readouts: [Readout], _ named: PictureVectors, _ workspace: Workspace
  ) -> [Output] {
    let declared = tower.pooling
    defer { tower.pooling = declared }
    func pooled(_ pooling: ImagePooling) -> ImageTower.Pooled {
      tower.pooling = pooling
      return tower.pool(activations, in: workspace)
    }
    var outputs: [Output] = []
    func add(_ name: String, _ matrix: Matrix) {
      outputs.append(output(prefix + name, matrix, [matrix.rows]))
    }
    if tower.configuration.hasClassToken { add("cls", pooled(.cls).vectors) }
    add("mean", pooled(.mean).vectors)
    let own = pooled(declared)
    if let name = named.pooled { add(name, own.unprojected) }
    if let name = named.projected { add(name, own.vectors) }
    for readout in readouts {
      let source = readout.isOfDistillation ? distillation(tower, activations, workspace) : nil
      guard !readout.isOfDistillation || source != nil else { continue }
      add(readout.name, readout.apply(source ?? own.unprojected, in: workspace))
    }
    return outputs
  }

  /// Class and distillation token of each picture, side by side; nil without.
  private static func distillation(
    _ tower: ImageTower, _ activations: ImageTower.Activations, _ workspace: Workspace
  ) -> Matrix? {
    guard tower.configuration.hasDistillationToken, tower.configuration.hasClassToken else {
      return nil
    }
    let hidden = tower.normalized(activations, in: workspace)
    let layout = activations.encoder.layout
    let both = workspace.take(layout.sequences, 2 * tower.width)
    for picture in 0..<layout.sequences {
      let start = Int(layout.offsets[picture])
      both.row(picture).update(from: hidden.row(start), count: tower.width)
      (both.row(picture) + tower.width).update(from: hidden.row(start + 1), count: tower.width)
    }
    return both
  }

  private static func pixels(
    _ inputs: Checkpoint, _ prefix: String, _ configuration: ViTConfiguration
  ) throws -> [Float] {
    let size = configuration.imageSize
    let expected = [configuration.channels, size, size]
    guard let tensor = inputs.tensors[prefix + "pixel_values"], tensor.shape.count == 4,
      tensor.fitsFile, tensor.shape[0] > 0,
      Array(tensor.shape.dropFirst()) == expected, let values = tensor.floats()
    else {
      let found = inputs.tensors[prefix + "pixel_values"]
      throw refuse(
        inputs,
        "\(prefix)pixel_values is \(found?.type.rawValue ?? "") \(found?.shape ?? []), "
          + "expected floats [pictures, \(expected.map(String.init).joined(separator: ", "))]")
    }
    return values
  }
}
