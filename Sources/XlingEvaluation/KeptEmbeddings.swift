import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingTensor

/// One model's embeddings, each content computed once: within a call, and, with a cache, ever.
struct KeptEmbeddings {
  /// The cache, and the hash of everything that decides this model's embeddings.
  let cache: (rows: EmbeddingCache, model: String)?
  let width: Int
  /// Contents that had to be computed.
  private(set) var computed = 0

  init(_ cache: (rows: EmbeddingCache, model: String)?, width: Int) {
    self.cache = cache
    self.width = width
  }

  /// Rows, [keys, width], in their order. `embed` is given the places of contents that are in no
  /// cache, each content once, at most `batch` at a time, and returns their rows; each part is kept as
  /// soon as it is there, so that whoever is interrupted goes on from it. Throws what `embed` throws,
  /// `EmbeddingFailure`, `ExperimentFailure`, `InterruptionFailure`.
  mutating func rows(
    of keys: [EmbeddingCache.Key], what: String, batch: Int,
    embed: ([Int]) throws -> EmbeddingMatrix
  ) throws -> EmbeddingMatrix {
    // The first place of each content; the others are copied from it.
    var first: [EmbeddingCache.Key: Int] = [:]
    let contents = keys.indices.filter { index in
      first.updateValue(first[keys[index]] ?? index, forKey: keys[index]) == nil
    }
    return try EmbeddingMatrix(
      count: keys.count, width: width, name: "embeddings of \(what)", isUnitLength: true
    ) { all in
      let kept = try cache?.rows.read(
        contents.map { keys[$0] }, model: cache?.model ?? "", width: width
      ) { all.row(contents[$0]) }
      warn(of: kept?.damaged ?? [], what)
      let missing = contents.indices.filter { kept?.isFound[$0] != true }.map { contents[$0] }
      try compute(
        missing, keys, what, batch, damaged: kept?.damaged ?? [], into: all, embed: embed)
      for (index, key) in keys.enumerated() {
        guard let source = first[key], source != index else { continue }
        all.row(index).update(from: all.row(source), count: width)
      }
    }
  }

  private func warn(of damaged: Set<EmbeddingCache.Key>, _ what: String) {
    guard let cache, !damaged.isEmpty else { return }
    ProgressBar.toStandardError(
      "xling: warning: \(damaged.count) embeddings of \(what) in \(cache.rows.path) are damaged; "
        + "they are embedded anew\n")
  }

  private mutating func compute(
    _ missing: [Int], _ keys: [EmbeddingCache.Key], _ what: String, _ batch: Int,
    damaged: Set<EmbeddingCache.Key>, into all: Matrix,
    embed: ([Int]) throws -> EmbeddingMatrix
  ) throws {
    for start in stride(from: 0, to: missing.count, by: batch) {
      try Interruption.check(
        "embedded \(start) of \(missing.count) \(what)"
          + (cache == nil ? "" : ", which are kept"))
      let part = Array(missing[start..<min(missing.count, start + batch)])
      let rows: EmbeddingMatrix
      do {
        rows = try embed(part)
      } catch EmbeddingFailure.notFinite(_, let bad, let count) {
        throw EmbeddingFailure.notFinite(
          what: "embeddings of \(what)", rows: bad.map { part[$0] }, count: count)
      }
      for (place, index) in part.enumerated() {
        all.row(index).update(from: rows.row(place), count: width)
      }
      try cache?.rows.save(part.map { keys[$0] }, model: cache?.model ?? "", damaged: damaged) {
        UnsafeBufferPointer(start: all.row(part[$0]), count: width)
      }
      computed += part.count
    }
  }
}

extension KeptEmbeddings {
  /// Unit vectors of pictures, in their order; `frozen` is asked where one has to be embedded. Throws what
  /// reading them throws, and as ``rows(of:what:batch:embed:)``.
  mutating func rows(
    of pictures: [LabelledPictures.Source], by model: DualEncoder, input: PictureInput,
    damage: PictureDamage, frozen: () throws -> FrozenFeatureStores? = { nil }
  ) throws -> EmbeddingMatrix {
    // What was wrong with a picture is told by reading it, so where damage passes nothing is kept.
    if input.reading.truncated != .strict { self = KeptEmbeddings(nil, width: width) }
    let keys = try pictures.map { picture in
      switch picture {
      case .file(let path):
        EmbeddingCache.key(picture: try AtomicFile.read(path), preprocessing: input.description)
      case .pixels(let picture):
        EmbeddingCache.key(pixels: picture, preprocessing: input.description)
      }
    }
    return try rows(of: keys, what: "pictures", batch: 512) { places in
      let kept = try frozen().flatMap { stores in
        DualEncoder.FrozenPictures(stores, input: input) { index in
          switch pictures[places[index]] {
          case .file(let path): Digest.bytes(of: try AtomicFile.read(path))
          case .pixels(let picture):
            EmbeddingCache.key(pixels: picture, preprocessing: input.description)
          }
        }
      }
      return try model.embedPictures(
        places.count, preprocessing: input.preprocessing, frozen: kept
      ) { index in
        switch pictures[places[index]] {
        case .pixels(let picture): return picture
        case .file(let path):
          let result = try input.load(path: path)
          if let reason = result.damage { damage.note(path, reason) }
          return result.picture
        }
      }
    }
  }
}

extension EmbeddingCache {
  /// Of a picture file's bytes and what is done to them.
  static func key(picture: Data, preprocessing: String) -> Key {
    let digest = Digest()
    digest.update("picture \(preprocessing.utf8.count):\(preprocessing)\n")
    digest.update(picture)
    return digest.finish()
  }

  /// Of a picture that is no file of its own, and what is done to it.
  static func key(pixels picture: Picture, preprocessing: String) -> Key {
    let digest = Digest()
    digest.update("pixels \(preprocessing.utf8.count):\(preprocessing)\n")
    digest.update("\(picture.width) x \(picture.height)\n")
    picture.pixels.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }
}
