import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite struct TrainerTests {
  static let lines = [
    "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
    "велосипед, пицца и кот", "велосипед и кот", "自行车和猫", "자전거와 고양이", "bisiklet ve kedi",
    "साइकिल और बिल्ली", "จักรยานและแมว", "İstanbul'da ışık", "cafe\u{301} caf\u{E9}",
  ]

  static func trainer(_ size: Int, minimum: Int64 = 1) -> WordPieceTrainer {
    var options = WordPieceTrainer.Options()
    options.vocabularySize = size
    options.minimumCharacterCount = minimum
    options.alphabetShare = 0.9
    return WordPieceTrainer(options)
  }

  /// The words of Sennrich et al. (2016), section 3.2, with WordPiece's marks. Ties go by bytes:
  /// "##es" goes before "##st" (both 9), "##ow" before "lo" (both 7).
  @Test func firstMergesAreTheMostFrequentPairs() throws {
    let vocabulary = try Self.trainer(35).train(lines: [Self.lines[0]])
    let alphabet = try #require(vocabulary.training).alphabet
    // d e i l n o r s t w in both forms.
    #expect(alphabet == 20)
    let merges = vocabulary.pieces.dropFirst(5 + alphabet).map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(Array(merges.prefix(3)) == ["##es", "##est", "##ow"])
  }

  /// Keeping counts up to date must give what counting anew before every merge gives.
  @Test func mergesEqualThoseOfRecounting() throws {
    let lines = ["banana bandana ananas aaaa aaa aabaab", "abab babab banana nanana xyxyx yxy"]
    let text = lines + lines
    let trained = try Self.trainer(60).train(lines: text)
    var counts = try WordCounts(configuration: .multilingual)
    for line in text { counts.add(line) }
    var words = counts.sortedIndices().map { index in
      let letters = counts.word(index).map { String(UnicodeScalar($0)) }
      return (
        symbols: [letters[0]] + letters.dropFirst().map { "##" + $0 }, weight: counts.counts[index]
      )
    }
    var known = Set(trained.pieces.prefix(5 + trained.training!.alphabet))
    for piece in trained.pieces.dropFirst(known.count) {
      while true {
        let (left, right) = Self.mostFrequentPair(words.map { ($0.symbols, $0.weight) })
        let merged = left + right.dropFirst(2)
        for at in words.indices { words[at].symbols = Self.merge(words[at].symbols, left, right) }
        if known.insert(Array(merged.utf8)).inserted {
          #expect(merged.utf8.elementsEqual(piece))
          break
        }
      }
    }
    #expect(trained.pieces.count > 40)
  }

  static func mostFrequentPair(_ words: [([String], Int64)]) -> (String, String) {
    var counts: [[String]: Int64] = [:]
    for (symbols, weight) in words {
      for at in symbols.indices.dropFirst() {
        counts[[symbols[at - 1], symbols[at]], default: 0] += weight
      }
    }
    let best = counts.min { left, right in
      let pieces = [left, right].map { Array(($0.key[0] + $0.key[1].dropFirst(2)).utf8) }
      return left.value != right.value
        ? left.value > right.value : pieces[0].lexicographicallyPrecedes(pieces[1])
    }
    return best.map { ($0.key[0], $0.key[1]) } ?? ("", "##")
  }

  static func merge(_ symbols: [String], _ left: String, _ right: String) -> [String] {
    var result: [String] = []
    var at = 0
    while at < symbols.count {
      if at + 1 < symbols.count, symbols[at] == left, symbols[at + 1] == right {
        result.append(left + right.dropFirst(2))
        at += 2
      } else {
        result.append(symbols[at])
        at += 1
      }
    }
    return result
  }

  @Test func sameTextSameVocabularyInAnyOrder() throws {
    let first = try Self.trainer(200).train(lines: Self.lines)
    let second = try Self.trainer(200).train(lines: Self.lines.reversed())
    #expect(first.pieces == second.pieces)
    #expect(first.contentHash == second.contentHash)
    let other = try Self.trainer(200).train(lines: Self.lines.dropLast(2))
    #expect(first.contentHash != other.contentHash)
  }

  @Test func trainedTextHasNoUnknowns() throws {
    let vocabulary = try Self.trainer(240).train(lines: Self.lines)
    let tokenizer = try BertTokenizer(vocabulary)
    for line in Self.lines { #expect(tokenizer.encode(line).unknownCount == 0, "\(line)") }
    // Both spellings were counted, and are encoded, as one word.
    #expect(tokenizer.encode("cafe\u{301}").ids == tokenizer.encode("caf\u{E9}").ids)
  }

  @Test func rareCharactersAreLeftOut() throws {
    let vocabulary = try Self.trainer(100, minimum: 2).train(lines: ["ab ab ab", "ax"])
    let pieces = Set(vocabulary.pieces)
    #expect(pieces.contains(Array("a".utf8)))
    #expect(!pieces.contains(Array("x".utf8)))
    #expect(vocabulary.training?.wordsWithDroppedCharacters == 1)
  }

  @Test func impossibleWishesAreRefused() throws {
    #expect(throws: TokenizerFailure.nothingToTrainOn) { try Self.trainer(100).train(lines: []) }
    #expect(throws: TokenizerFailure.vocabularyTooSmall(requested: 5, needed: 7)) {
      try Self.trainer(5).train(lines: Self.lines)
    }
  }

  @Test func writtenFolderReadsBackEqual() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/deep/mini"
    let vocabulary = try Self.trainer(240).train(lines: Self.lines)
    let definition = TokenizerDefinition(
      name: "mini", data: "CLDR \"42\"", licence: "Unicode-3.0", command: "xling tokenizer train")
    for _ in 0..<2 { try vocabulary.write(to: path, definition: definition) }
    let read = try BertTokenizer(folder: path)
    let made = try BertTokenizer(vocabulary)
    #expect(read.contentHash == made.contentHash)
    #expect(read.configuration == vocabulary.configuration)
    for line in Self.lines { #expect(read.encode(line) == made.encode(line)) }
    let card = String(decoding: try AtomicFile.read(path + "/definition.toml"), as: UTF8.self)
    #expect(card.contains("data = \"CLDR \\\"42\\\"\"\n"))
    #expect(card.contains("vocabulary_size = \(vocabulary.pieces.count)\n"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/deep") == ["mini"])
  }

  @Test func aFolderOfOtherThingsIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("precious", to: folder.path + "/notes.txt")
    let vocabulary = try Self.trainer(240).train(lines: Self.lines)
    #expect(throws: FileFailure.self) { try vocabulary.write(to: folder.path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
  }
}
