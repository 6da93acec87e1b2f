import ArgumentParser
import XlingCore
import XlingEvaluation
import XlingJobs
import XlingLanguages

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

  /// Prints the result, or writes the shard that was asked for. Throws as the job does.
  func evaluate(
    _ measure: EvalMeasureOptions, language: String?, trec: EvalTRECOptions
  ) throws {
    var options = EvaluateEmbeddingsJob.Options(
      texts: textEmbeddings ?? "", images: imageEmbeddings ?? "", gold: gold ?? "")
    options.plan = try measure.plan()
    options.language = try LanguageLabel.code(language)
    options.similarity = similarity ?? .cosine
    options.allowsMissing = allowMissing
    options.captionTexts = captionTexts
    options.pictureKeys = pictureKeys
    if let shard, let output {
      options.shard = .init(shard.index, of: shard.count, output: output)
    }
    options.checkpoint = checkpoint
    options.rankings = trec.trec.map { .init(folder: $0, depth: trec.trecDepth) }
    switch try EvaluateEmbeddingsJob(options).run(progress()) {
    case .evaluated(let evaluated): try measure.print(evaluated.rows) { evaluated.text(measure) }
    case .shard(let captions):
      print(
        "\(output ?? ""): shard \(shard?.index ?? 1) of \(shard?.count ?? 1), \(captions) captions")
    }
  }

  /// A bar, which begins where a checkpoint left off; between two events the job may be interrupted.
  private func progress() -> (EvaluateEmbeddingsJob.Event) throws -> Void {
    var bar: ProgressBar?
    let kept = checkpoint.map { "what is counted is kept in \($0)" }
    return { event in
      switch event {
      case .counted(let done, let total):
        try Interruption.check(kept ?? "nothing is kept, without --checkpoint")
        if bar == nil {
          bar = ProgressBar("rank", total: total, startingAt: done, unit: "captions")
        }
        bar?.advance(to: done)
      case .ended: bar?.finish()
      case .warning(let warning): warning.tell()
      }
    }
  }
}
