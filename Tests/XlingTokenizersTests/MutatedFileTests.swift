import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// Files that were cut, or had bytes flipped, doubled or overwritten: read as some other tokenizer
/// or refused with one typed error, never a crash.
@Suite struct MutatedFileTests {
  static func mutated(_ bytes: [UInt8], _ number: Int) -> [UInt8] {
    var stream = RandomStream(seed: 3, "mutate", number)
    var result = bytes
    for _ in 0..<1 + stream.index(4) {
      if result.isEmpty { return result }
      let at = stream.index(result.count)
      switch stream.index(5) {
      case 0: result.removeSubrange(at...)
      case 1: result[at] ^= 1 << UInt8(stream.index(8))
      case 2: result[at] = UInt8(stream.index(256))
      case 3: result.insert(contentsOf: result[at..<min(result.count, at + 40)], at: at)
      default: result.removeSubrange(at..<min(result.count, at + 1 + stream.index(40)))
      }
    }
    return result
  }

  /// Loads, and encodes with what was loaded. Returns whether it was refused.
  static func isRefused(_ file: String, _ options: TokenizerOptions) throws -> Bool {
    do {
      let tokenizer = try TokenizerSource.load(file, options: options)
      for text in ["A red bicycle, 红色 красный", "<mask> \u{FFFD}", ""] {
        let encoding = tokenizer.encode(text)
        for index in 0..<encoding.count { _ = tokenizer.token(index, of: encoding) }
      }
      return false
    } catch is TokenizerFailure {
      return true
    }
  }

  @Test(arguments: ["wordpiece.json", "unigram.json", "bpe.json"])
  func tokenizerJSON(name: String) throws {
    let bytes = [UInt8](try AtomicFile.read(Fixtures.path("tokenizers/" + name)))
    let folder = try TemporaryFolder()
    let file = folder.path + "/tokenizer.json"
    var refused = 0
    for number in 0..<600 {
      try Data(Self.mutated(bytes, number)).write(to: URL(fileURLWithPath: file))
      if try Self.isRefused(file, TokenizerOptions()) { refused += 1 }
    }
    #expect(refused > 200, "most mutations break the file")
  }

  @Test func vocabularies() throws {
    let bytes = Array(
      (FolderTests.vocabulary + WordPieceSessionTests.pieces.dropFirst(2).joined(separator: "\n"))
        .utf8)
    let folder = try TemporaryFolder()
    let file = folder.path + "/vocab.txt"
    var options = TokenizerOptions()
    options.lowercase = true
    var refused = 0
    for number in 0..<1_000 {
      try Data(Self.mutated(bytes, number)).write(to: URL(fileURLWithPath: file))
      if try Self.isRefused(file, options) { refused += 1 }
    }
    #expect((200..<1_000).contains(refused))
  }

  @Test func configurations() throws {
    let bytes = Array(BertConfiguration.multilingual.json.utf8)
    for number in 0..<1_000 {
      do {
        _ = try BertConfiguration(json: Data(Self.mutated(bytes, number)), file: "c")
      } catch is TokenizerFailure {}
    }
  }
}
