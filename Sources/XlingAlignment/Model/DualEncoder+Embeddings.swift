import XlingData
import XlingTensor
import XlingTowers

extension DualEncoder {
  /// Token ids (framed by start and end) to embeddings of unit length, [captions, embedding
  /// width]. The result lives until `workspace` is released.
  public func encodeTexts(_ sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let out = workspace.take(sequences.count, embeddingWidth)
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let side = EncodedSide(.tokens(sequences), of: self, training: false, in: workspace)
    Elementwise.copy(side.embeddings, into: out)
    return out
  }

  /// Normalized pictures to embeddings of unit length, [pictures, embedding width]. The result
  /// lives until `workspace` is released.
  public func encodeImages(_ batch: PictureBatch, in workspace: Workspace) -> Matrix {
    let out = workspace.take(batch.count, embeddingWidth)
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    let side = EncodedSide(.pictures(batch), of: self, training: false, in: workspace)
    Elementwise.copy(side.embeddings, into: out)
    return out
  }

  /// As ``encodeTexts(_:in:)`` for any number of captions: row-major [captions, embedding width]. A row
  /// has the same bits in any batch.
  public func embedTexts(_ sequences: [[Int32]], batchSize: Int = 64) -> [Float] {
    let workspace = Workspace()
    var rows: [Float] = []
    rows.reserveCapacity(sequences.count * embeddingWidth)
    for first in stride(from: 0, to: sequences.count, by: batchSize) {
      workspace.reset()
      let batch = Array(sequences[first..<min(first + batchSize, sequences.count)])
      rows += Matmul.$keepsRowsAlike.withValue(true) {
        encodeTexts(batch, in: workspace).array()
      }
    }
    return rows
  }

  /// As ``encodeImages(_:in:)`` for any number of pictures: row-major [count, embedding width]. A row
  /// has the same bits in any batch.
  /// `picture` is asked from several threads; what it throws for the first bad picture of a batch
  /// is thrown.
  public func embedPictures(
    _ count: Int, preprocessing: ImagePreprocessing, batchSize: Int = 64,
    picture: (Int) throws -> Picture
  ) throws -> [Float] {
    let loader = PixelLoader(preprocessing: preprocessing)
    let workspace = Workspace()
    var rows: [Float] = []
    rows.reserveCapacity(count * embeddingWidth)
    let batches = stride(from: 0, to: count, by: batchSize).map {
      Array($0..<min($0 + batchSize, count))
    }
    try withoutActuallyEscaping(picture) { picture in
      // The caller has promised that any thread may ask, and `drain` outlasts the last of them.
      nonisolated(unsafe) let picture = picture
      let ahead = PicturesAhead { try picture($0) }
      defer { ahead.drain() }
      for (index, images) in batches.enumerated() {
        workspace.reset()
        let batch = try PictureBatch(images.count, of: loader.elementCount, in: workspace) {
          try loader.load(images, step: nil, into: $0, picture: ahead.picture)
        }
        if index + 1 < batches.count { ahead.announce(batches[index + 1]) }
        rows += Matmul.$keepsRowsAlike.withValue(true) {
          encodeImages(batch, in: workspace).array()
        }
      }
    }
    return rows
  }

  /// The text tower's pooled output before the projection, [captions, text width].
  func poolTexts(_ sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let activations = text.forward(
      TokenBatch(sequences), reading: .pooled, in: workspace, training: false)
    return text.pool(activations, in: workspace)
  }

  /// The image tower's pooled output before the projection, [pictures, image width].
  func poolImages(_ batch: PictureBatch, in workspace: Workspace) -> Matrix {
    let activations = image.forward(batch, reading: .pooled, in: workspace, training: false)
    return image.pool(activations, in: workspace).vectors
  }
}
