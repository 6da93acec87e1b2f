import ArgumentParser
import Dispatch
import Foundation
import XlingCore
import XlingTokenizers

struct TokenizerBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "How fast a tokenizer encodes texts: ids and offsets.",
    discussion: """
      Every line of the files is a text. They are encoded in one batch, again and again, with \
      reading and printing left out. Times of one machine compare only while nothing else runs.
      """)

  @Argument(help: "Text files, one text a line.")
  var files: [String]

  @Option(help: "A folder as Hugging Face lays it out, or a vocab.txt, .model or tokenizer.json.")
  var tokenizer: String

  @OptionGroup var arguments: TokenizerArguments

  @Option(help: "Threads.", transform: NumberRange.whole(1...NumberRange.threads))
  var threads = 1

  @Option(
    help: "Rounds after a first one that fills caches.", transform: NumberRange.whole(from: 1))
  var rounds = 3

  @OptionGroup var json: JSONOption

  func run() throws {
    let (loadStart, loadProcessor) = (DispatchTime.now(), Self.processorSeconds())
    let tokenizer = try arguments.load(tokenizer)
    let load = Figures.Round(
      seconds: Self.seconds(since: loadStart),
      processorSeconds: Self.processorSeconds() - loadProcessor)
    var texts: [UnsafeRawBufferPointer] = []
    let data = try files.map { try TextBytes.utf8(try AtomicFile.read($0), path: $0) }
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: data.reduce(0) { $0 + $1.count }, alignment: 8)
    defer { bytes.deallocate() }
    var filled = 0
    for file in data {
      file.copyBytes(to: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
      let part = UnsafeRawBufferPointer(rebasing: bytes[filled..<filled + file.count])
      texts += part.split(separator: 0x0A).map { UnsafeRawBufferPointer(rebasing: $0) }
      filled += file.count
    }
    let encoder = BatchEncoder(tokenizer, threads: threads)
    var encodings: [Encoding] = []
    var figures: [Figures.Round] = []
    for _ in 0...rounds {
      let start = DispatchTime.now()
      let processor = Self.processorSeconds()
      encoder.encode(texts, into: &encodings)
      figures.append(
        .init(
          seconds: Self.seconds(since: start),
          processorSeconds: Self.processorSeconds() - processor))
    }
    let result = Figures(
      tokenizer: self.tokenizer, bytes: bytes.count, texts: texts.count,
      tokens: encodings.reduce(0) { $0 + $1.count }, threads: threads, load: load,
      memoryBytes: tokenizer.byteCount, cold: figures[0], rounds: Array(figures.dropFirst()))
    try json.print(result) { result.text }
  }

  private static func seconds(since start: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
  }

  /// Of all threads of this process: what a busy machine disturbs least.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

private struct Figures: Encodable {
  struct Round: Encodable {
    let seconds: Double
    let processorSeconds: Double
  }

  let schema = "xling.tokenizer-bench/3"
  let tokenizer: String
  let bytes: Int
  let texts: Int
  let tokens: Int
  let threads: Int
  /// Of the library alone: the process has started.
  let load: Round
  /// What the tokenizer's tables take.
  let memoryBytes: Int
  /// The first round, whose caches are empty.
  let cold: Round
  let rounds: [Round]

  var text: String {
    let best = rounds.map(\.seconds).min() ?? 0
    let processor = rounds.map(\.processorSeconds).min() ?? 0
    return String(
      format: "%d texts, %.1f MB, %d tokens, %d threads: %.1f MB/s, %.2f million tokens/s, "
        + "best of %d rounds (%.1f MB per processor second), at first %.1f MB/s; loaded in %.0f ms, %.2f MB",
      texts, Double(bytes) / 1e6, tokens, threads, Double(bytes) / best / 1e6,
      Double(tokens) / best / 1e6, rounds.count, Double(bytes) / processor / 1e6,
      Double(bytes) / cold.seconds / 1e6, load.seconds * 1e3, Double(memoryBytes) / 1e6)
  }
}
