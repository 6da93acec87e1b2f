import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite struct FolderTests {
  static let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\n"

  static func read(vocabulary: String?, configuration: String?) throws -> BertTokenizer {
    let folder = try TemporaryFolder()
    if let vocabulary { try AtomicFile.write(vocabulary, to: folder.path + "/vocab.txt") }
    if let configuration {
      try AtomicFile.write(configuration, to: folder.path + "/tokenizer_config.json")
    }
    return try BertTokenizer(folder: folder.path)
  }

  @Test func aPlainFolderReads() throws {
    let tokenizer = try Self.read(
      vocabulary: Self.vocabulary,
      configuration: """
        {"do_lower_case": false, "strip_accents": null, "model_max_length": 1e30,
         "mask_token": {"content": "[MASK]", "lstrip": false}, "tokenizer_class": "BertTokenizer"}
        """)
    #expect(tokenizer.vocabularySize == 7)
    #expect(!tokenizer.configuration.lowercase)
    #expect(tokenizer.configuration.maximumLength == nil)
    #expect(tokenizer.special.mask == 4)
    #expect(tokenizer.ids(of: "aaa", maximumLength: 8) == [2, 5, 6, 6, 3])
  }

  @Test(arguments: [
    ("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n", "has no line \"[MASK]\""),
    ("[PAD]\n[UNK]\n\n", ":3: expected a piece, found an empty line"),
    ("[PAD]\r\n[UNK]\r\n", ":1: expected lines that end with LF, found CR LF"),
    (vocabulary + "a\n", ":8: expected a piece not seen before, found \"a\" again (line 6)"),
    ("", "has no line \"[PAD]\""),
  ])
  func badVocabulariesAreRefused(text: String, message: String) throws {
    let error = try #require(throws: TokenizerFailure.self) {
      try Self.read(vocabulary: text, configuration: "{}")
    }
    #expect(error.description.contains(message), "\(error)")
    #expect(error.exitStatus == .badData)
  }

  @Test(arguments: [
    ("[]", "expected a JSON object"),
    ("{", "expected a JSON object"),
    ("{\"do_lower_case\": 1}", "do_lower_case: expected true or false, found the number 1"),
    ("{\"do_lowercase\": true}", "do_lowercase: expected no such key"),
    ("{\"xling_normalization\": \"nfd\"}", "\"none\", \"nfc\" or \"nfkc\""),
    ("{\"model_max_length\": 1}", "a number >= 2"),
    ("{\"pad_token\": \"[UNK]\"}", "five different tokens"),
    ("{\"do_basic_tokenize\": false}", "do_basic_tokenize"),
  ])
  func badConfigurationsAreRefused(text: String, message: String) throws {
    let error = try #require(throws: TokenizerFailure.self) {
      try Self.read(vocabulary: Self.vocabulary, configuration: text)
    }
    #expect(error.description.contains(message), "\(error)")
  }

  @Test func missingFilesAreNamed() throws {
    let error = try #require(throws: FileFailure.self) {
      try Self.read(vocabulary: nil, configuration: "{}")
    }
    #expect(error.description.contains("vocab.txt"))
    #expect(error.exitStatus == .missingInput)
    #expect(throws: FileFailure.self) {
      try Self.read(vocabulary: Self.vocabulary, configuration: nil)
    }
  }

  @Test func configurationsReadBackEqual() throws {
    var odd = BertConfiguration.multilingual
    odd.normalization = .nfkc
    odd.specialTokens[0] = "<\"\\\u{1}>"
    for configuration in [BertConfiguration(), .multilingual, odd] {
      let json = Data(configuration.json.utf8)
      #expect(try BertConfiguration(json: json, file: "c") == configuration)
    }
  }

  /// U+2028 is a line end to some readers and a piece of BERT-Chinese.
  @Test func onlyLineFeedsEndLines() throws {
    let text = Data((Self.vocabulary + "\u{2028}\n\u{85}\n").utf8)
    let read = try WordPieceVocabulary(text: text, configuration: .init(), file: "v")
    #expect(read.pieces.count == 9)
    #expect(read.text == text)
  }
}
