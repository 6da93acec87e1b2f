import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

@Suite struct SentenceCorpusTests {
  private func corpus(_ files: [String: String]) throws -> SentenceCorpus {
    let folder = try TemporaryFolder()
    for (name, text) in files { try AtomicFile.write(text, to: folder.path + "/" + name) }
    return try SentenceCorpus.load(folder.path)
  }

  @Test func linesAndTranslationsAreReadAndATenthIsKeptApart() throws {
    let lines = (0..<2_000).map { "Satır \($0)" }
    let pairs = (0..<500).map { #"{"en": "Line \#($0)", "ko": "줄 \#($0)"}"# }
    let corpus = try corpus([
      "tr.txt": "\u{FEFF}" + (lines + ["", "  ", lines[0]]).joined(separator: "\r\n") + "\r\n",
      "parallel.jsonl": pairs.joined(separator: "\n"),
    ])
    #expect(corpus.languages == ["en", "ko", "tr"])
    let (seen, unseen) = (corpus.sentences["tr"] ?? [], corpus.unseenSentences["tr"] ?? [])
    #expect(Set(seen + unseen) == Set(lines) && seen.count + unseen.count == 2_000)
    #expect((4...20).contains(unseen.count))
    #expect(corpus.translations.count + corpus.unseenTranslations.count == 500)
    #expect((30...70).contains(corpus.unseenTranslations.count))
    #expect(corpus.translations.allSatisfy { $0.count == 2 })
  }

  @Test func badFoldersAndLinesAreNamed() throws {
    let empty = try TemporaryFolder()
    #expect(throws: DataFailure.missingTexts(path: empty.path)) {
      try SentenceCorpus.load(empty.path)
    }
    #expect(throws: DataFailure.missingTexts(path: empty.path + "/none")) {
      try SentenceCorpus.load(empty.path + "/none")
    }
    for line in ["[]", "{}", #"{"en": 3}"#, #"{"en": "open"#] {
      #expect {
        _ = try corpus(["all.jsonl": #"{"en": "fine"}"# + "\n" + line])
      } throws: {
        if case .badLine(_, 2, _, _)? = $0 as? DataFailure { true } else { false }
      }
    }
    try Data([0x61, 0x0A, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: empty.path + "/tr.txt"))
    #expect(
      throws: TextFailure.notUTF8(path: empty.path + "/tr.txt", line: 2, offset: 2, byte: 0xFF)
    ) { try SentenceCorpus.load(empty.path) }
  }
}

@Suite struct CaptionWordsTests {
  @Test func frequentWordsAreLeftOutAndRareOnes() {
    let captions = (0..<100).map { index in
      ["A dog, the DOG!", index < 30 ? "Red ball" : "a cat", index == 5 ? "unicorn" : "a"]
    }
    let words = CaptionWords(captions: captions, minimumPictures: 20, maximumShare: 0.75)
    #expect(words.words == ["ball", "cat", "red"])
    #expect(words.labels(of: captions[5]) == [0, 2])
    #expect(words.labels(of: ["A dog"]).isEmpty)
  }
}
