import Foundation
import Testing
import XlingTestSupport

@testable import XlingData

@Suite struct CaptionTests {
  private struct Line: Decodable {
    let id: String
    let maximumWords: Int
    let input: String
    let output: String

    enum CodingKeys: String, CodingKey {
      case id
      case maximumWords = "max_words"
      case input = "in"
      case output = "out"
    }
  }

  private static let path = "fixtures/parity/captions/pre_caption.jsonl"

  @Test(.enabled(if: SharedData.exists(path), "needs ../shared/fixtures/parity/captions"))
  func liltsPreprocessingIsItsCode() throws {
    let file = try Data(contentsOf: URL(fileURLWithPath: SharedData.path(Self.path)))
    let lines = try file.split(separator: 0x0A).map {
      try JSONDecoder().decode(Line.self, from: Data($0))
    }
    #expect(lines.count > 100)
    for line in lines {
      let found = try CaptionPreprocessing.lilt.apply(
        line.input, language: "en", maximumWords: line.maximumWords)
      // Scalars: Swift takes canonically equal texts for equal.
      #expect(Array(found.unicodeScalars) == Array(line.output.unicodeScalars), "\(line.id)")
    }
  }

  @Test(arguments: [
    ("A dog -- runs, (fast)!", "en", "a dog runs fast"),
    ("Don't stop l\u{2019}eau 'quoted'", "fr", "don't stop l\u{2019}eau quoted"),
    ("DIŞARI çıktı. ISPARTA", "tr", "dışarı çıktı ısparta"),
    ("一只狗，在草地上跑。", "zh", "一只狗 在草地上跑"),
    ("ΟΔΟΣ", "el", "οδος"),
    ("nai\u{308}ve cafe\u{301} 🐶!", "fr", "na\u{ef}ve caf\u{e9} 🐶"),
    ("?!", "en", ""),
  ])
  func everyScriptHasItsRules(_ caption: String, _ language: String, _ expected: String) throws {
    let found = try CaptionPreprocessing.unicode.apply(
      caption, language: language, maximumWords: 30)
    #expect(Array(found.unicodeScalars) == Array(expected.unicodeScalars), "\(found)")
  }

  @Test func wordsAreLimitedAndNoneChangesNothing() throws {
    let text = " One  two-three, four "
    #expect(
      try CaptionPreprocessing.unicode.apply(text, language: "en", maximumWords: 2) == "one two")
    #expect(try CaptionPreprocessing.none.apply(text, language: "en", maximumWords: 1) == text)
  }
}
