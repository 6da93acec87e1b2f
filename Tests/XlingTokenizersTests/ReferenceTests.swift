import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Every row that Hugging Face tokenizers 0.23.3 produced: tokens, ids and offsets.
@Suite(.enabled(if: SharedData.exists("fixtures/tokenizers"), "needs ../shared/fixtures"))
struct ReferenceTests {
  struct Row: Decodable {
    let id: String
    let text: String
    let tokens: [String]
    let ids: [Int32]
    let offsets: [[Int]]
  }

  static func rows(_ name: String) throws -> [Row] {
    let data = try AtomicFile.read(SharedData.path("fixtures/tokenizers/\(name)/public.jsonl"))
    return try data.split(separator: 0x0A).map { try JSONDecoder().decode(Row.self, from: $0) }
  }

  static func tokenizer(_ folder: String, lowercase: Bool) throws -> BertTokenizer {
    let file = SharedData.path("data/tokenizers/\(folder)/vocab.txt")
    var configuration = BertConfiguration()
    configuration.lowercase = lowercase
    let vocabulary = try WordPieceVocabulary(
      text: try AtomicFile.read(file), configuration: configuration, file: file)
    return try BertTokenizer(vocabulary, file: file)
  }

  @Test(arguments: [
    ("mbert_cased", "bert-base-multilingual-cased", false),
    ("bert_base_uncased", "bert-base-uncased", true),
    ("bert_base_chinese", "bert-base-chinese", false),
  ])
  func everyRowAgrees(fixture: String, folder: String, lowercase: Bool) throws {
    let rows = try Self.rows(fixture)
    let tokenizer = try Self.tokenizer(folder, lowercase: lowercase)
    #expect(rows.count == 600)
    for row in rows {
      let encoding = tokenizer.encode(row.text)
      #expect(encoding.ids == row.ids, "\(row.id)")
      #expect(encoding.spans.map { [$0.lowerBound, $0.upperBound] } == row.offsets, "\(row.id)")
      let pieces = encoding.ids.map { tokenizer.piece($0) }
      #expect(pieces == row.tokens.map { Array($0.utf8) }, "\(row.id)")
    }
  }

  struct Caption: Decodable {
    let id: String
    let caption: String
    let trainIds: [Int32]

    enum CodingKeys: String, CodingKey {
      case id, caption
      case trainIds = "train_ids"
    }
  }

  /// LilT's own small tokenizers, read as folders: start token, pieces, no end token; cut at 25.
  @Test(
    .enabled(if: SharedData.exists("fixtures/parity/captions"), "needs ../shared/fixtures"),
    arguments: ["tokenizer_cased", "tokenizer_uncased"])
  func captionsAgreeWithLilT(name: String) throws {
    let folder = SharedData.path("fixtures/parity/captions/" + name)
    let tokenizer = try BertTokenizer(folder: folder)
    let data = try AtomicFile.read(folder + "/cases.jsonl")
    let rows = try data.split(separator: 0x0A).map {
      try JSONDecoder().decode(Caption.self, from: $0)
    }
    #expect(rows.count == 100)
    for row in rows {
      let ids = [tokenizer.special.start] + tokenizer.encode(row.caption, maximumTokens: 24).ids
      #expect(ids == row.trainIds, "\(row.id)")
    }
  }
}
