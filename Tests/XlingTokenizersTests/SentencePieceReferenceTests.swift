import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Every row that sentencepiece 0.2.3 produced: tokens, ids and offsets.
@Suite(.enabled(if: SharedData.exists("fixtures/tokenizers"), "needs ../shared/fixtures"))
struct SentencePieceReferenceTests {
  static let models = [
    "xlmr_rebuilt": "xlmr/xlmr_rebuilt.spm.model", "t5": "t5/spiece.model",
    "xlnet": "xlnet/spiece.model", "mistral_v1": "mistral-v1/tokenizer.model",
    "laser100k": "laser100k/laser_100k.model",
    "hebrew_bpe100k": "hebrew-modernbert-bpe100k/spiece.model",
    "spm_test_en_1k": "sentencepiece-test/test_model.model",
    "spm_test_ja_8k": "sentencepiece-test/test_ja_model.model",
  ]

  static func tokenizer(
    _ fixture: String, scheme: SentencePieceScheme = .sentencepiece
  ) throws -> SentencePieceTokenizer {
    let file = try #require(models[fixture])
    return try SentencePieceTokenizer(
      model: SharedData.path("data/tokenizers/" + file), scheme: scheme)
  }

  /// With a warm cache and without one.
  @Test(arguments: models.keys.sorted())
  func everyRowAgrees(fixture: String) throws {
    let rows = try ReferenceTests.rows(fixture)
    let tokenizer = try Self.tokenizer(fixture)
    let sessions = [tokenizer.session(cached: false), tokenizer.session(cached: true)]
    #expect(rows.count == 600)
    var encoding = Encoding()
    for round in 0..<2 {
      for row in rows {
        for session in sessions.dropFirst(round) {
          let utf8 = Array(row.text.utf8)
          utf8.withUnsafeBytes { session.encode($0, offsets: .scalars, into: &encoding) }
          #expect(encoding.ids == row.ids, "\(row.id)")
          let spans = encoding.spans.map { [$0.lowerBound, $0.upperBound] }
          #expect(spans == row.offsets, "\(row.id)")
          let tokens = encoding.ids.indices.map { tokenizer.token($0, of: encoding) }
          #expect(tokens == row.tokens.map { Array($0.utf8) }, "\(row.id)")
        }
      }
    }
  }

  struct ByteRow: Decodable {
    let tokenizer: String
    let bytesHex: String
    let tokens: [String]
    let ids: [Int32]
    let byteOffsets: [[Int]]

    enum CodingKeys: String, CodingKey {
      case tokenizer, tokens, ids
      case bytesHex = "bytes_hex"
      case byteOffsets = "byte_offsets"
    }

    var bytes: [UInt8] {
      let digits = Array(bytesHex)
      return stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0...$0 + 1]), radix: 16)
      }
    }
  }

  @Test func malformedBytesAgree() throws {
    let data = try AtomicFile.read(SharedData.path("fixtures/tokenizers/spm_invalid_utf8.jsonl"))
    let rows = try data.split(separator: 0x0A).map {
      try JSONDecoder().decode(ByteRow.self, from: $0)
    }
    #expect(rows.count == 64)
    var tokenizers: [String: SentencePieceTokenizer] = [:]
    for row in rows {
      let tokenizer = try tokenizers[row.tokenizer] ?? Self.tokenizer(row.tokenizer)
      tokenizers[row.tokenizer] = tokenizer
      let encoding = row.bytes.withUnsafeBytes { tokenizer.encode($0, offsets: .bytes) }
      #expect(encoding.ids == row.ids, "\(row.bytesHex)")
      #expect(
        encoding.spans.map { [$0.lowerBound, $0.upperBound] } == row.byteOffsets, "\(row.bytesHex)")
      let tokens = encoding.ids.indices.map { tokenizer.token($0, of: encoding) }
      #expect(tokens == row.tokens.map { Array($0.utf8) }, "\(row.bytesHex)")
    }
  }

  /// fairseq's ids: 0 <s>, 1 <pad>, 2 </s>, 3 <unk>, the rest moved up by one, <mask> last.
  @Test func schemesRenumber() throws {
    let plain = try Self.tokenizer("xlmr_rebuilt")
    let fairseq = try Self.tokenizer("xlmr_rebuilt", scheme: .xlmRoberta)
    let text = "The dog 🦄𒀀 Hund собака"
    let (left, right) = (plain.encode(text), fairseq.encode(text))
    #expect(right.ids == left.ids.map { $0 == 0 ? 3 : $0 + 1 })
    #expect(left.ids.contains(0))
    #expect(right.spans == left.spans)
    #expect(fairseq.vocabularySize == 250_002)
    #expect(fairseq.special == .init(padding: 1, unknown: 3, start: 0, end: 2, mask: 250_001))
    let names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    #expect([0, 1, 2, 3, 250_001].map(fairseq.pieceText) == names)
    for id in left.ids where id != 0 { #expect(fairseq.piece(id + 1) == plain.piece(id)) }
    #expect(fairseq.contentHash != plain.contentHash)

    let t5 = try Self.tokenizer("t5", scheme: .t5)
    #expect(t5.vocabularySize == 32_100)
    #expect(t5.pieceText(32_099) == "<extra_id_0>")
    #expect(t5.pieceText(32_000) == "<extra_id_99>")
    #expect(t5.special == .init(padding: 0, unknown: 2, end: 1))
    #expect(throws: TokenizerFailure.self) {
      _ = try Self.tokenizer("t5", scheme: .xlmRoberta)
    }
  }

  @Test func idsReadBackAsText() throws {
    for (fixture, text) in [("xlmr_rebuilt", "A dog, ein Hund"), ("mistral_v1", "a 𒀀 b  c")] {
      let tokenizer = try Self.tokenizer(fixture)
      #expect(tokenizer.decode(tokenizer.encode(text).ids) == text)
    }
  }
}
