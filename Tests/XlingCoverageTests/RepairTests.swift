import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTokenizers

@testable import XlingCoverage

@Suite("pieces that save most tokens, counted by hand")
struct RepairTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tokenizer(_ pieces: [String]) throws -> any Tokenizer {
    let file = folder.path + "/vocab.txt"
    let all = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + pieces
    try AtomicFile.write(all.map { $0 + "\n" }.joined(), to: file)
    var options = TokenizerOptions()
    options.lowercase = false
    return try TokenizerSource.load(file, options: options)
  }

  private func learn(
    _ pieces: [String], _ lines: [String], _ count: Int, fewest: Int = 1
  ) throws -> VocabularyRepair.Learned {
    var repair = VocabularyRepair(try tokenizer(pieces))
    #expect(try repair.add(CoverageText(lines: lines, name: "toy")) == lines.count)
    return try repair.learn(count, fewest: fewest)
  }

  /// Words abc ×3, ab ×2, xbc ×2, of known pieces. Costs: 3, 2 and 3 tokens. "##b##c" stands five times and
  /// saves 5; "abc" three times at two tokens each saves 6 and comes first; "ab" saves 2 in what is left, "xbc"
  /// 4, "##bc" 2.
  @Test func longRunsNeedNoRowForTheirParts() throws {
    let lines = ["abc ab xbc", "abc ab xbc", "abc"]
    let learned = try learn(["a", "x", "##b", "##c"], lines, 3)
    #expect(learned.pieces.map(\.piece) == ["abc", "xbc", "ab"])
    #expect(learned.saved == [6, 4, 2] && learned.cost == 19)
    #expect(learned.pieces.map(\.parts) == [[5, 7, 8], [6, 7, 8], [5, 7]])
    #expect(learned.pieces.allSatisfy { $0.score == nil })
    // None is left that saves anything.
    #expect(try learn(["a", "x", "##b", "##c"], lines, 9).pieces.count == 3)
    #expect(try learn(["a", "x", "##b", "##c"], lines, 9, fewest: 5).saved == [6])
  }

  /// The word is unknown for its д alone: a costs 1, ##д two bytes, ##b 1. Rows of its parts are those of its
  /// pieces and the unknown one's.
  @Test func lackingCharactersCountAtTheirBytes() throws {
    let learned = try learn(["a", "##b"], ["aдb aд"], 2)
    #expect(learned.cost == 4 + 3)
    // "aдb" saves 3, "aд" 2 + 2 in both words.
    #expect(learned.pieces.map(\.piece) == ["aд", "aдb"])
    #expect(learned.saved == [4, 1])
    #expect(learned.pieces.map(\.parts) == [[5, 1], [5, 1, 6]])
  }

  @Test func learnedPiecesAreUsedByTheExtendedTokenizer() throws {
    let base = try tokenizer(["a", "##b"])
    let learned = try learn(["a", "##b"], ["aдb aд"], 2)
    let new = VocabularyExtension(
      tokenizer: base.contentHash, firstId: base.vocabularySize, pieces: learned.pieces)
    try AtomicFile.createFolder(folder.path + "/t")
    try AtomicFile.write(
      try AtomicFile.read(folder.path + "/vocab.txt"), to: folder.path + "/t/vocab.txt")
    try AtomicFile.write(
      #"{"do_lower_case": false}"#, to: folder.path + "/t/tokenizer_config.json")
    let inFolder = try TokenizerSource.load(folder.path + "/t")
    let extended = try VocabularyExtension(
      tokenizer: inFolder.contentHash, firstId: new.firstId, pieces: new.pieces
    ).tokenizer(of: folder.path + "/t", file: "f")
    #expect(extended.encode("aдb aд a").ids == [8, 7, 5])
  }

  @Test func theOrderOfLinesDoesNotMatter() throws {
    let lines = ["kedi köpek", "kedi kuş", "köpekler kediler", "kuş kuşlar"]
    let letters = "kedipöuşlar".map { String($0) }
    let pieces = letters + letters.map { "##" + $0 }
    let learned = try learn(pieces, lines, 6)
    #expect(try learn(pieces, lines.reversed(), 6) == learned)
    #expect(learned.pieces.first?.piece == "kedi")
  }

  @Test func unigramPiecesGetScores() throws {
    // ▁ and the letters at −3; "▁ab" three times in 3 · 3 tokens: ln (3 / 9).
    var options = SentencePieceTrainingOptions()
    options.vocabularySize = 7
    var corpus = try SentencePieceCorpus()
    corpus.add(CollectionOfOne(Array("a b".utf8)))
    let trained = try UnigramTrainer(options).train(corpus)
    try AtomicFile.write(trained.model.serialized, to: folder.path + "/m.model")
    let base = try TokenizerSource.load(folder.path + "/m.model")
    var repair = VocabularyRepair(base)
    _ = try repair.add(CoverageText(lines: ["ab ab ab"], name: "toy"))
    let learned = try repair.learn(1)
    let best = try #require(learned.pieces.first)
    let parts = base.encode("ab").ids
    #expect(best.piece == "▁ab" && best.parts == parts && learned.saved == [3 * (parts.count - 1)])
    let share = log(Float(3) / Float(3 * parts.count))
    let sum = parts.reduce(Float(0)) { $0 + (base.unigramScore($1) ?? 0) }
    #expect(best.score == max(share, sum + 0.1))
    let extended = try VocabularyExtension(
      tokenizer: base.contentHash, firstId: base.vocabularySize, pieces: learned.pieces
    ).tokenizer(of: folder.path + "/m.model", file: "f")
    #expect(extended.encode("ab").ids == [Int32(base.vocabularySize)])
  }

  @Test func blankTextsAreRefused() throws {
    var repair = VocabularyRepair(try tokenizer(["a"]))
    #expect(throws: CoverageFailure.noLines(name: "toy")) {
      try repair.add(CoverageText(lines: [" ", ""], name: "toy"))
    }
  }
}
