import Foundation
import XlingCore
import XlingEvaluation
import XlingRetrieval

/// Retrieval between rows that open_clip, sentence-transformers or another program embedded; a
/// share of it goes to a file, to be merged.
public struct EvaluateEmbeddingsJob: Sendable {
  public struct Options: Sendable {
    /// Rows of captions and of pictures, and the pictures of each caption: files.
    public var texts: String
    public var images: String
    public var gold: String
    public var similarity = Similarity.cosine
    /// Captions and pictures without a partner are left out of the queries.
    public var allowsMissing = false
    /// A line a row: equal lines are equal contents. Where one is given, lenient recall follows.
    public var captionTexts: String?
    public var pictureKeys: String?
    public var shard: Shard?
    /// What is counted is kept in this file, and taken from there.
    public var checkpoint: String?
    /// What the captions' language is called; a label only.
    public var language = "und"
    public var plan = EmbeddingPlan()
    public var rankings: EvaluateJob.Rankings?

    public init(texts: String, images: String, gold: String) {
      (self.texts, self.images, self.gold) = (texts, images, gold)
    }
  }

  /// The `index`-th of `count` equal shares of the captions, from 1.
  public struct Shard: Sendable, Equatable {
    public var index: Int
    public var count: Int
    public var output: String

    public init(_ index: Int, of count: Int, output: String) {
      (self.index, self.count, self.output) = (index, count, output)
    }
  }

  public enum Event: Sendable, Equatable {
    /// So many captions are counted; the first event tells where it goes on from.
    case counted(Int, of: Int)
    case ended
    case warning(Warning)
  }

  public enum Result: Codable, Sendable, Equatable {
    case evaluated(EvaluatedEmbeddings)
    /// A share of so many captions was written.
    case shard(captions: Int)
  }

  public let options: Options

  public init(_ options: Options) { self.options = options }

  /// Where `observe` throws, what was counted stays in the checkpoint. Throws what reading the
  /// files throws, `EvaluationFailure`, `RetrievalFailure`, `FileFailure`, and what `observe`
  /// throws.
  public func run(_ observe: (Event) throws -> Void = { _ in }) throws -> Result {
    for path in [options.shard?.output, options.checkpoint].compactMap({ $0 }) {
      try Self.checkFolder(of: path)
    }
    let repeats = options.captionTexts != nil || options.pictureKeys != nil
    let (counted, pairs) = try count(keepingPairs: repeats || options.rankings != nil, observe)
    guard let counted else { return .shard(captions: pairs.rows) }
    let evaluated = try EvaluatedEmbeddings(
      counted, options.plan, language: options.language,
      repeats: repeats ? try pairs.all.map { (try ambiguity($0), $0) } : nil)
    if let bare = Warning.withoutIntervals(of: evaluated.rows) { try observe(.warning(bare)) }
    if let rankings = options.rankings, let all = pairs.all {
      let written = try all.trecFiles(depth: rankings.depth, tag: "xling").map {
        ("\(options.language).\($0.name)", $0.files)
      }
      for (name, files) in written { try files.write(to: rankings.folder, name: name) }
      if let tied = Warning.tiedRankings(written) { try observe(.warning(tied)) }
    }
    return .evaluated(evaluated)
  }

  /// What takes hours is not written into a folder that is not there. Throws `FileFailure`.
  private static func checkFolder(of path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Nil when what was counted is a shard: it is written. The embeddings, by far the largest, are
  /// let go unless they are needed once more.
  private func count(
    keepingPairs: Bool, _ observe: (Event) throws -> Void
  ) throws -> (counted: CountedPairs?, pairs: (all: EmbeddingPairs?, rows: Int)) {
    let lock = try options.shard.map { try FileLock(output: $0.output) }
    defer { withExtendedLifetime(lock) {} }
    let pairs = try EmbeddingPairs(
      texts: options.texts, images: options.images, gold: options.gold,
      similarity: options.similarity, allowMissing: options.allowsMissing)
    let (index, count) = (options.shard?.index ?? 1, options.shard?.count ?? 1)
    let rows = RankShard.rows(index, of: count, texts: pairs.texts.count)
    let checkpoint = options.checkpoint.map { RankCheckpoint($0) }
    let counts = try pairs.count(rows: rows, keptIn: checkpoint) { share in
      try observe(.counted(Int(share * Double(rows.count)), of: rows.count))
    }
    try observe(.ended)
    let counted = CountedPairs(pairs, counts: counts, missingAllowed: options.allowsMissing)
    guard let shard = options.shard else {
      return (counted, (keepingPairs ? pairs : nil, rows.count))
    }
    try RankShard(counted, inputs: pairs.inputsHash, index: index, of: count)
      .write(to: shard.output)
    return (nil, (nil, rows.count))
  }

  private func ambiguity(_ pairs: EmbeddingPairs) throws -> Ambiguity {
    // Without a file every row is taken for a content of its own.
    func keys(_ path: String?, _ rows: Int) throws -> [String] {
      try path.map { try KeyFile.read($0, rows: rows) } ?? (0..<rows).map(String.init)
    }
    return Ambiguity(
      queries: try keys(options.captionTexts, pairs.texts.count),
      items: try keys(options.pictureKeys, pairs.images.count))
  }
}
