import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Which tokenizer a path is taken for, and what is said where it is none.
@Suite struct TokenizerSourceTests {
  static func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files { try AtomicFile.write(text, to: folder.path + "/" + name) }
    return folder
  }

  static func message(
    _ files: [String: String], _ name: String = "", _ options: TokenizerOptions = .init()
  ) throws -> TokenizerFailure {
    let folder = try folder(files)
    return try #require(throws: TokenizerFailure.self) {
      try TokenizerSource.load(folder.path + name, options: options)
    }
  }

  @Test func aBareVocabularyNeedsTheFlag() throws {
    let files = ["vocab.txt": FolderTests.vocabulary]
    let error = try Self.message(files)
    #expect(error.description.contains("say --lowercase or --no-lowercase"))
    #expect(error.exitStatus == .usage)
    #expect(try Self.message(files, "/vocab.txt") != .nothingToTrainOn)
    var options = TokenizerOptions()
    options.lowercase = true
    let folder = try Self.folder(files)
    for path in [folder.path, folder.path + "/vocab.txt"] {
      let tokenizer = try TokenizerSource.load(path, options: options)
      #expect(tokenizer.encode("AA").ids == [5, 6])
    }
    options.lowercase = false
    #expect(try TokenizerSource.load(folder.path, options: options).encode("AA").ids == [1])
  }

  @Test func theFlagGoesBeforeTheConfiguration() throws {
    let folder = try Self.folder([
      "vocab.txt": FolderTests.vocabulary, "tokenizer_config.json": "{\"do_lower_case\": true}",
    ])
    var options = TokenizerOptions()
    #expect(try TokenizerSource.load(folder.path).encode("A").ids == [5])
    options.lowercase = false
    #expect(try TokenizerSource.load(folder.path, options: options).encode("A").ids == [1])
  }

  /// A model beside an XLM-R tower is numbered as the tower's embeddings are, not as the model is.
  @Test(arguments: [
    ("xlm-roberta", SentencePieceScheme.xlmRoberta), ("mt5", .t5), ("bert", .sentencepiece),
  ])
  func theTowerDecidesHowPiecesAreNumbered(family: String, scheme: SentencePieceScheme) throws {
    let model = try Assets.path("tokenizers") + "/mini-unigram/spiece.model"
    let folder = try Self.folder(["config.json": "{\"model_type\": \"\(family)\"}"])
    try AtomicFile.write(try AtomicFile.read(model), to: folder.path + "/spiece.model")
    var options = TokenizerOptions()
    options.scheme = scheme
    let expected = try TokenizerSource.load(model, options: options).encode("red apple").ids
    #expect(try TokenizerSource.load(folder.path).encode("red apple").ids == expected)
  }

  @Test func foldersWithoutATokenizerSayWhatTheyHold() throws {
    #expect(try Self.message([:]).description.contains("found nothing"))
    #expect(try Self.message(["notes.md": ""]).description.contains("found notes.md"))
    #expect(
      try Self.message(["a.model": "", "b.model": ""]).description
        .contains("several models: a.model, b.model"))
    #expect(try Self.message(["vocab.csv": ""], "/vocab.csv").description.contains("another name"))
    let error = try #require(throws: FileFailure.self) { try TokenizerSource.load("/no/where") }
    #expect(error.exitStatus == .missingInput)
  }

  @Test func optionsOfTheOtherKindAreRefused() throws {
    var options = TokenizerOptions()
    options.scheme = .t5
    options.lowercase = true
    let error = try Self.message(["vocab.txt": FolderTests.vocabulary], "", options)
    #expect(error.description.contains("a SentencePiece scheme means nothing"))
    let json = try #require(throws: TokenizerFailure.self) {
      var options = TokenizerOptions()
      options.lowercase = true
      return try TokenizerSource.load(Fixtures.path("tokenizers/unigram.json"), options: options)
    }
    #expect(json.exitStatus == .usage)
  }

  @Test func recordsOfJSON() throws {
    func text(_ line: String) throws -> String {
      let bytes = Array(line.utf8)
      return String(
        decoding: try bytes.withUnsafeBytes { try TextRecord.text($0, source: "s", line: 7) },
        as: UTF8.self)
    }
    #expect(
      try text(#" {"id": [1, {"a": null}], "text": "a\"\u00e9\ud83d\ude00\n"} "#) == "a\"é😀\n")
    for (line, found) in [
      ("", "a JSON value"), ("{\"text\": 1}", "the number 1"), ("[]", "a list"),
      ("{\"text\": \"\\ud800\"}", "the other half"), ("{\"text\": \"a\"} x", "nothing more"),
      ("{\"text\": \"a", "a closing quote"), ("{\"text\": \"a\\x\"}", "an escape of JSON"),
      (String(repeating: "[", count: 100_000), "at most 64 levels"),
    ] {
      let error = try #require(throws: TokenizerFailure.self) { try text(line) }
      #expect(error.description.hasPrefix("s:7: expected "), "\(error)")
      #expect(error.description.contains(found), "\(error)")
    }
  }
}
