import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

/// Texts or pictures to pooled vectors.
struct EmbedRows {
  let width: Int
  /// Writes the vectors of some items.
  private let compute: (Range<Int>, Matrix) throws -> Void

  init(
    _ texts: [String], _ tower: TextTower, tokenizer: any Tokenizer, reading: CaptionReading
  ) {
    let workspace = Workspace()
    width = tower.outputWidth
    compute = { rows, vectors in
      workspace.reset()
      let batch = TokenBatch(try texts[rows].map { try reading.ids(of: $0, by: tokenizer) })
      Matmul.$keepsRowsAlike.withValue(true) {
        let activations = tower.forward(batch, reading: .pooled, in: workspace, training: false)
        Elementwise.copy(tower.output(activations, in: workspace).vectors, into: vectors)
      }
    }
  }

  /// Pictures by their paths; the next ones are decoded while the tower computes. What is wrong with
  /// those that `input` lets pass goes to `damage`.
  init(_ paths: [String], _ tower: ImageTower, _ input: PictureInput, _ damage: PictureDamage) {
    let workspace = Workspace()
    let loader = PixelLoader(preprocessing: input.preprocessing)
    let ahead = PicturesAhead { index in
      let result = try input.load(path: paths[index])
      if let reason = result.damage { damage.note(paths[index], reason) }
      return result.picture
    }
    width = tower.outputWidth
    compute = { rows, vectors in
      workspace.reset()
      let batch = try PictureBatch(rows.count, of: loader.elementCount, in: workspace) {
        try loader.load(Array(rows), step: nil, into: $0, picture: ahead.picture)
      }
      ahead.announce(rows.upperBound..<min(rows.upperBound + rows.count, paths.count))
      Matmul.$keepsRowsAlike.withValue(true) {
        let activations = tower.forward(batch, reading: .pooled, in: workspace, training: false)
        Elementwise.copy(tower.pool(activations, in: workspace).vectors, into: vectors)
      }
    }
  }

  /// Of those items, each to length one where `normalized`; rows of zeros stay. Throws what reading a
  /// picture throws, ``EmbeddingFailure/notFinite(what:rows:count:)``.
  func vectors(of items: Range<Int>, normalized: Bool) throws -> EmbeddingMatrix {
    do {
      return try EmbeddingMatrix(
        count: items.count, width: width, name: "embeddings", isUnitLength: normalized
      ) { vectors in
        try compute(items, vectors)
        if normalized { Self.normalize(vectors) }
      }
    } catch EmbeddingFailure.notFinite(let what, let rows, let count) {
      throw EmbeddingFailure.notFinite(
        what: what, rows: rows.map { items.lowerBound + $0 }, count: count)
    }
  }

  /// As files of earlier versions have it, bit for bit: a float32 factor for each row.
  private static func normalize(_ vectors: Matrix) {
    for row in 0..<vectors.rows {
      let values = UnsafeMutableBufferPointer(start: vectors.row(row), count: vectors.columns)
      let square = values.reduce(0.0) { $0 + Double($1) * Double($1) }
      guard square > 0 else { continue }
      let factor = Float(1 / square.squareRoot())
      for index in values.indices { values[index] *= factor }
    }
  }
}
