import XlingData
import XlingTensor
import XlingTowers

extension DualEncoder {
  /// Token ids (framed by start and end) to embeddings of unit length, [captions, embedding
  /// width]. The result lives until `workspace` is released.
  public func encodeTexts(_ sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let out = workspace.take(sequences.count, embeddingWidth)
    encodeTexts(sequences, into: out, in: workspace)
    return out
  }

  private func encodeTexts(
    _ sequences: [[Int32]], into out: Matrix, in workspace: Workspace
  ) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let side = EncodedSide(.tokens(sequences), of: self, training: false, in: workspace)
    Elementwise.copy(side.embeddings, into: out)
  }

  /// Normalized pictures to embeddings of unit length, [pictures, embedding width]. The result
  /// lives until `workspace` is released.
  public func encodeImages(_ batch: PictureBatch, in workspace: Workspace) -> Matrix {
    let out = workspace.take(batch.count, embeddingWidth)
    encodeImages(batch, into: out, in: workspace)
    return out
  }

  private func encodeImages(_ batch: PictureBatch, into out: Matrix, in workspace: Workspace) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let side = EncodedSide(.pictures(batch), of: self, training: false, in: workspace)
    Elementwise.copy(side.embeddings, into: out)
  }

  /// As ``encodeTexts(_:in:)`` for any number of captions. A row has the same bits in any batch. Throws
  /// ``EmbeddingFailure/notFinite(what:rows:count:)``.
  public func embedTexts(
    _ sequences: [[Int32]], batchSize: Int = 64
  ) throws -> EmbeddingMatrix {
    let workspace = Workspace()
    return try EmbeddingMatrix(
      count: sequences.count, width: embeddingWidth, name: "caption embeddings",
      isUnitLength: true
    ) { all in
      for first in stride(from: 0, to: sequences.count, by: batchSize) {
        workspace.reset()
        let batch = first..<min(first + batchSize, sequences.count)
        Matmul.$keepsRowsAlike.withValue(true) {
          encodeTexts(Array(sequences[batch]), into: all.slice(rows: batch), in: workspace)
        }
      }
    }
  }

  /// As ``encodeImages(_:in:)`` for any number of pictures. A row has the same bits in any batch.
  /// `picture` is asked from several threads; what it throws for the first bad picture of a batch
  /// is thrown, and ``EmbeddingFailure/notFinite(what:rows:count:)``.
  public func embedPictures(
    _ count: Int, preprocessing: ImagePreprocessing, batchSize: Int = 64,
    picture: (Int) throws -> Picture
  ) throws -> EmbeddingMatrix {
    try EmbeddingMatrix(
      count: count, width: embeddingWidth, name: "picture embeddings", isUnitLength: true
    ) {
      try embedPictures(into: $0, preprocessing, batchSize, picture)
    }
  }

  private func embedPictures(
    into all: Matrix, _ preprocessing: ImagePreprocessing, _ batchSize: Int,
    _ picture: (Int) throws -> Picture
  ) throws {
    let loader = PixelLoader(preprocessing: preprocessing)
    let workspace = Workspace()
    let batches = stride(from: 0, to: all.rows, by: batchSize).map {
      $0..<min($0 + batchSize, all.rows)
    }
    try withoutActuallyEscaping(picture) { picture in
      // The caller has promised that any thread may ask, and `drain` outlasts the last of them.
      nonisolated(unsafe) let picture = picture
      let ahead = PicturesAhead { try picture($0) }
      defer { ahead.drain() }
      for (index, images) in batches.enumerated() {
        workspace.reset()
        let batch = try PictureBatch(images.count, of: loader.elementCount, in: workspace) {
          try loader.load(Array(images), step: nil, into: $0, picture: ahead.picture)
        }
        if index + 1 < batches.count { ahead.announce(batches[index + 1]) }
        Matmul.$keepsRowsAlike.withValue(true) {
          encodeImages(batch, into: all.slice(rows: images), in: workspace)
        }
      }
    }
  }

  /// The text tower's vectors before the projection, [captions, its output width].
  func poolTexts(_ sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let activations = text.forward(
      TokenBatch(sequences), reading: .pooled, in: workspace, training: false)
    return text.output(activations, in: workspace).vectors
  }

  /// The image tower's pooled output before the projection, [pictures, its output width].
  func poolImages(_ batch: PictureBatch, in workspace: Workspace) -> Matrix {
    let activations = image.forward(batch, reading: .pooled, in: workspace, training: false)
    return image.pool(activations, in: workspace).vectors
  }
}
