import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// tokenizer.json files, against what Hugging Face's tokenizers 0.23.3 makes of the same lines
/// (scripts/generate_tokenizer_goldens.py).
@Suite struct TokenizerJSONTests {
  struct Row: Decodable {
    let text: String
    let tokens: [String]
    let ids: [Int32]
    let offsets: [[Int32]]
  }

  @Test(arguments: ["wordpiece", "unigram", "bpe"])
  func goldensAgree(name: String) throws {
    let folder = Fixtures.path("tokenizers") + "/"
    let tokenizer = try TokenizerSource.load(folder + name + ".json")
    let lines = try AtomicFile.read(folder + name + ".rows.jsonl").split(separator: 0x0A)
    #expect(lines.count == 29)
    for line in lines {
      let row = try JSONDecoder().decode(Row.self, from: line)
      let encoding = tokenizer.encode(row.text)
      let special = tokenizer.special
      let start = special.start.map { [$0] } ?? []
      let end = special.end.map { [$0] } ?? []
      #expect(start + encoding.ids + end == row.ids, "\(row.text)")
      let offsets = row.offsets.dropFirst(start.count).dropLast(end.count)
      // Hugging Face ends a composed character behind its first scalar (docs/tokenizers.md).
      let isComposed = name == "unigram" && row.text.unicodeScalars.contains("\u{301}")
      if !isComposed {
        #expect(
          zip(encoding.starts, encoding.ends).map { [$0, $1] } == Array(offsets), "\(row.text)")
      }
      let tokens = row.tokens.dropFirst(start.count).dropLast(end.count)
      for (index, token) in tokens.enumerated() where index < encoding.count {
        #expect(tokenizer.token(index, of: encoding).elementsEqual(token.utf8), "\(row.text)")
      }
    }
  }

  /// Reading a folder builds no trie; sessions of several threads begin with the same one.
  @Test func aTrieIsBuiltWhenSomebodyEncodes() throws {
    let path = Fixtures.path("tokenizers/unigram.json")
    let tokenizer = try #require(try TokenizerSource.load(path) as? PipelineTokenizer)
    guard case .unigram(let pieces) = tokenizer.pipeline.model else {
      Issue.record("expected a Unigram model")
      return
    }
    #expect(!pieces.isReady && tokenizer.summary.model == "Unigram")
    let expected = try TokenizerSource.load(path).encode("ein Hund").ids
    let found = try concurrently(Array(0..<8), grain: 1) { _ in tokenizer.encode("ein Hund").ids }
    #expect(pieces.isReady && found == Array(repeating: expected, count: 8))
  }

  /// A fixture's text with one stretch replaced.
  static func changed(_ name: String, _ old: String, _ new: String) throws -> String {
    let text = String(
      decoding: try AtomicFile.read(Fixtures.path("tokenizers/\(name).json")), as: UTF8.self)
    let result = text.replacingOccurrences(of: old, with: new)
    #expect(result != text, "the fixture holds \(old)")
    return result
  }

  @Test(arguments: [
    ("wordpiece", "\"BertPreTokenizer\"", "\"Whitespace\"", "pre_tokenizer: \"Whitespace\""),
    ("wordpiece", "\"BertNormalizer\"", "\"NFC\"", "normalizer: \"NFC\""),
    ("wordpiece", "\"type\":\"WordPiece\",\"unk", "\"type\":\"WordLevel\",\"unk", "\"WordLevel\""),
    (
      "wordpiece", "\"continuing_subword_prefix\":\"##\"",
      "\"continuing_subword_prefix\":\"@@\"", "\"@@\""
    ),
    ("wordpiece", "\"unk_token\":\"[UNK]\"", "\"unk_token\":\"[NO]\"", "model.unk_token"),
    ("wordpiece", "\"[MASK]\":4", "\"[MASK]\":3", "an id of its own"),
    ("wordpiece", "\"[MASK]\":4", "\"[PAD]\":4", "the key \"[PAD]\" twice in one object"),
    ("wordpiece", "\"version\"", "\"truncation\"", "the key \"truncation\" twice in one object"),
    ("wordpiece", "\"version\"", "\"revision\"", "revision: this key"),
    ("unigram", "\"unk_id\":3", "\"unk_id\":30000", "model.unk_id"),
    (
      "unigram", "\"type\":\"WhitespaceSplit\"", "\"type\":\"ByteLevel\"", "a step behind ByteLevel"
    ),
    ("bpe", "\"dropout\":null", "\"dropout\":0.1", "model.dropout: the number 0.1"),
    ("bpe", "\"merges\":[[", "\"merges\":[[\"e\",\"\"],[", "model.merges"),
  ])
  func whatCannotBeFollowedIsRefusedByName(
    name: String, old: String, new: String, message: String
  ) throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/tokenizer.json"
    try AtomicFile.write(try Self.changed(name, old, new), to: file)
    let error = try #require(throws: TokenizerFailure.self) { try TokenizerSource.load(file) }
    #expect(error.description.contains(message), "\(error)")
    #expect(error.exitStatus == .badData)
  }

  /// BERT's own vocabularies written as tokenizer.json give the reference's rows, too.
  @Test(
    .enabled(if: SharedData.exists("fixtures/tokenizers"), "needs ../shared/fixtures"),
    arguments: [
      ("mbert_cased", "bert-base-multilingual-cased", false),
      ("bert_base_uncased", "bert-base-uncased", true),
    ])
  func vocabulariesAsJSONAgree(fixture: String, folder: String, lowercase: Bool) throws {
    let plain = try ReferenceTests.tokenizer(folder, lowercase: lowercase)
    let scratch = try TemporaryFolder()
    let entries = (0..<Int32(plain.vocabularySize)).map {
      JSONNode.quoted(plain.pieceText($0)) + ":\($0)"
    }
    let added = plain.special.all.map {
      "{\"id\":\($0),\"content\":\(JSONNode.quoted(plain.pieceText($0)))}"
    }
    try AtomicFile.write(
      """
      {"added_tokens":[\(added.joined(separator: ","))],"normalizer":{"type":"BertNormalizer",
      "clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":\(lowercase)},
      "pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"[UNK]",
      "continuing_subword_prefix":"##","max_input_chars_per_word":100,
      "vocab":{\(entries.joined(separator: ","))}}}
      """, to: scratch.path + "/tokenizer.json")
    let tokenizer = try TokenizerSource.load(scratch.path)
    let session = tokenizer.session(cached: true)
    var encoding = Encoding()
    for row in try ReferenceTests.rows(fixture) {
      var text = row.text
      text.withUTF8 {
        session.encode(UnsafeRawBufferPointer($0), offsets: .scalars, into: &encoding)
      }
      #expect(encoding.ids == row.ids, "\(row.id)")
      #expect(encoding.spans.map { [$0.lowerBound, $0.upperBound] } == row.offsets, "\(row.id)")
    }
  }
}
