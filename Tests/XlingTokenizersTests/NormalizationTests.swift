import Testing

@testable import XlingTokenizers

/// Small vocabularies written by hand.
func tokenizer(
  _ pieces: [String], _ change: (inout BertConfiguration) -> Void = { _ in }
) throws -> BertTokenizer {
  var configuration = BertConfiguration()
  change(&configuration)
  let all = configuration.specialTokens + pieces
  return try BertTokenizer(
    WordPieceVocabulary(
      pieces: PackedPieces(all.map { Array($0.utf8) }), configuration: configuration))
}

func scalars(_ id: Int32, _ tokenizer: BertTokenizer) -> [UInt32] {
  tokenizer.pieceText(id).unicodeScalars.map(\.value)
}

@Suite struct NormalizationTests {
  /// `String` holds both spellings for equal: a dictionary keyed by it would lose one piece.
  @Test func composedAndDecomposedPiecesAreDistinct() throws {
    let both = try tokenizer(["caf\u{E9}", "cafe\u{301}"]) { $0.lowercase = false }
    #expect(both.encode("caf\u{E9}").ids == [5])
    #expect(both.encode("cafe\u{301}").ids == [6])
    #expect(scalars(5, both) != scalars(6, both))
  }

  @Test func nfcComposesBeforeTheVocabularyIsAsked() throws {
    let composing = try tokenizer(["caf\u{E9}", "!"]) {
      $0.normalization = .nfc
      $0.stripAccents = false
    }
    let encoding = composing.encode("Cafe\u{301}!")
    #expect(encoding.ids == [5, 6])
    // The composed letter stands for both scalars.
    #expect(encoding.spans == [0..<5, 5..<6])
    #expect(composing.encode("\u{1100}\u{1161}").unknownCount == 1)
  }

  @Test func hangulJamoCompose() throws {
    let korean = try tokenizer(["\u{AC01}"]) {
      $0.normalization = .nfc
      $0.stripAccents = false
    }
    #expect(korean.encode("\u{1100}\u{1161}\u{11A8}").ids == [5])
    #expect(korean.encode("\u{1100}\u{1161}\u{11A8}").spans == [0..<3])
  }

  @Test func nfkcFoldsCompatibility() throws {
    let folding = try tokenizer(["file", "5"]) {
      $0.normalization = .nfkc
      $0.stripAccents = false
    }
    #expect(folding.encode("\u{FB01}le \u{FF15}").ids == [5, 6])
    #expect(folding.encode("\u{FB01}le \u{FF15}").spans == [0..<3, 4..<5])
  }

  @Test func accentsThatAreLettersSurvive() throws {
    let text = "İzmir ısı काम"
    let kept = try tokenizer(["i\u{307}zmir", "ısı", "काम"]) {
      $0.normalization = .nfc
      $0.stripAccents = false
    }
    #expect(kept.encode(text).ids == [5, 6, 7])
    // BERT's own uncased way loses the dot and the vowel sign stays only as it is no Mn.
    #expect(try tokenizer(["izmir", "ısı", "काम"]).encode(text).ids == [5, 6, 7])
  }

  @Test func marksAreReorderedAcrossRemovedScalars() throws {
    // Dot below (class 220) behind diaeresis (230), a joiner between: the marks go, the base stays.
    #expect(try tokenizer(["a"]).encode("a\u{308}\u{200D}\u{323}").ids == [5])
  }

  @Test func addedTokensAreMatchedInRawText() throws {
    let plain = try tokenizer(["a", "[", "]", "mask"])
    let encoding = plain.encode("a[MASK]a[mask]")
    #expect(encoding.ids == [5, 4, 5, 6, 8, 7])
    #expect(encoding.spans[1] == 1..<7)
  }

  @Test func malformedBytesVanish() throws {
    let plain = try tokenizer(["ab"])
    let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x62, 0xE2, 0x82]
    let encoding = bytes.withUnsafeBytes { plain.encode($0, maximumTokens: .max) }
    #expect(encoding.ids == [5])
    #expect(encoding.spans == [0..<4])
  }

  @Test func truncationIsCounted() throws {
    let plain = try tokenizer(["a", "b"])
    let encoding = plain.encode("a b a b a", maximumTokens: 2)
    #expect(encoding.ids == [5, 6])
    #expect(encoding.spans == [0..<1, 2..<3])
    #expect(encoding.truncatedCount == 3)
    #expect(plain.ids(of: "a b a b a", maximumLength: 5) == [2, 5, 6, 5, 3])
    #expect(plain.ids(of: "", maximumLength: 2) == [2, 3])
  }

  @Test func wordsTooLongAreUnknown() throws {
    let plain = try tokenizer(["a", "##a"])
    let longest = String(repeating: "a", count: 100)
    #expect(plain.encode(longest).ids.count == 100)
    #expect(plain.encode(longest + "a").ids == [1])
    #expect(plain.encode(longest + "a").unknownCount == 1)
  }

  @Test func decodingJoinsContinuations() throws {
    let plain = try tokenizer(["play", "##ing", "cat"])
    let ids = plain.ids(of: "playing cat", maximumLength: 16)
    #expect(plain.decode(ids) == "playing cat")
  }
}
