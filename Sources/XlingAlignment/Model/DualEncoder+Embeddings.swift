import XlingCore
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
    let side = EncodedSide(
      TextInput.tokens(sequences), of: self, training: false, in: workspace)
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
    let side = EncodedSide(ImageInput.pictures(batch), of: self, training: false, in: workspace)
    Elementwise.copy(side.embeddings, into: out)
  }

  /// As ``encodeTexts(_:in:)`` for any number of captions. A row has the same bits in any batch; `frozen`
  /// keeps a frozen tower's vectors, and the states of a trunk. Throws
  /// ``EmbeddingFailure/notFinite(what:rows:count:)``, and what `frozen` throws.
  public func embedTexts(
    _ sequences: [[Int32]], batchSize: Int = 64, frozen: FrozenFeatureStores? = nil
  ) throws -> EmbeddingMatrix {
    let workspace = Workspace()
    let texts = KeptTexts(self, frozen)
    return try EmbeddingMatrix(
      count: sequences.count, width: embeddingWidth, name: "caption embeddings",
      isUnitLength: true
    ) { all in
      for first in stride(from: 0, to: sequences.count, by: batchSize) {
        workspace.reset()
        let batch = first..<min(first + batchSize, sequences.count)
        try Matmul.$keepsRowsAlike.withValue(true) {
          let side = EncodedSide(
            try texts.input(batch.map(FrozenFeatures.Key.init), in: workspace) {
              sequences[$0.image]
            }, of: self,
            training: false, in: workspace)
          Elementwise.copy(side.embeddings, into: all.slice(rows: batch))
        }
      }
    }
  }

  /// Where a frozen image tower's vectors or a trunk's states are kept, and the hash by which each picture's
  /// are known.
  public struct FrozenPictures {
    let stores: FrozenFeatureStores
    let key: (Int) throws -> [UInt8]

    /// `hash`: the SHA-256 of a picture's file. nil where what is wrong with a picture is told by reading
    /// it, so that none may be passed over.
    public init?(
      _ stores: FrozenFeatureStores, input: PictureInput,
      hash: @escaping (Int) throws -> [UInt8]
    ) {
      guard input.reading.truncated == .strict else { return nil }
      self.stores = stores
      key = { Digest.key(pictureHash: try hash($0), preprocessing: input.description) }
    }
  }

  /// As ``encodeImages(_:in:)`` for any number of pictures. A row has the same bits in any batch.
  /// `picture` is asked from several threads; what it throws for the first bad picture of a batch
  /// is thrown, and ``EmbeddingFailure/notFinite(what:rows:count:)``.
  public func embedPictures(
    _ count: Int, preprocessing: ImagePreprocessing, batchSize: Int = 64,
    frozen: FrozenPictures? = nil, picture: (Int) throws -> Picture
  ) throws -> EmbeddingMatrix {
    try EmbeddingMatrix(
      count: count, width: embeddingWidth, name: "picture embeddings", isUnitLength: true
    ) {
      try embedPictures(into: $0, preprocessing, batchSize, frozen, picture)
    }
  }

  private func embedPictures(
    into all: Matrix, _ preprocessing: ImagePreprocessing, _ batchSize: Int,
    _ frozen: FrozenPictures?, _ picture: (Int) throws -> Picture
  ) throws {
    let loader = PixelLoader(preprocessing: preprocessing)
    let pictures = KeptPictures(self, frozen?.stores) { try frozen?.key($0.image) }
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
        try Matmul.$keepsRowsAlike.withValue(true) {
          let input = try pictures.input(images.map(FrozenFeatures.Key.init), in: workspace) {
            keys in
            try PictureBatch(keys.count, of: loader.elementCount, in: workspace) {
              try loader.load(keys.map(\.image), step: nil, into: $0, picture: ahead.picture)
            }
          }
          if index + 1 < batches.count, !pictures.keeps { ahead.announce(batches[index + 1]) }
          let side = EncodedSide(input, of: self, training: false, in: workspace)
          Elementwise.copy(side.embeddings, into: all.slice(rows: images))
        }
      }
    }
  }

  /// Which rows of the last hidden states the text head reads.
  var textRows: OutputRows { textHead.readsTokens ? .all : .pooled }

  /// What a tower computes. The rows of a frozen one have the same bits in any batch: they stay from step to
  /// step and from run to run, and a run that is resumed first draws them in other company.
  func frozenRows<Result>(isTrained: Bool, _ forward: () -> Result) -> Result {
    isTrained ? forward() : Matmul.$keepsRowsAlike.withValue(true, operation: forward)
  }
}
