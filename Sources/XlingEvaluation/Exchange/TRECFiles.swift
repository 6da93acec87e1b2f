import Foundation
import XlingCore
import XlingRetrieval

/// One direction of one language as trec_eval, ranx and ir_measures read it: a run, the best items of
/// each query with their scores, and its qrels.
///
/// trec_eval holds scores in single precision: of two that are one number there, the lower is written as
/// the next number below, so that the order stays. Equal scores stay equal, and are counted (``tied``):
/// our ranks count ties as their policy says, other programs break them their own way. They also see
/// `depth` items a query alone, ours count the whole gallery.
public struct TRECFiles: Sendable {
  /// Ids, one a row of the embeddings.
  public let queries: [String]
  public let items: [String]
  /// The correct items of each query.
  public let gold: [[Int32]]
  public let neighbours: Neighbours
  /// The last column of the run.
  public let tag: String

  /// Ids may hold anything: white space, which parts the columns, and `%` are percent-encoded.
  public init(
    queries: [String], items: [String], gold: [[Int32]], neighbours: Neighbours, tag: String
  ) {
    self.queries = queries.map(Self.encoded)
    self.items = items.map(Self.encoded)
    (self.gold, self.neighbours) = (gold, neighbours)
    self.tag = Self.encoded(tag)
  }

  /// `query Q0 item rank score tag`, ranks from 1.
  public var run: String {
    var text = ""
    for (query, found) in zip(queries, neighbours.items) {
      let scores = Self.apart(found.map(\.score))
      for (rank, item) in found.enumerated() {
        text += "\(query) Q0 \(items[Int(item.index)]) \(rank + 1) \(scores[rank]) \(tag)\n"
      }
    }
    return text
  }

  /// Queries among whose items some have the very same score.
  public var tied: Int {
    neighbours.items.count { found in
      zip(found, found.dropFirst()).contains { $0.score == $1.score }
    }
  }

  /// Falling scores, of which no two different ones are one number in single precision: exact where they
  /// are not, else the next number of single precision below the one before.
  static func apart(_ scores: [Double]) -> [Double] {
    var written: [Double] = []
    for (place, score) in scores.enumerated() {
      guard let last = written.last, Float(score) >= Float(last) else {
        written.append(score)
        continue
      }
      written.append(score == scores[place - 1] ? last : Double(Float(last).nextDown))
    }
    return written
  }

  /// `query 0 item 1`.
  public var relevance: String {
    var text = ""
    for (query, correct) in zip(queries, gold) {
      for item in correct { text += "\(query) 0 \(items[Int(item)]) 1\n" }
    }
    return text
  }

  /// `FOLDER/NAME.run` and `FOLDER/NAME.qrels`, never outside of the folder (`FileName`). Throws
  /// `FileFailure`.
  public func write(to folder: String, name: String) throws {
    let name = FileName.encoded(name)
    try AtomicFile.createFolder(folder)
    try AtomicFile.write(run, to: "\(folder)/\(name).run")
    try AtomicFile.write(relevance, to: "\(folder)/\(name).qrels")
  }

  private static func encoded(_ id: String) -> String {
    var text = ""
    for scalar in id.unicodeScalars {
      if scalar == "%" || scalar.properties.isWhitespace {
        for byte in String(scalar).utf8 { text += String(format: "%%%02X", byte) }
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text.isEmpty ? "%" : text
  }
}

extension Evaluator {
  /// Both directions of one language, `text-to-image` and `image-to-text`; a caption's id is its
  /// picture's name and its number there. Throws what ``evaluate(_:)`` throws.
  public func trecFiles(
    _ language: String, depth: Int, tag: String
  ) throws -> [(name: String, files: TRECFiles)] {
    let queries = try captionQueries(language)
    let pictures = items.map(\.image)
    var next: [Int32: Int] = [:]
    let captions = queries.pictures.map { picture in
      let place = next[picture, default: 0]
      next[picture] = place + 1
      return "\(pictures[Int(picture)])#\(place)"
    }
    let gallery = try pictureEmbeddings()
    let covered = next.keys.sorted()
    let wanted = try GoldRelation(single: queries.pictures).inverted(galleryCount: items.count)
    return [
      (
        "text-to-image",
        TRECFiles(
          queries: captions, items: pictures, gold: queries.pictures.map { [$0] },
          neighbours: try Neighbours(
            queries: queries.embeddings, gallery: gallery, count: depth), tag: tag)
      ),
      (
        "image-to-text",
        TRECFiles(
          queries: covered.map { pictures[Int($0)] }, items: captions,
          gold: covered.map { Array(wanted[Int($0)]) },
          neighbours: try Neighbours(
            queries: gallery.rows(covered.map(Int.init)), gallery: queries.embeddings,
            count: depth), tag: tag)
      ),
    ]
  }
}

extension EmbeddingPairs {
  /// Both directions; ids are `t` and `i` with the row.
  public func trecFiles(depth: Int, tag: String) throws -> [(name: String, files: TRECFiles)] {
    let captions = (0..<texts.count).map { "t\($0)" }
    let pictures = (0..<images.count).map { "i\($0)" }
    let inverse = try gold.relation.inverted(galleryCount: images.count)
    func files(
      _ one: (ids: [String], file: EmbeddingFile), _ other: (ids: [String], file: EmbeddingFile),
      _ gold: GoldRelation
    ) throws -> TRECFiles {
      TRECFiles(
        queries: one.ids, items: other.ids,
        gold: (0..<gold.queryCount).map { Array(gold[$0]) },
        neighbours: try Neighbours(
          queries: one.file.rows, gallery: other.file.rows, count: depth), tag: tag)
    }
    let (text, image) = ((captions, texts), (pictures, images))
    return [
      ("text-to-image", try files(text, image, gold.relation)),
      ("image-to-text", try files(image, text, inverse)),
    ]
  }
}
