import ArgumentParser
import Foundation
import XlingCore
import XlingTokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Cut texts into tokens, with ids and offsets.",
    discussion: """
      Reads one text a line from files or stdin and prints its tokens, one line a text. With \
      --jsonl a line is {"text": "…"} and the result {"tokens": […], "ids": […], "offsets": \
      [[start, end], …]}.
      """)

  @Argument(help: "Text files; none, or -, means stdin.")
  var files: [String] = []

  @Option(help: "A folder as Hugging Face lays it out, or a vocab.txt, .model or tokenizer.json.")
  var tokenizer: String

  @OptionGroup var arguments: TokenizerArguments

  @Flag(help: "Lines are JSON, and so are results.")
  var jsonl = false

  @Option(help: "What offsets count in the original text: scalars or bytes.")
  var offsets = OffsetUnit.scalars

  @Flag(help: "Put the tokens around that the model expects, such as [CLS] and [SEP].")
  var specialTokens = false

  @Option(
    help: "Cut to so many tokens, special tokens among them.", transform: NumberRange.whole(from: 1)
  )
  var maxLength: Int?

  @Option(help: "Threads.", transform: NumberRange.whole(1...NumberRange.threads))
  var threads = 1

  func run() throws {
    let tokenizer = try arguments.load(tokenizer)
    if specialTokens, let maxLength, maxLength < tokenizer.special.frameCount {
      throw ValidationError(
        "--max-length \(maxLength) leaves no room for \(tokenizer.special.frameCount) special "
          + "tokens")
    }
    let encoder = BatchEncoder(tokenizer, threads: threads)
    var encodings: [Encoding] = []
    var output = TokenizedLines(
      tokenizer, asJSON: jsonl, addsSpecialTokens: specialTokens, maximumLength: maxLength)
    try LineInput.forEachBlock(files) { lines, source, first in
      if jsonl {
        try encode(records: lines, source, first, encoder, &encodings, &output)
      } else {
        encoder.encode(lines, offsets: offsets, into: &encodings)
        for index in encodings.indices { output.append(&encodings[index]) }
      }
      try output.flush()
    }
  }

  /// What comes before a bad line is printed before its error is.
  private func encode(
    records: [UnsafeRawBufferPointer], _ source: String, _ first: Int, _ encoder: BatchEncoder,
    _ encodings: inout [Encoding], _ output: inout TokenizedLines
  ) throws {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var failure: TokenizerFailure?
    for (index, line) in records.enumerated() {
      do throws(TokenizerFailure) {
        bytes.append(
          contentsOf: try TextRecord.text(line, source: source, line: first + index))
        ends.append(bytes.count)
      } catch {
        failure = error
        break
      }
    }
    bytes.withUnsafeBytes { buffer in
      let texts = ends.indices.map { index in
        UnsafeRawBufferPointer(
          rebasing: buffer[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
      }
      encoder.encode(texts, offsets: offsets, into: &encodings)
    }
    for index in encodings.indices { output.append(&encodings[index]) }
    if let failure {
      try output.flush()
      throw failure
    }
  }
}
