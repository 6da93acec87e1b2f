import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Encoding word by word from the cache must give what encoding texts as a whole gives.
@Suite struct SentencePieceWordsTests {
  /// Spaces of all kinds, marks, ties between segmentations, characters that normalization removes,
  /// joins or multiplies, characters that hardly a vocabulary has, and malformed bytes.
  static let oddities: [[UInt8]] =
    [
      " ", "  ", "   ", "\u{A0}", "\u{3000}", "\u{200B}", "\u{2581}", "\t", "\u{0}", "\u{7F}",
      "\u{301}", "\u{323}", "e\u{301}", "가\u{11A8}", "\u{1100}\u{1161}", "㍿", "ﬁ", "…", "...",
      "0000", "000000000", "xxxx", "aaaaaaaaaaaa", "--------", "\u{AD}", "\u{FEFF}", "𝕏", "😀👍",
      "𓀀𓀁", "ꙮ", "<s>", "<unk>", "<0x41>", "猫と自転車", "ไม่มีช่องว่าง", "ﷺ", "½", "Å",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x96], [0xED, 0xA0, 0x80], [0xC0, 0x80]]

  /// Words that come again, made of a vocabulary's pieces, and in between the oddities.
  static func line(_ number: Int, _ tokenizer: SentencePieceTokenizer) -> [UInt8] {
    var stream = RandomStream(seed: 3, "words", number)
    var line: [UInt8] = []
    for _ in 0..<stream.index(12) {
      if stream.index(4) > 0 { line.append(0x20) }
      // The square makes a few pieces come often.
      let share = Double(stream.index(1 << 20)) / Double(1 << 20)
      for _ in 0..<1 + stream.index(3) {
        let id = Int32(share * share * share * Double(tokenizer.vocabularySize))
        let piece = String(decoding: tokenizer.piece(id), as: UTF8.self)
        line += piece.replacing("\u{2581}", with: stream.index(9) == 0 ? " " : "").utf8
      }
      if stream.index(8) == 0 { line += oddities[stream.index(oddities.count)] }
    }
    return line
  }

  static func check(_ tokenizer: SentencePieceTokenizer, lines: Int) {
    #expect(tokenizer.encodesWordsAlone)
    let (warm, cold) = (tokenizer.session(cached: true), tokenizer.session(cached: false))
    var (one, other) = (Encoding(), Encoding())
    var different = 0
    for number in 0..<lines {
      let unit = number % 2 == 0 ? OffsetUnit.scalars : .bytes
      let line = line(number, tokenizer)
      line.withUnsafeBytes {
        warm.encode($0, offsets: unit, into: &one)
        cold.encode($0, offsets: unit, into: &other)
      }
      if one != other { different += 1 }
      if one != other, different < 4 {
        Issue.record("line \(number): \(String(decoding: line, as: UTF8.self)): \(one), \(other)")
      }
    }
    #expect(different == 0)
  }

  @Test func shippedUnigram() throws {
    let file = try Assets.path("tokenizers") + "/mini-unigram/spiece.model"
    Self.check(try SentencePieceTokenizer(model: file), lines: 40_000)
  }

  @Test(
    .enabled(if: SharedData.exists("data/tokenizers"), "needs ../shared/data"),
    arguments: ["xlmr_rebuilt", "t5", "mistral_v1"])
  func publishedModels(fixture: String) throws {
    let tokenizer = try SentencePieceReferenceTests.tokenizer(fixture)
    Self.check(tokenizer, lines: 100_000)
  }
}
