import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingUnicode

@testable import XlingTokenizers

/// Normalizing between boundaries, with sources, must give what normalizing the whole gives.
@Suite struct StretchTests {
  /// Letters, marks of many classes, jamo, two-part vowels, compatibility forms.
  static let alphabet: [UInt32] =
    [0x61, 0x20, 0xE9, 0x41, 0x30A, 0x1E0A, 0xAC00, 0xAC01, 0xFB01, 0xFF76, 0xFF9E, 0x212B, 0x958]
    + Array(0x300...0x34E) + Array(0x1100...0x1104) + Array(0x1161...0x1164)
    + Array(0x11A8...0x11AC) + [0x9C7, 0x9BE, 0x93C, 0x915, 0x3099, 0x304B, 0x1F600, 0x1D15E]

  static func text(_ number: Int) -> String {
    var stream = RandomStream(seed: 1, "stretch", number)
    var text = ""
    for _ in 0..<1 + stream.index(24) {
      guard let scalar = Unicode.Scalar(alphabet[stream.index(alphabet.count)]) else { continue }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  @Test(arguments: [NormalizationForm.nfc, .nfkc])
  func stretchesAgreeWithTheWhole(form: NormalizationForm) throws {
    let classes = try ScalarClasses.shared()
    for number in 0..<2_000 {
      var text = Self.text(number)
      let count = text.utf8.count
      var scalars = SourcedScalars()
      text.withUTF8 {
        scalars.decode(UnsafeRawBufferPointer($0), classes: classes)
      }
      scalars.normalize(form, classes: classes)
      #expect(scalars.values == (try form.normalize(text)).unicodeScalars.map(\.value))
      #expect(zip(scalars.starts, scalars.ends).allSatisfy { $0 < $1 && $1 <= count })
      #expect(scalars.starts == scalars.starts.sorted())
    }
  }
}

/// Whatever lies under tokenizers/ must load and be what its definition says.
@Suite struct ShippedTokenizerTests {
  static let root = try? Assets.path("tokenizers")

  static let folders: [String] = {
    guard let root, let names = try? FileManager.default.contentsOfDirectory(atPath: root) else {
      return []
    }
    return names.filter { !$0.hasSuffix(".md") && !$0.hasPrefix(".") }.sorted()
  }()

  @Test(arguments: folders)
  func loadsAndMatchesItsDefinition(name: String) throws {
    let folder = try #require(Self.root) + "/" + name
    let tokenizer = try TokenizerSource.load(folder)
    let card = String(decoding: try AtomicFile.read(folder + "/definition.toml"), as: UTF8.self)
    #expect(card.contains("content_hash = \"\(tokenizer.contentHash)\"\n"))
    #expect(card.contains("vocabulary_size = \(tokenizer.vocabularySize)\n"))
    for text in ["a red bicycle", "велосипед, пицца и кот", "bisiklet", "猫と自転車", "고양이"] {
      #expect(tokenizer.encode(text).unknownCount == 0, "\(text)")
    }
  }
}
