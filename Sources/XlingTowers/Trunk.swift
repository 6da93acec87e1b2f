import XlingTensor

/// The trunk of a tower: its embeddings and the layers below everything that is trained. What it computes of
/// a caption or picture stays the same for the whole of a training (and for every other on the same weights),
/// so the states that enter the next layer can be kept and the trunk left out.
extension Encoder {
  /// Layers below everything trained; nil where the way back goes through all, or a prompt joins below them.
  func trunkDepth(embeddingsTrained: Bool) -> Int? {
    guard !embeddingsTrained, prompt == nil else { return nil }
    let depth = lowestTrained ?? layers.count
    // What adapters share may be trained by the layers above alone.
    let sharesTrained =
      shared.contains(where: \.isTrainable)
      && layers.prefix(depth).contains { !$0.adapterParameters.isEmpty }
    return depth > 0 && !sharesTrained ? depth : nil
  }
}

extension TextTower {
  /// Layers of the trunk; nil where there is none.
  public var trunkDepth: Int? { encoder.trunkDepth(embeddingsTrained: embeddingsTrained) }

  /// All that decides the states at a depth.
  public func trunkParameters(_ depth: Int) -> [Parameter] {
    lowParameters + (addedWords.map { [$0.rows] } ?? []) + encoder.trunkParameters(depth)
  }

  /// Rows of a text's states at a depth.
  public func stateRows(
    of sequence: [Int32], at depth: Int, reading outputs: OutputRows
  ) -> Int {
    let isPooled =
      depth == encoder.layers.count && read(outputs, TokenBatch([sequence])).isPooled
    return isPooled ? 1 : sequence.count
  }

  /// What enters layer `depth`, [rows, width]: sequence after sequence, as ``stateRows(of:at:reading:)`` of
  /// each. A row has the same bits in any batch.
  public func states(
    _ batch: TokenBatch, at depth: Int, reading outputs: OutputRows, in workspace: Workspace
  ) -> Matrix {
    check(batch)
    let (x, _) = embed(batch, positions(of: batch), in: workspace)
    return encoder.states(
      at: depth, x, batch.layout, reading: read(outputs, batch).0, in: workspace)
  }

  /// From the states at a depth to the last hidden state: the bits of ``forward(_:reading:dropout:in:training:)``
  /// without dropout. Where no layer follows, states of all rows serve as well as those of the rows that are read.
  public func forward(
    _ batch: TokenBatch, states: Matrix, at depth: Int, reading outputs: OutputRows,
    in workspace: Workspace, training: Bool
  ) -> Activations {
    let (read, isPooled) = self.read(outputs, batch)
    let activations = encoder.forward(
      states, batch.layout, from: depth, reading: read, in: workspace, training: training,
      embeddingsTrained: false)
    return Activations(
      batch: batch, positions: [], encoder: activations, dropout: nil, embeddings: nil,
      normalized: normalize(activations, in: workspace), isPooled: isPooled)
  }
}

extension ImageTower {
  /// Layers of the trunk; nil where there is none.
  public var trunkDepth: Int? { encoder.trunkDepth(embeddingsTrained: embeddingsTrained) }

  /// All that decides the states at a depth.
  public func trunkParameters(_ depth: Int) -> [Parameter] {
    embeddingParameters + encoder.trunkParameters(depth)
  }

  /// Rows of a picture's states at a depth, where all its patches are read.
  public func stateRows(at depth: Int) -> Int {
    depth == encoder.layers.count && pooling == .cls ? 1 : rowsOfPicture
  }

  /// Of a whole picture: the tokens before the patches, and all patches.
  public var rowsOfPicture: Int { configuration.patches + prefix.count }

  /// What enters layer `depth`, [rows, width], for pooling: picture after picture. A row has the same bits in
  /// any batch.
  public func states(_ batch: PictureBatch, at depth: Int, in workspace: Workspace) -> Matrix {
    let patches = patches(of: batch)
    let layout = SequenceLayout(lengths: patches.map { $0.count + prefix.count })
    let (x, _) = embed(batch, patches, layout, nil, in: workspace)
    return encoder.states(
      at: depth, x, layout, reading: rowsRead(.pooled), in: workspace)
  }

  /// From the states of whole pictures at a depth to those that are pooled: the bits of
  /// ``forward(_:reading:dropout:in:training:)`` without dropout. Where no layer follows, states of all rows serve as
  /// well as those of the rows that are read.
  public func forward(
    pictures: Int, states: Matrix, at depth: Int, in workspace: Workspace, training: Bool
  ) -> Activations {
    let activations = encoder.forward(
      states, SequenceLayout(lengths: Array(repeating: rowsOfPicture, count: pictures)),
      from: depth,
      reading: rowsRead(.pooled), in: workspace, training: training, embeddingsTrained: false)
    return Activations(encoder: activations, embedded: nil, dropout: nil)
  }
}

extension Encoder {
  /// Of the layers below `depth`, and what they share.
  fileprivate func trunkParameters(_ depth: Int) -> [Parameter] {
    layers.prefix(depth).flatMap { $0.parameters + $0.adapterParameters } + shared
  }
}
