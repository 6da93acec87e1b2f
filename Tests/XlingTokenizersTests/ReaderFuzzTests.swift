import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Every reader on small files that were mutated: it reads them or refuses them with a typed error,
/// whatever the bytes. `scripts/fuzz-tokenizers` runs more rounds than a test has time for.
@Suite struct ReaderFuzzTests {
  /// Inputs a reader.
  static let rounds =
    ProcessInfo.processInfo.environment["XLING_FUZZ_INPUTS"].flatMap { Int($0) } ?? 3_000
  static let seed =
    ProcessInfo.processInfo.environment["XLING_FUZZ_SEED"].flatMap { UInt64($0) } ?? 5

  static func corpus(_ name: String) throws -> [UInt8] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let root = tests.deletingLastPathComponent().deletingLastPathComponent()
    return [UInt8](try AtomicFile.read(root.path + "/fuzz/tokenizers/" + name))
  }

  /// Feeds `seed`, mutated, to a reader, which returns what it read or throws; of what was read,
  /// every 16th tokenizer also encodes. Returns how many were refused.
  static func refusals(
    of seed: [UInt8], _ name: String, _ read: ([UInt8]) throws -> (any Tokenizer)?
  ) throws -> Int {
    var (refused, done) = (0, 0)
    var input: [UInt8] = []
    while done < rounds {
      var stream = RandomStream(seed: Self.seed, name, done)
      // Each goes on from the last, so that mutations add up.
      input.replaceSubrange(0..., with: seed)
      for _ in 0..<8 where done < rounds {
        mutate(&input, &stream)
        done += 1
        do {
          if let tokenizer = try read(input), done % 16 == 0 { encode(tokenizer) }
        } catch is TokenizerFailure {
          refused += 1
        } catch is Charsmap.Malformed {
          refused += 1
        }
      }
    }
    return refused
  }

  static func mutate(_ input: inout [UInt8], _ stream: inout RandomStream) {
    if input.isEmpty { return input.append(UInt8(stream.index(256))) }
    let at = stream.index(input.count)
    let end = min(input.count, at + 1 + stream.index(12))
    switch stream.index(8) {
    case 0: input[at] ^= 1 << UInt8(stream.index(8))
    case 1: input[at] = UInt8(stream.index(256))
    case 2: input[at] = [0, 0x22, 0x2C, 0x5D, 0x7D, 0x7F, 0x80, 0xFF][stream.index(8)]
    case 3: input.insert(contentsOf: Array(input[at..<end]), at: at)
    case 4: input.removeSubrange(at..<end)
    case 5: input.insert(UInt8(stream.index(256)), at: at)
    case 6:
      // The longest lengths and numbers that a varint has room for.
      input.replaceSubrange(at..<end, with: repeatElement(0xFF, count: 1 + stream.index(9)))
    default: if stream.index(4) == 0 { input.removeSubrange(at...) }
    }
  }

  static func encode(_ tokenizer: any Tokenizer) {
    let texts = ["ab éA\u{301} 猫\u{FFFD}", " a  b\u{0}<s>", "aaaa"].map { Array($0.utf8) }
    let session = tokenizer.session(cached: true)
    var encoding = Encoding()
    for text in texts + texts + [[0xFF, 0xE2, 0x96]] {
      text.withUnsafeBytes { session.encode($0, offsets: .bytes, into: &encoding) }
      for index in 0..<encoding.count { _ = tokenizer.token(index, of: encoding) }
    }
  }

  @Test(arguments: [SentencePieceModel.Algorithm.unigram, .bpe])
  func models(algorithm: SentencePieceModel.Algorithm) throws {
    let seed = [UInt8](SentencePieceModelTests.model(algorithm).serialized)
    let refused = try Self.refusals(of: seed, "model \(algorithm)") {
      let model = try SentencePieceModel(serialized: Data($0), file: "m")
      return try SentencePieceTokenizer(model, file: "m")
    }
    #expect((Self.rounds / 10..<Self.rounds).contains(refused))
  }

  @Test func charsmaps() throws {
    let seed = SentencePieceModelTests.model(.unigram).charsmap
    let refused = try Self.refusals(of: seed, "charsmap") {
      let charsmap = try Charsmap($0)
      let text: [UInt8] = [0x61, 0xCC, 0x81, 0x41, 0x20, 0xFF]
      text.withUnsafeBufferPointer { text in
        guard let base = text.baseAddress else { return }
        for at in text.indices { _ = charsmap.reader.longestRule(base, at, text.count) }
      }
      return nil
    }
    #expect((Self.rounds / 10..<Self.rounds).contains(refused))
  }

  @Test(arguments: ["wordpiece.json", "unigram.json", "bpe.json"])
  func tokenizerJSON(name: String) throws {
    let refused = try Self.refusals(of: Self.corpus(name), name) {
      try TokenizerJSON($0, file: name).tokenizer(TokenizerOptions())
    }
    #expect((Self.rounds / 10..<Self.rounds).contains(refused))
  }

  @Test func vocabularies() throws {
    let refused = try Self.refusals(of: Self.corpus("vocab.txt"), "vocabulary") {
      try BertTokenizer(
        WordPieceVocabulary(text: Data($0), configuration: BertConfiguration(), file: "v"))
    }
    #expect((Self.rounds / 10..<Self.rounds).contains(refused))
  }

  @Test func configurationsAndRecords() throws {
    let configurations = try Self.refusals(of: Self.corpus("tokenizer_config.json"), "config") {
      _ = try BertConfiguration(json: Data($0), file: "c")
      return nil
    }
    let records = try Self.refusals(of: Self.corpus("record.json"), "record") { bytes in
      _ = try bytes.withUnsafeBytes { try TextRecord.text($0, source: "r", line: 1) }
      return nil
    }
    for refused in [configurations, records] {
      #expect((Self.rounds / 10..<Self.rounds).contains(refused))
    }
  }
}
