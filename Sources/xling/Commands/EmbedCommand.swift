import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingTensor
import XlingTokenizers
import XlingTowers

extension PictureStatistics: ExpressibleByArgument {}

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "The pooled vectors of a tower for texts or pictures.",
    discussion: """
      A text tower reads texts: one a line, or JSON objects, one a line, of which --field is taken. \
      An image tower reads a folder's pictures in the order of their names, or a list of paths, one \
      a line. Row i of the output belongs to the i-th of them. Vectors are the CLS token's, as every \
      method starts from. An interrupted run keeps its rows beside the output; --resume goes on.
      """)

  @Option(help: "The tower's folder, or its checkpoint.")
  var tower: String

  @Option(help: "A file of texts, a folder of pictures, a list of paths; - is stdin.")
  var input: String = "-"

  @Option(help: "The file to write: .npy or .safetensors, float32 [rows, width].")
  var output: String

  @Option(help: "Each line of the input is JSON; the text is under this key.")
  var field: String?

  @Option(help: "A tokenizer's folder or file (default: the tower's own).")
  var tokenizer: String?

  @Option(help: "Tokens of a text, start and end included; longer ones are cut.")
  var maximumTokens: Int = 64

  @Option(help: "Mean and deviation of pixel values: half, imagenet, clip.")
  var statistics: PictureStatistics = .half

  @Option(help: "Side of the resized pictures (default: the tower's own).")
  var imageSize: Int?

  @Option(help: "How positions follow --image-size: bicubic or timm.")
  var interpolate: PositionInterpolation = .bicubic

  @Flag(help: "Scale each vector to length one.")
  var normalize = false

  @Option(help: "Texts or pictures computed at once.")
  var batchSize: Int = 64

  @Option(help: "Attention heads, where a file without config.json does not tell.")
  var heads: Int?

  @Option(help: "Threads (default: the machine's cores).")
  var threads: Int?

  @Flag(help: "Go on with the rows that an interrupted run left.")
  var resume = false

  func validate() throws {
    if maximumTokens < 2 { throw ValidationError("--maximum-tokens must be at least 2") }
    if batchSize < 1 { throw ValidationError("--batch-size must be at least 1") }
    if !EmbedFile.Format.allCases.contains(where: { output.hasSuffix("." + $0.rawValue) }) {
      throw ValidationError("--output must end in .npy or .safetensors, found \(output)")
    }
  }

  func run() throws {
    if let threads { Parallel.setThreads(threads) }
    Interruption.watch()
    let checkpoint = try TowerCheckpoint(tower, heads: heads)
    let items: [String]
    let rows: EmbedRows
    switch checkpoint.configuration {
    case .text:
      items = try EmbedInputs.texts(input, field: field)
      let text = try checkpoint.text()
      try TowerWarnings.nonFinite(text, in: checkpoint)
      rows = try EmbedRows(
        text, tokenizer: TokenizerSource.load(tokenizer ?? tower),
        maximumTokens: maximumTokens)
    case .image:
      items = try EmbedInputs.pictures(input)
      let image = try checkpoint.image(imageSize: imageSize, interpolation: interpolate)
      try TowerWarnings.nonFinite(image, in: checkpoint)
      rows = EmbedRows(image, statistics: statistics.channels)
    }
    let partial = EmbedPartial(
      output, width: rows.width, identity: try identity(checkpoint, items), resume: resume)
    try embed(items, rows, into: partial)
    try EmbedFile.write(partial, rows: items.count, to: output)
    print("wrote \(items.count) rows of \(rows.width) to \(output)")
  }

  private func embed(_ items: [String], _ rows: EmbedRows, into partial: EmbedPartial) throws {
    var done = try partial.begin(of: items.count)
    var bar = ProgressBar("embed", total: items.count, startingAt: done, unit: "rows")
    while done < items.count {
      if Interruption.requested {
        throw InterruptionFailure.interrupted(
          work: "embedded \(done) of \(items.count)", resume: "the same command with --resume")
      }
      let batch = Array(items[done..<min(done + batchSize, items.count)])
      var vectors = try rows.vectors(of: batch)
      if normalize { EmbedRows.normalize(&vectors, width: rows.width) }
      try partial.append(vectors)
      done += batch.count
      bar.advance(to: done)
    }
    bar.finish()
  }

  /// Everything that decides the rows: resumed work must agree in it.
  private func identity(_ checkpoint: TowerCheckpoint, _ items: [String]) throws -> String {
    let digest = Digest()
    digest.update(try checkpoint.checkpoint.contentHash())
    if let path = checkpoint.configurationPath { digest.update(try AtomicFile.read(path)) }
    digest.update(
      "\(maximumTokens) \(statistics) \(imageSize ?? 0) \(interpolate) \(normalize) "
        + "\(heads ?? 0) \(tokenizer ?? "")\n")
    for item in items { digest.update("\(item.utf8.count) \(item)") }
    return digest.hexadecimal()
  }
}
