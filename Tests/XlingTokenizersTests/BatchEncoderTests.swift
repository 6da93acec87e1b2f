import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite struct BatchEncoderTests {
  /// More texts than threads have stretches, repeated words and words that come once.
  @Test(arguments: ["mini-unigram/spiece.model", "mini-wordpiece"])
  func resultsDoNotDependOnThreads(file: String) throws {
    let tokenizer = try TokenizerSource.load(try Assets.path("tokenizers") + "/" + file)
    let texts = (0..<1_000).map { Array("a dog 犬 runs \($0 * 7919) ▁ чёрный [SEP]  \($0)".utf8) }
    let alone = texts.map { text in
      text.withUnsafeBytes { tokenizer.encode($0) }
    }
    let all = texts.flatMap { $0 }
    for threads in [1, 2, 5] {
      let encoder = BatchEncoder(tokenizer, threads: threads)
      var encodings: [Encoding] = []
      all.withUnsafeBytes { raw in
        var start = 0
        let parts = texts.map { text in
          defer { start += text.count }
          return UnsafeRawBufferPointer(rebasing: raw[start..<start + text.count])
        }
        for _ in 0..<2 { encoder.encode(parts, into: &encodings) }
      }
      #expect(encodings == alone, "\(threads) threads")
    }
  }

  @Test func memoryOfOneThreadHasLinesOfItsOwn() {
    let line = CacheLinePadding.byteCount
    #expect(MemoryLayout<CacheLinePadding>.size == line)
    let blocks = (0..<20).map { UnsafeMutablePointer<Int32>.allocateApart(capacity: 5 * $0) }
    defer { for block in blocks { block.deallocate() } }
    for (index, block) in blocks.enumerated() {
      let start = Int(bitPattern: block)
      #expect(start % line == 0)
      let end = (start + 5 * index * 4 + line - 1) / line * line
      for other in blocks where other != block {
        #expect(Int(bitPattern: other) < start || Int(bitPattern: other) >= end)
      }
    }
  }
}
