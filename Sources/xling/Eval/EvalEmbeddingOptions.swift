import ArgumentParser
import Foundation
import XlingCore
import XlingEvaluation
import XlingRetrieval

extension Similarity: ExpressibleByArgument {}

/// `i/n`: the i-th of n equal shares, from 1.
struct ShardArgument: ExpressibleByArgument {
  let index: Int
  let count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1],
      (1...1_000_000).contains(count), (1...count).contains(index)
    else { return nil }
    self.index = index
    self.count = count
  }
}

/// `xling eval` without a run: files of open_clip, sentence-transformers, or whatever else embeds.
struct EvalEmbeddingOptions: ParsableArguments {
  @Option(help: "Rows of pictures: .npy or safetensors (FILE#TENSOR where it holds several).")
  var imageEmbeddings: String?

  @Option(help: "Rows of captions, of the same width.")
  var textEmbeddings: String?

  @Option(help: "Lines {\"text\": 3, \"images\": [0]}: the pictures of each caption, rows from 0.")
  var gold: String?

  @Option(help: "cosine, or dot for the rows as they are.")
  var similarity: Similarity?

  @Flag(help: "Leave captions and pictures without a partner out of the queries.")
  var allowMissing = false

  @Option(help: "Captions, a line a row: repeated ones give lenient recall and an upper bound.")
  var captionTexts: String?

  @Option(
    help: "A line a picture that tells contents apart, such as a hash: the same for pictures.")
  var pictureKeys: String?

  @Option(help: "Count only the i-th of n shares of the captions, for `xling merge`.")
  var shard: ShardArgument?

  @Option(help: "The file that a shard goes to.")
  var output: String?

  @Option(help: "Keep what is counted in this file: the same command goes on from it.")
  var checkpoint: String?

  var isUsed: Bool {
    imageEmbeddings != nil || textEmbeddings != nil || gold != nil || similarity != nil
      || allowMissing || shard != nil || output != nil || captionTexts != nil || pictureKeys != nil
      || checkpoint != nil
  }

  func validate() throws {
    guard isUsed else { return }
    for (option, value) in [
      ("--image-embeddings", imageEmbeddings), ("--text-embeddings", textEmbeddings),
      ("--gold", gold),
    ] where value == nil {
      throw ValidationError("\(option) is missing: embeddings need pictures, captions and gold")
    }
    if (shard == nil) != (output == nil) {
      throw ValidationError("--shard and --output go together")
    }
    if shard != nil, captionTexts != nil || pictureKeys != nil {
      throw ValidationError("--caption-texts and --picture-keys need the whole: no --shard")
    }
  }

  /// Prints the result, or writes the shard that was asked for.
  func evaluate(
    _ measure: EvalMeasureOptions, language: String?, trec: EvalTRECOptions
  ) throws {
    let metrics = try measure.metrics()
    let language = try LanguageLabel.code(language)
    for path in [output, checkpoint].compactMap({ $0 }) { try Self.checkFolder(of: path) }
    let (counted, pairs) = try count(keepingPairs: repeats || trec.trec != nil)
    guard let counted else { return }
    var report = try EvalEmbeddingReport(counted, measure, metrics, language: language)
    if repeats, let pairs { try report.add(try ambiguity(pairs), pairs) }
    try report.print()
    if let folder = trec.trec, let pairs {
      for (name, files) in try pairs.trecFiles(depth: trec.trecDepth, tag: "xling") {
        try files.write(to: folder, name: "\(language).\(name)")
      }
    }
  }

  /// What takes hours is not written into a folder that is not there. Throws `FileFailure`.
  private static func checkFolder(of path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw FileFailure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Nil when what was counted is a shard: it is written. The embeddings, by far the largest, are let go
  /// unless they are needed once more.
  private func count(keepingPairs: Bool) throws -> (CountedPairs?, EmbeddingPairs?) {
    let lock = try output.map { try FileLock(output: $0) }
    defer { withExtendedLifetime(lock) {} }
    let pairs = try EmbeddingPairs(
      texts: textEmbeddings ?? "", images: imageEmbeddings ?? "", gold: gold ?? "",
      similarity: similarity ?? .cosine, allowMissing: allowMissing)
    let (index, count) = (shard?.index ?? 1, shard?.count ?? 1)
    let rows = RankShard.rows(index, of: count, texts: pairs.texts.count)
    var bar: ProgressBar?
    let kept = checkpoint.map { "what is counted is kept in \($0)" }
    let counts = try pairs.count(rows: rows, keptIn: checkpoint.map { RankCheckpoint($0) }) {
      share in
      try Interruption.check(
        kept ?? "nothing is kept, without --checkpoint")
      let done = Int(share * Double(rows.count))
      if bar == nil {
        bar = ProgressBar("rank", total: rows.count, startingAt: done, unit: "captions")
      }
      bar?.advance(to: done)
    }
    bar?.finish()
    let counted = CountedPairs(pairs, counts: counts, missingAllowed: allowMissing)
    guard let output else { return (counted, keepingPairs ? pairs : nil) }
    try RankShard(counted, inputs: pairs.inputsHash, index: index, of: count).write(to: output)
    print("\(output): shard \(index) of \(count), \(rows.count) captions")
    return (nil, nil)
  }

  /// Whether it is told what repeats.
  private var repeats: Bool { captionTexts != nil || pictureKeys != nil }

  private func ambiguity(_ pairs: EmbeddingPairs) throws -> Ambiguity {
    // Without a file every row is taken for a content of its own.
    func keys(_ path: String?, _ rows: Int) throws -> [String] {
      try path.map { try KeyFile.read($0, rows: rows) } ?? (0..<rows).map(String.init)
    }
    return Ambiguity(
      queries: try keys(captionTexts, pairs.texts.count),
      items: try keys(pictureKeys, pairs.images.count))
  }
}
