import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite("new pieces behind a tokenizer's own")
struct VocabularyExtensionTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/bert")
    try AtomicFile.write(
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##b", "##c"].joined(separator: "\n")
        + "\n",
      to: folder.path + "/bert/vocab.txt")
    try AtomicFile.write(
      #"{"tokenizer_class": "BertTokenizer", "do_lower_case": true}"#,
      to: folder.path + "/bert/tokenizer_config.json")
    try AtomicFile.createFolder(folder.path + "/unigram")
    try AtomicFile.write(
      SentencePieceModelTests.model(.unigram).serialized, to: folder.path + "/unigram/m.model")
  }

  private func extending(
    _ name: String, _ pieces: [VocabularyExtension.Piece]
  ) throws -> VocabularyExtension {
    let base = try TokenizerSource.load(folder.path + "/" + name)
    return VocabularyExtension(
      tokenizer: base.contentHash, firstId: base.vocabularySize, pieces: pieces)
  }

  private func texts(_ text: String, _ tokenizer: any Tokenizer) -> [String] {
    let encoding = tokenizer.encode(text)
    return encoding.ids.indices.map {
      String(decoding: tokenizer.token($0, of: encoding), as: UTF8.self)
    }
  }

  @Test func wordPieceTakesTheLongest() throws {
    let new = try extending(
      "bert",
      [
        .init(piece: "##bc", parts: [6, 7]), .init(piece: "д", parts: [1]),
        .init(piece: "##c\u{301}", parts: [7]),
      ])
    let base = try TokenizerSource.load(folder.path + "/bert")
    let tokenizer = try new.tokenizer(of: folder.path + "/bert", file: "f")
    #expect(texts("abc д", base) == ["a", "##b", "##c", "[UNK]"])
    #expect(texts("abc д", tokenizer) == ["a", "##bc", "д"])
    #expect(tokenizer.encode("abc д").ids == [5, 8, 9] && tokenizer.vocabularySize == 11)
    #expect(tokenizer.contentHash != base.contentHash && tokenizer.special == base.special)
    // What an exported folder holds is the same tokenizer.
    let files = try new.files(of: folder.path + "/bert")
    #expect(files.keys.sorted() == ["tokenizer_config.json", "vocab.txt"])
    try AtomicFile.createFolder(folder.path + "/copy")
    for (name, data) in files { try AtomicFile.write(data, to: folder.path + "/copy/" + name) }
    #expect(
      try TokenizerSource.load(folder.path + "/copy").contentHash == tokenizer.contentHash)
  }

  @Test func unigramTakesTheLikelier() throws {
    let new = try extending(
      "unigram",
      [.init(piece: "▁д", parts: [0], score: -5), .init(piece: "ba", parts: [5, 4], score: -5)])
    let path = folder.path + "/unigram"
    let base = try TokenizerSource.load(path)
    let tokenizer = try new.tokenizer(of: path, file: "f")
    #expect(texts("ba д", base) == ["▁", "b", "a", "▁", "д"])
    #expect(texts("ba д", tokenizer) == ["▁", "ba", "▁д"])
    #expect(tokenizer.vocabularySize == base.vocabularySize + 2)
    let files = try new.files(of: path)
    try AtomicFile.write(try #require(files["m.model"]), to: folder.path + "/copy.model")
    #expect(
      try TokenizerSource.load(folder.path + "/copy.model").contentHash == tokenizer.contentHash)
    let unscored = try extending("unigram", [.init(piece: "ba", parts: [5])])
    #expect(throws: TokenizerFailure.self) { try unscored.tokenizer(of: path, file: "f") }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    func words(
      _ name: String, _ piece: VocabularyExtension.Piece,
      _ change: (inout VocabularyExtension) -> Void = { _ in }
    ) throws -> String {
      var new = try extending(name, [piece])
      change(&new)
      do {
        _ = try new.tokenizer(of: folder.path + "/" + name, file: "new.json")
        return ""
      } catch { return "\(error)" }
    }
    let good = VocabularyExtension.Piece(piece: "##d", parts: [1])
    #expect(try words("bert", good) == "")
    #expect(try words("bert", .init(piece: "a", parts: [1])).contains("\"a\", which it has"))
    #expect(try words("bert", .init(piece: "x", parts: [8])).contains("ids, 0 to 7"))
    #expect(try words("bert", .init(piece: "x", parts: [])).contains("found none"))
    #expect(try words("bert", .init(piece: "x\ny", parts: [1])).contains("pieces of one line"))
    #expect(try words("bert", good) { $0.pieces += $0.pieces }.contains("every piece once"))
    #expect(try words("bert", good) { $0.pieces = [] }.contains("found none"))
    #expect(try words("bert", good) { $0.tokenizer = "other" }.contains("pieces for the tokenizer"))
    // A piece is its bytes: the decomposed spelling is another one.
    #expect(try words("bert", .init(piece: "a\u{301}", parts: [1])) == "")
    try AtomicFile.createFolder(folder.path + "/bpe")
    try AtomicFile.write(
      SentencePieceModelTests.model(.bpe).serialized, to: folder.path + "/bpe/m.model")
    #expect(try words("bpe", .init(piece: "ba", parts: [1], score: 0)).contains("a BPE model"))
    try AtomicFile.write(
      #"{"tokenizer_class": "XLMRobertaTokenizer"}"#,
      to: folder.path + "/unigram/tokenizer_config.json")
    #expect(throws: (any Error).self) {
      try TokenizerSource.load(folder.path + "/unigram").checkIsExtensible(
        folder.path + "/unigram")
    }
  }

  @Test func filesAreReadStrictly() throws {
    let path = folder.path + "/new.json"
    let file = VocabularyExtensionFile(
      try extending("bert", [.init(piece: "д", parts: [1])]),
      texts: [.init(language: "ru", name: "ru.txt", lines: 3)], saved: [7])
    try file.write(to: path)
    #expect(try VocabularyExtensionFile.read(path) == file)
    func words(_ text: String) throws -> String {
      try AtomicFile.write(text, to: path)
      do {
        _ = try VocabularyExtensionFile.read(path)
        return ""
      } catch { return "\(error)" }
    }
    #expect(try words(" \n").contains("an empty file"))
    #expect(try words("{}").contains("key"))
    let text = String(decoding: try JSONEncoder().encode(file), as: UTF8.self)
    #expect(try words(text) == "")
    #expect(
      try words(text.replacing("\"saved\"", with: "\"sawed\":1,\"saved\"")).contains("sawed"))
    #expect(try words(text.replacing("\"version\":1", with: "\"version\":2")).contains("version"))
  }
}
