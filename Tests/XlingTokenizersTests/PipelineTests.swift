import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// tokenizer.json of every kind: expectations by hand from tokenizers' rules, and the rows that the
/// library itself gave where they are at hand.
@Suite struct PipelineTests {
  /// Byte-level merges of a handful of pieces. Ids: the 256 bytes, then what is given.
  static func byteLevel(_ merges: [(String, String)], _ parts: String) throws -> any Tokenizer {
    var pieces = (0..<256).map { String(decoding: ByteCharacters.text(UInt8($0)), as: UTF8.self) }
    for (left, right) in merges where !pieces.contains(left + right) { pieces.append(left + right) }
    let vocabulary = pieces.enumerated().map { "\(JSONNode.quoted($1)):\($0)" }
    let list = merges.map { "[\(JSONNode.quoted($0.0)),\(JSONNode.quoted($0.1))]" }
    let text = """
      {\(parts), "model": {"type": "BPE", "vocab": {\(vocabulary.joined(separator: ","))},
      "merges": [\(list.joined(separator: ","))]}}
      """
    return try TokenizerJSON(Array(text.utf8), file: "t.json").tokenizer(.init())
  }

  static let plain = #""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}"#

  @Test func mergesByRankAndBytesSpanTheirCharacter() throws {
    let tokenizer = try Self.byteLevel([("a", "b"), ("b", "c"), ("Ġ", "ab")], Self.plain)
    // "ab" goes before "bc", though both could; the space joins what follows it.
    let encoding = tokenizer.encode("abc abc é")
    #expect(encoding.ids.map(tokenizer.pieceText) == ["ab", "c", "Ġab", "c", "Ġ", "Ã", "©"])
    #expect(encoding.spans == [0..<2, 2..<3, 3..<6, 6..<7, 7..<8, 8..<9, 8..<9])
    let bytes = tokenizer.encode("é", offsets: .bytes)
    #expect(bytes.spans == [0..<2, 0..<2])
  }

  @Test func trimmingTakesTheSpaceOutOfSpans() throws {
    let tokenizer = try Self.byteLevel(
      [("Ġ", "a")], Self.plain + #", "post_processor": {"type": "ByteLevel", "trim_offsets": true}"#
    )
    #expect(tokenizer.encode("b a").spans == [0..<1, 2..<3])
  }

  /// GPT-2's and Llama 3's expressions, by hand.
  @Test func expressions() {
    func cut(_ text: String, _ pattern: WordPattern) -> [String] {
      var text = text
      return text.withUTF8 { bytes in
        guard let base = bytes.baseAddress else { return [] }
        var (words, at): ([String], Int) = ([], 0)
        while at < bytes.count {
          guard let end = pattern.end(base, at, bytes.count, PatternClass.table.reader) else {
            at += UTF8Scalar.length(base[at])
            continue
          }
          words.append(String(decoding: bytes[at..<end], as: UTF8.self))
          at = end
        }
        return words
      }
    }
    #expect(
      cut("it's  a1 b!'s\n\n x ", .gpt2)
        == ["it", "'s", " ", " a", "1", " b", "!'", "s", "\n\n", " x", " "])
    #expect(
      cut("IT'S 12345\n\n  x!\n.y", .llama3(digits: 3))
        == ["IT", "'S", " ", "123", "45", "\n\n", " ", " x", "!\n", ".y"])
    #expect(
      cut("you're 42 <|x|>", .clip(hasMarkers: true)) == ["you", "'re", "4", "2", "<|", "x", "|>"])
  }

  /// Tokens of the raw text first, then those of normalized text, their own text normalized.
  @Test func addedTokensAreFoundInTwoPasses() throws {
    let added = """
      "normalizer": {"type": "Lowercase"}, "added_tokens": [
      {"id": 256, "content": "<RAW>", "normalized": false, "rstrip": true},
      {"id": 257, "content": "<Low>", "normalized": true},
      {"id": 258, "content": "word", "normalized": false, "single_word": true}], \(Self.plain)
      """
    let tokenizer = try Self.byteLevel([], added)
    let encoding = tokenizer.encode("<RAW>  <LOW><raw> word words")
    #expect(encoding.ids.prefix(2) == [256, 257])
    #expect(encoding.spans.prefix(2) == [0..<7, 7..<12])
    #expect(encoding.ids.count { $0 == 258 } == 1)
    #expect(encoding.ids.count { $0 == 256 } == 1)
  }

  /// An id that the vocabulary does not leave free is a contradiction.
  @Test func addedTokensLeaveNoGap() throws {
    let error = try #require(throws: TokenizerFailure.self) {
      try Self.byteLevel([], Self.plain + #", "added_tokens": [{"id": 300, "content": "<x>"}]"#)
    }
    #expect(error.description.contains("the id 256"))
  }

  static let folder = "fixtures/tokenizers_more"

  struct Row: Decodable {
    let text: String
    let ids: [Int32]
    let offsets: [[Int]]?
  }

  /// Every public row, cached and not.
  @Test(
    .enabled(if: SharedData.exists(folder), "needs ../shared/fixtures/tokenizers_more"),
    arguments: [
      "bert_added", "clip", "gpt2", "gpt2_prefix", "llama2", "llama3", "llama3_merges",
      "metaspace_always", "metaspace_first", "metaspace_never", "mmbert", "modernbert", "roberta",
      "roberta_prefix", "siglip", "siglip2", "siglip_json", "t5_json", "wordpiece",
      "wordpiece_keep",
      "wordpiece_no_clean", "wordpiece_strip", "xlmr",
    ])
  func referenceRows(name: String) throws {
    let folder = SharedData.path(Self.folder + "/" + name)
    let tokenizer = try TokenizerSource.load(folder)
    let sessions = [tokenizer.session(cached: true), tokenizer.session(cached: false)]
    var encoding = Encoding()
    for line in try AtomicFile.read(folder + "/public.jsonl").split(separator: 0x0A) {
      let row = try JSONDecoder().decode(Row.self, from: line)
      for session in sessions {
        var text = row.text
        text.withUTF8 {
          session.encode(UnsafeRawBufferPointer($0), offsets: .scalars, into: &encoding)
        }
        #expect(encoding.ids == row.ids, "\(row.text)")
        if let offsets = row.offsets {
          #expect(encoding.spans.map { [$0.lowerBound, $0.upperBound] } == offsets, "\(row.text)")
        }
      }
    }
  }
}
