import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingTensor
import XlingTestSupport
import XlingTokenizers
import XlingTowers

@testable import XlingAlignment

@Suite struct DatasetPairsTests {
  let folder: TemporaryFolder
  let tokenizer: BertTokenizer

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/images")
    let lines = [
      #"{"image": "a.png", "split": "train", "captions": {"en": ["dog", "dog cat dog"]}}"#,
      #"{"image": "b.png", "split": "train", "captions": {"tr": ["kedi"]}}"#,
      #"{"image": "c.png", "split": "train", "captions": {"en": ["cat"]}}"#,
    ]
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: folder.path + "/captions.jsonl")
    for (index, name) in ["a", "b", "c"].enumerated() {
      let picture = Picture(width: 8, height: 8, red: UInt8(40 * index))
      try AtomicFile.write(try picture.png(), to: folder.path + "/images/\(name).png")
    }
    let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog", "cat"]
    tokenizer = try BertTokenizer(
      WordPieceVocabulary(
        pieces: PackedPieces(pieces.map { Array($0.utf8) }), configuration: .init()))
  }

  @Test func picturesWithoutACaptionInTheLanguageAreNoPairs() throws {
    var captions = CaptionReading()
    captions.maximumTokens = 4
    let pairs = try DatasetPairs(
      try Dataset.load(folder.path), split: .train, captions: captions, tokenizer: tokenizer)
    #expect(pairs.count == 2 && pairs.captionCount(0) == 2 && pairs.captionCount(1) == 1)
    #expect(pairs.tokens(0, caption: 0) == [2, 5, 3])
    // Cut to four ids, the end kept.
    #expect(pairs.tokens(0, caption: 1) == [2, 5, 6, 3])
    #expect(pairs.tokens(1, caption: 0) == [2, 6, 3])
    #expect(try pairs.picture(1).pixels[0] == 80)
  }

  /// The dataset knows them: nothing is read for it.
  @Test func hashesAreThoseOfTheFiles() throws {
    let pairs = try DatasetPairs(
      try Dataset.load(folder.path), split: .train, captions: CaptionReading(),
      tokenizer: tokenizer)
    let bytes = try ["a", "c"].map { try AtomicFile.read(folder.path + "/images/\($0).png") }
    for name in ["a", "c"] {
      try FileManager.default.removeItem(atPath: folder.path + "/images/\(name).png")
    }
    for (place, data) in bytes.enumerated() {
      #expect(try pairs.pictureHash(place) == Digest.bytes(of: data))
    }
  }

  @Test func keptPicturesAreNotReadAgainAndOthersAre() throws {
    let dataset = try Dataset.load(folder.path)
    // Room for one picture of 8 x 8.
    let pairs = try DatasetPairs(
      dataset, split: .train, captions: CaptionReading(), tokenizer: tokenizer, cacheBytes: 200)
    _ = try pairs.picture(0)
    _ = try pairs.picture(1)
    for name in ["a", "c"] {
      try FileManager.default.removeItem(atPath: folder.path + "/images/\(name).png")
    }
    #expect(try pairs.picture(0).pixels[0] == 0)
    #expect(throws: FileFailure.self) { try pairs.picture(1) }
  }

  @Test func aPictureThatCannotBeReadStopsTheBatch() throws {
    try AtomicFile.write("no picture", to: folder.path + "/images/c.png")
    let pairs = try DatasetPairs(
      try Dataset.load(folder.path), split: .train, captions: CaptionReading(), tokenizer: tokenizer
    )
    let loader = PixelLoader(preprocessing: ImagePreprocessing(size: 8))
    #expect(throws: ImageFailure.self) {
      try PictureBatch(2, of: loader.elementCount, in: Workspace()) {
        try loader.load([0, 1], step: nil, into: $0, picture: pairs.picture)
      }
    }
  }

  @Test func announcedPicturesAreTheSameAndSoAreTheirErrors() throws {
    try AtomicFile.write("no picture", to: folder.path + "/images/c.png")
    let pairs = try DatasetPairs(
      try Dataset.load(folder.path), split: .train, captions: CaptionReading(), tokenizer: tokenizer
    )
    pairs.announce([1, 0])
    #expect(try pairs.picture(0) == Picture(width: 8, height: 8, red: 0))
    #expect(throws: ImageFailure.self) { try pairs.picture(1) }
  }

  @Test func smallerDrawsLieWithinLargerOnes() throws {
    let many = try TemporaryFolder()
    try AtomicFile.createFolder(many.path + "/images")
    let png = try Picture(width: 8, height: 8, red: 0).png()
    let lines = try (0..<40).map { index in
      try AtomicFile.write(png, to: many.path + "/images/\(index).png")
      let captions = Array(repeating: "\"dog\"", count: index + 1).joined(separator: ",")
      return #"{"image": "\#(index).png", "split": "train", "captions": {"en": [\#(captions)]}}"#
    }
    try AtomicFile.write(lines.joined(separator: "\n"), to: many.path + "/captions.jsonl")
    let dataset = try Dataset.load(many.path)
    // The number of captions tells the pictures apart.
    func drawn(_ limit: Int, seed: UInt64 = 0) throws -> [Int] {
      var configuration = AlignmentConfiguration(
        recipe: Recipe(name: "x", summary: "", text: .locked, image: .locked), seed: 1, steps: 1)
      configuration.pairLimit = limit
      configuration.pairSeed = seed
      let pairs = try DatasetPairs(
        dataset, split: .train, tokenizer: tokenizer, configuration: configuration)
      return (0..<pairs.count).map(pairs.captionCount)
    }
    let (few, more) = (try drawn(5), try drawn(20))
    #expect(few.count == 5 && more.count == 20)
    #expect(Set(few).isSubset(of: Set(more)))
    #expect(few != Array(1...5) && few == few.sorted())
    #expect(try drawn(5, seed: 1) != few)
    #expect(try drawn(100).count == 40)
  }

  @Test func captionsLeftEmptyAreCountedAndKept() throws {
    try AtomicFile.write(
      #"{"image": "a.png", "split": "train", "captions": {"en": ["dog", "!?", "..."]}}"# + "\n",
      to: folder.path + "/captions.jsonl")
    var captions = CaptionReading()
    captions.preprocessing = .unicode
    let pairs = try DatasetPairs(
      try Dataset.load(folder.path), split: .train, captions: captions, tokenizer: tokenizer)
    #expect(pairs.emptyCaptions == 2 && pairs.captionCount(0) == 3)
    #expect(pairs.tokens(0, caption: 1) == [2, 3])
  }

  @Test func withoutAnEndTokenACaptionHasRoomForOneMore() throws {
    var captions = CaptionReading()
    captions.maximumTokens = 3
    captions.hasEndToken = false
    #expect(try captions.ids(of: "dog cat dog", by: tokenizer) == [2, 5, 6])
    captions.hasEndToken = true
    #expect(try captions.ids(of: "dog cat dog", by: tokenizer) == [2, 5, 3])
  }
}
