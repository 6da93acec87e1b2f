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
  /// `ExperimentFailure`, `InterruptionFailure`.
  mutating func rows(
    of keys: [EmbeddingCache.Key], what: String, batch: Int, embed: ([Int]) throws -> [Float]
  ) throws -> [Float] {
    let kept = try cache?.rows.rows(of: keys, model: cache?.model ?? "", width: width)
    var known = kept?.rows ?? [:]
    let damaged = kept?.damaged ?? []
    if let cache, !damaged.isEmpty {
      ProgressBar.toStandardError(
        "xling: warning: \(damaged.count) embeddings of \(what) in \(cache.rows.path) are damaged; "
          + "they are embedded anew\n")
    }
    var isMissing = Set<EmbeddingCache.Key>()
    let missing = keys.indices.filter {
      known[keys[$0]] == nil && isMissing.insert(keys[$0]).inserted
    }
    for start in stride(from: 0, to: missing.count, by: batch) {
      try Interruption.check(
        "embedded \(start) of \(missing.count) \(what)"
          + (cache == nil ? "" : ", which are kept"))
      let part = Array(missing[start..<min(missing.count, start + batch)])
      let values = try embed(part)
      let new = part.enumerated().map { place, index in
        (key: keys[index], row: Array(values[place * width..<(place + 1) * width]))
      }
      try cache?.rows.save(new, model: cache?.model ?? "", damaged: damaged)
      for (key, row) in new { known[key] = row }
      computed += part.count
    }
    var all: [Float] = []
    all.reserveCapacity(keys.count * width)
    for key in keys { all += known[key] ?? [] }
    return all
  }
}

extension KeptEmbeddings {
  /// Unit vectors of pictures, [pictures, width], in their order. Throws what reading them throws, and as
  /// ``rows(of:what:batch:embed:)``.
  mutating func rows(
    of pictures: [LabelledPictures.Source], by model: DualEncoder, input: PictureInput,
    damage: PictureDamage
  ) throws -> [Float] {
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
      try model.embedPictures(places.count, preprocessing: input.preprocessing) { index in
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
  /// Of a caption: its ids, which hold all that tokenizer, preprocessing and truncation did.
  static func key(ids: [Int32]) -> Key {
    let digest = Digest()
    digest.update("text \(ids.count)\n")
    ids.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

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
