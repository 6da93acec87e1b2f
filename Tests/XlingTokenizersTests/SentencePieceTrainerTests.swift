import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingTokenizers

@Suite struct SentencePieceTrainerTests {
  static func options(_ size: Int, coverage: Float = 1) -> SentencePieceTrainingOptions {
    var options = SentencePieceTrainingOptions()
    options.vocabularySize = size
    options.characterCoverage = coverage
    return options
  }

  static func corpus(_ lines: [String], normalizes: Bool = false) throws -> SentencePieceCorpus {
    var corpus = try SentencePieceCorpus(normalizes: normalizes)
    corpus.add(lines.map { Array($0.utf8) })
    return corpus
  }

  /// "aaaa" holds three pairs "aa" though they overlap; equal counts go by length, then by bytes.
  @Test func mergesGoByCountLengthAndBytes() throws {
    let corpus = try Self.corpus(["aaaa bc bc cb", "cb"])
    let model = try BPETrainer(Self.options(12)).train(corpus).model
    let merges = (3..<model.count).filter { model.piece($0).count > 1 && model.score($0) > -5 }
    // Counts: aa 3; bc, cb, ▁b, ▁c 2.
    #expect(merges.map { String(decoding: model.piece($0), as: UTF8.self) }.first == "aa")
    #expect(model.piece(4) == Array("bc".utf8))
    #expect(model.piece(5) == Array("cb".utf8))
  }

  struct VocabularyLine: Equatable {
    let piece: String
    let score: String
  }

  static func reference(_ name: String) throws -> [VocabularyLine] {
    let data = try AtomicFile.read(SharedData.path("fixtures/tokenizers/trainers/\(name).vocab"))
    return data.split(separator: 0x0A).map { line in
      let parts = line.split(separator: 0x09, omittingEmptySubsequences: false)
      return VocabularyLine(
        piece: String(decoding: parts[0], as: UTF8.self),
        score: String(decoding: parts[1], as: UTF8.self))
    }
  }

