import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

/// What a loaded tokenizer holds, against the file that it was read from.
@Suite struct MemoryTests {
  /// Tables of Unicode's properties, which have one size whatever the vocabulary.
  static let unicodeTables = 130_000

  static func expectAtMostTwice(_ file: String, lowercase: Bool? = nil) throws {
    var options = TokenizerOptions()
    options.lowercase = lowercase
    let tokenizer = try TokenizerSource.load(file, options: options)
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    let size = try #require(attributes[.size] as? Int)
    let room = lowercase == nil ? 0 : unicodeTables
    #expect(tokenizer.byteCount > size / 2)
    #expect(
      tokenizer.byteCount <= 2 * size + room,
      "\(file): \(Double(tokenizer.byteCount) / Double(size)) times")
  }

  @Test func shippedTokenizers() throws {
    let folder = try Assets.path("tokenizers")
    try Self.expectAtMostTwice(folder + "/mini-unigram/spiece.model")
    try Self.expectAtMostTwice(folder + "/mini-wordpiece/vocab.txt", lowercase: false)
  }

  @Test(
    .enabled(if: SharedData.exists("data/tokenizers"), "needs ../shared/data"),
    arguments: [
      ("xlmr/xlmr_rebuilt.spm.model", nil), ("t5/spiece.model", nil),
      ("mistral-v1/tokenizer.model", nil), ("laser100k/laser_100k.model", nil),
      ("bert-base-multilingual-cased/vocab.txt", false), ("bert-base-uncased/vocab.txt", true),
    ])
  func publishedTokenizers(file: String, lowercase: Bool?) throws {
    try Self.expectAtMostTwice(
      SharedData.path("data/tokenizers/" + file), lowercase: lowercase)
  }
}
