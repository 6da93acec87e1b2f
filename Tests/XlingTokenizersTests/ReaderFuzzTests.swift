import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Every reader on small files that were mutated: it reads them or refuses them with a typed error,
/// whatever the bytes. `scripts/fuzz-tokenizers` runs more rounds than a test has time for.
@Suite struct ReaderFuzzTests {
  static func corpus(_ name: String) throws -> [UInt8] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let root = tests.deletingLastPathComponent().deletingLastPathComponent()
    return [UInt8](try AtomicFile.read(root.path + "/fuzz/tokenizers/" + name))
  }

  /// Feeds `seed`, mutated, to a reader, which returns what it read or throws; of what was read,
  /// every 16th tokenizer also encodes. Some are refused, and not all.
  static func feed(
    _ seed: [UInt8], _ name: String, _ read: ([UInt8]) throws -> (any Tokenizer)?
  ) throws {
    func isRefusal(_ error: any Error) -> Bool {
      error is TokenizerFailure || error is Charsmap.Malformed
    }
    let refused = try Mutations.refusals(of: [seed], name, isRefusal: isRefusal) { input, number in
      if let tokenizer = try read(input), number % 16 == 0 { encode(tokenizer) }
    }
    #expect((Mutations.rounds / 20..<Mutations.rounds).contains(refused), "\(name)")
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
    try Self.feed(seed, "model \(algorithm)") {
      let model = try SentencePieceModel(serialized: Data($0), file: "m")
      return try SentencePieceTokenizer(model, file: "m")
    }
  }

  @Test func charsmaps() throws {
    try Self.feed(SentencePieceModelTests.model(.unigram).charsmap, "charsmap") {
      let charsmap = try Charsmap($0)
      let text: [UInt8] = [0x61, 0xCC, 0x81, 0x41, 0x20, 0xFF]
      text.withUnsafeBufferPointer { text in
        guard let base = text.baseAddress else { return }
        for at in text.indices { _ = charsmap.reader.longestRule(base, at, text.count) }
      }
      return nil
    }
  }

  @Test(arguments: ["wordpiece.json", "unigram.json", "bpe.json"])
  func tokenizerJSON(name: String) throws {
    try Self.feed(Self.corpus(name), name) {
      try TokenizerJSON($0, file: name).tokenizer(TokenizerOptions())
    }
  }

  @Test func vocabularies() throws {
    try Self.feed(Self.corpus("vocab.txt"), "vocabulary") {
      try BertTokenizer(
        WordPieceVocabulary(text: Data($0), configuration: BertConfiguration(), file: "v"))
    }
  }

  @Test func configurations() throws {
    try Self.feed(Self.corpus("tokenizer_config.json"), "config") {
      _ = try BertConfiguration(json: Data($0), file: "c")
      return nil
    }
  }

  @Test func records() throws {
    try Self.feed(Self.corpus("record.json"), "record") { bytes in
      _ = try bytes.withUnsafeBytes { try TextRecord.text($0, source: "r", line: 1) }
      return nil
    }
  }

  /// A folder of GPT-2's files and one of a tokenizer.json, with tokens declared beside them: each file in
  /// turn is mutated.
  @Test(arguments: [
    ("slow", "vocab.json"), ("slow", "merges.txt"), ("slow", "added_tokens.json"),
    ("slow", "special_tokens_map.json"), ("slow", "tokenizer_config.json"),
    ("fast", "added_tokens.json"), ("fast", "special_tokens_map.json"),
    ("fast", "tokenizer_config.json"),
  ])
  func folders(kind: String, name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/"
    if kind == "slow" {
      let alphabet = ByteCharacters.scalars.map { String(Unicode.Scalar($0)!) }
      let pieces = alphabet + ["ab", "abc", "<|endoftext|>"]
      let members = Dictionary(uniqueKeysWithValues: zip(pieces, 0...))
      try JSONEncoder().encode(members).write(to: URL(fileURLWithPath: path + "vocab.json"))
      try AtomicFile.write("#version: 0.2\na b\nab c\n", to: path + "merges.txt")
    } else {
      try AtomicFile.write(Data(Self.corpus("bpe.json")), to: path + "tokenizer.json")
    }
    // Behind the pieces of the one and of the other.
    let first = kind == "slow" ? 259 : 5
    try AtomicFile.write(
      #"{"<new>": \#(first), "<|x|>": \#(first + 1)}"#, to: path + "added_tokens.json")
    try AtomicFile.write(
      #"{"eos_token": {"content": "\#(kind == "slow" ? "<|endoftext|>" : "b")", "lstrip": true, "special": true}, "#
        + #""additional_special_tokens": ["<|x|>"]}"#, to: path + "special_tokens_map.json")
    try AtomicFile.write(
      #"{"tokenizer_class": "\#(kind == "slow" ? "GPT2Tokenizer" : "PreTrainedTokenizerFast")", "#
        + #""model_max_length": 20, "add_prefix_space": false, "added_tokens_decoder": {"\#(first)": "#
        + #"{"content": "<new>", "lstrip": false, "normalized": true, "special": false}}}"#,
      to: path + "tokenizer_config.json")
    let seed = [UInt8](try AtomicFile.read(path + name))
    // Files are written and read: fewer rounds.
    let rounds = max(200, Mutations.rounds / 10)
    let refused = try Mutations.refusals(
      of: [seed], at: path + name, "\(kind) \(name)", rounds: rounds
    ) {
      Self.encode(try TokenizerSource.load(folder.path))
    }
    #expect(refused > 0 && refused < rounds)
  }
}