  static func text(_ name: String) throws -> SentencePieceCorpus {
    let data = try AtomicFile.read(SharedData.path("fixtures/tokenizers/trainers/\(name).txt"))
    var corpus = try SentencePieceCorpus()
    corpus.add(data.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) })
    return corpus
  }

  /// The vocabularies that sentencepiece 0.2.3 learns, piece by piece in their order.
  @Test(
    .enabled(if: SharedData.exists("fixtures/tokenizers"), "needs ../shared/fixtures"),
    arguments: [("botchan", 1000), ("botchan", 4000), ("wagahai", 4000)])
  func mergesEqualTheReference(text: String, size: Int) throws {
    let expected = try Self.reference("bpe_\(text)_\(size)").map { Array($0.piece.utf8) }
    let options = Self.options(size, coverage: 0.9995)
    let model = try BPETrainer(options).train(try Self.text(text)).model
    #expect((0..<model.count).map(model.piece) == expected)
  }

  /// The reference's trainer sums in single precision and by thread: the vocabularies are close, not
  /// equal.
  @Test(
    .enabled(if: SharedData.exists("fixtures/tokenizers"), "needs ../shared/fixtures"),
    arguments: [("botchan", 1000, 0.98), ("wagahai", 4000, 0.99)])
  func unigramIsCloseToTheReference(text: String, size: Int, share: Double) throws {
    let expected = try Self.reference("unigram_\(text)_\(size)")
    let options = Self.options(size, coverage: 0.9995)
    let model = try UnigramTrainer(options).train(try Self.text(text)).model
    var scores: [String: Float] = [:]
    for id in 0..<model.count {
      scores[String(decoding: model.piece(id), as: UTF8.self)] = model.score(id)
    }
    let common = expected.filter { scores[$0.piece] != nil }
    #expect(model.count == expected.count)
    #expect(Double(common.count) >= share * Double(expected.count))
    let differences = common.compactMap { line in
      Float(line.score).flatMap { score in scores[line.piece].map { abs($0 - score) } }
    }
    let median = differences.sorted()[differences.count / 2]
    #expect(median < 0.05)
  }

  @Test func trainingDoesNotDependOnThreadsOrOrder() throws {
    let lines = (0..<200).map { "the \($0 % 7)th bike of \($0 % 13) cats rides to town \($0)" }
    let options = Self.options(120)
    let threads = Parallel.threads
    defer { Parallel.setThreads(threads) }
    var models: [SentencePieceModel] = []
    for count in [1, 2, 5] {
      Parallel.setThreads(count)
      models.append(try UnigramTrainer(options).train(try Self.corpus(lines)).model)
    }
    #expect(models[0] == models[1])
    #expect(models[0] == models[2])
    let reversed = try Self.corpus(lines.reversed())
    #expect(try UnigramTrainer(options).train(reversed).model == models[0])
    // The text does not hold 120 pieces.
    #expect(40..<120 ~= models[0].count)
  }

  /// Repeated substrings of a text, found in the plainest way.
  @Test func seedsAreTheRepeatsOfTheText() throws {
    let lines = ["banana bandana", "ananas banana", "an", "ban ban"]
    let corpus = try Self.corpus(lines)
    var finder = SeedPieces(corpus.words(), maximumLength: 16)
    var found: [String: Int64] = [:]
    for seed in finder.best(1000) {
      let scalars = seed.scalars.compactMap(Unicode.Scalar.init)
      found[String(String.UnicodeScalarView(scalars))] = seed.score
    }
    let lineTexts = lines.map { "▁" + $0.replacing(" ", with: "▁") + "\0" }
    let text = Array(lineTexts.joined().unicodeScalars)
    var followers: [String: [Unicode.Scalar]] = [:]
    for start in text.indices {
      for end in start + 2..<max(start + 2, min(start + 17, text.count)) {
        let piece = text[start..<end]
        if piece.contains("\0") || piece.dropFirst().contains("▁") { break }
        followers[String(String.UnicodeScalarView(piece)), default: []].append(text[end])
      }
    }
    let expected = followers.filter { Set($0.value).count > 1 }
      .map { ($0.key, Int64($0.value.count * $0.key.unicodeScalars.count)) }
    #expect(found == Dictionary(uniqueKeysWithValues: expected))
    #expect(found["an"] == 22)
  }

  /// All kana begin with the same byte.
  @Test func seedsEndWhereBytesDiffer() throws {
    func seeds(_ lines: [String]) throws -> Set<String> {
      var finder = SeedPieces(try Self.corpus(lines).words(), maximumLength: 16)
      return Set(
        finder.best(1000).map { seed in
          String(String.UnicodeScalarView(seed.scalars.compactMap(Unicode.Scalar.init)))
        })
    }
    #expect(try seeds(["さかき", "さかん"]) == [])
    #expect(try seeds(["さかき", "さかa"]) == ["▁さか", "さか"])
    #expect(try seeds(["さかき", "さか"]) == ["▁さか", "さか"])
  }

  /// Long texts without spaces leave the range of a double.
  @Test func expectationsOfLongTextsAddUp() throws {
    let letters = (0..<40).map { UInt8(0x41 + $0) }
    var pieces = PieceList()
    for letter in letters { pieces.append([letter]) }
    let model = UnigramTrainingModel(pieces: pieces, scores: letters.map { _ in -20 })
    var lattice = PieceLattice()
    let text = (0..<4000).map { letters[$0 % 40] }
    var expected = [Double](repeating: 0, count: 40)
    text.withUnsafeBufferPointer { text in
      lattice.fill(text, model)
      expected.withUnsafeMutableBufferPointer { lattice.addExpected(2, to: $0) }
    }
    for value in expected { #expect(abs(value - 200) < 1e-6) }
  }

  @Test func digammaIsThatOfTheTables() {
    #expect(abs(digamma(1) + 0.5772156649015329) < 1e-9)
    #expect(abs(digamma(0.5) + 1.9635100260214235) < 1e-9)
    #expect(abs(digamma(100) - 4.600161852738087) < 1e-9)
  }

  @Test func trainedModelsReadBackAndSpell() throws {
    let lines = ["ein Hund läuft", "ein Hund und ein Hund", "Ｈund ﬁn ｶﾞ cafe\u{301}"]
    let corpus = try Self.corpus(lines, normalizes: true)
    let models = [
      try BPETrainer(Self.options(40)).train(corpus).model,
      try UnigramTrainer(Self.options(34)).train(corpus).model,
    ]
    for model in models {
      let read = try SentencePieceModel(serialized: model.serialized, file: "m")
      #expect(read.pieces == model.pieces)
      #expect(read.scores == model.scores)
      #expect(read.kinds == model.kinds)
      let (made, again) = (
        try SentencePieceTokenizer(model, file: "m"), try SentencePieceTokenizer(read, file: "m")
      )
      #expect(made.contentHash == again.contentHash)
      for line in lines {
        let encoding = made.encode(line)
        #expect(encoding.unknownCount == 0, "\(line)")
        #expect(encoding == again.encode(line))
      }
      #expect(made.decode(made.encode("Ｈund ﬁn ｶﾞ cafe\u{301}").ids) == "Hund fin ガ café")
    }
  }

  /// Behind the others, so that no id moves, and no text becomes it.
  @Test func aMaskIsTheLastPiece() throws {
    let trained = try UnigramTrainer(Self.options(30)).train(try Self.corpus(["ein Hund, ein Hut"]))
    let masked = trained.withMask()
    let plain = try SentencePieceTokenizer(trained.model, file: "m")
    let model = try SentencePieceModel(serialized: masked.model.serialized, file: "m")
    let tokenizer = try SentencePieceTokenizer(model, file: "m")
    #expect(plain.special.mask == nil)
    #expect(tokenizer.special.mask == Int32(trained.model.count))
    #expect(tokenizer.vocabularySize == plain.vocabularySize + 1)
    for text in ["ein Hund", "[MASK] ein", "[MASK]"] {
      #expect(tokenizer.encode(text).ids == plain.encode(text).ids)
    }
  }

  @Test func writtenFoldersReadBackEqual() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/mini"
    let trained = try UnigramTrainer(Self.options(30)).train(try Self.corpus(["ein Hund, ein Hut"]))
    let definition = TokenizerDefinition(
      name: "mini", data: "\"one\" line", licence: "none", command: "xling tokenizer train unigram")
    for _ in 0..<2 { try trained.write(to: path, definition: definition) }
    let read = try SentencePieceTokenizer(model: path + "/spiece.model")
    #expect(read.contentHash == (try SentencePieceTokenizer(trained.model, file: "m")).contentHash)
    let card = String(decoding: try AtomicFile.read(path + "/definition.toml"), as: UTF8.self)
    #expect(card.contains("data = \"\\\"one\\\" line\"\n"))
    #expect(card.contains("content_hash = \"\(read.contentHash)\"\n"))
    #expect(card.contains("\n[training]\nlines = 1\n"))
  }

  /// Every shipped SentencePiece folder is what its definition says, and spells what it was
  /// learnt for.
  @Test func shippedModelsAreAsDefined() throws {
    let root =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path + "/tokenizers"
    let folders = try FileManager.default.contentsOfDirectory(atPath: root).map { root + "/" + $0 }
      .filter { FileManager.default.fileExists(atPath: $0 + "/spiece.model") }
    #expect(!folders.isEmpty)
    for folder in folders {
      let tokenizer = try SentencePieceTokenizer(model: folder + "/spiece.model")
      let card = String(decoding: try AtomicFile.read(folder + "/definition.toml"), as: UTF8.self)
      #expect(card.contains("content_hash = \"\(tokenizer.contentHash)\"\n"))
      #expect(card.contains("vocabulary_size = \(tokenizer.vocabularySize)\n"))
      for text in ["a red bicycle", "велосипед и кошка", "自転車", "จักรยาน", "자전거"] {
        #expect(tokenizer.encode(text).unknownCount == 0, "\(text)")
      }
    }
  }

  @Test func impossibleWishesAreRefused() throws {
    #expect(throws: TokenizerFailure.nothingToTrainOn) {
      _ = try UnigramTrainer(Self.options(100)).train(try Self.corpus([]))
    }
    // Three special pieces and ▁, a, b.
    #expect(throws: TokenizerFailure.vocabularyTooSmall(requested: 6, needed: 7)) {
      _ = try BPETrainer(Self.options(6)).train(try Self.corpus(["ab"]))
    }
  }
}
