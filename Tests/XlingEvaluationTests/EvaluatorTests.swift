import Foundation
import Testing
import XlingCore
import XlingData
import XlingExperiments
import XlingRetrieval
import XlingTinyModel

@testable import XlingEvaluation

@Suite struct EvaluatorTests {
  let gallery: Gallery

  init() throws { gallery = try Gallery() }

  @Test func theGalleryIsTheWholeSplitWhateverTheLanguage() throws {
    let turkish = try gallery.evaluator().evaluate("tr")
    #expect(turkish.coverage.n == 3 && turkish.coverage.total == 4)
    #expect(turkish.coverage.isPartial)
    #expect(turkish.captions == ["it", "kedi", "inek"])
    #expect(turkish.textToImage.ranking.gallerySize == 4)
    #expect(turkish.imageToText.ranking.gallerySize == 3)
    // Numbered in the split, where the third picture has no Turkish caption.
    #expect(turkish.textToImage.pictures == [0, 1, 3])
    #expect(turkish.imageToText.pictures == [0, 1, 3])
  }

  @Test func everyCaptionAsksAndEveryOneOfAPictureIsCorrect() throws {
    let english = try gallery.evaluator().evaluate("en")
    #expect(english.textToImage.pictures == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(english.imageToText.ranking.goldCount == [2, 2, 2, 2])
    let one = try gallery.evaluator { $0.captionsPerPicture = 1 }.evaluate("en")
    #expect(one.captions == ["dog", "cat", "dog cat", "cat dog"])
    #expect(one.imageToText.ranking.goldCount == [1, 1, 1, 1])
  }

  /// Against a double loop over dot products.
  @Test func ranksAreThoseOfTheEmbeddings() throws {
    let evaluator = try gallery.evaluator()
    let english = try evaluator.evaluate("en")
    let pictures = try evaluator.pictureEmbeddings()
    let captions = try evaluator.captionEmbeddings(english.captions)
    let width = evaluator.width
    func score(_ caption: Int, _ picture: Int) -> Double {
      (0..<width).reduce(0) {
        $0 + Double(captions[caption, $1]) * Double(pictures[picture, $1])
      }
    }
    for caption in english.captions.indices {
      let own = Int(english.textToImage.pictures[caption])
      let before = (0..<4).count { $0 != own && score(caption, $0) > score(caption, own) }
      #expect(english.textToImage.ranking.rank(caption) == Double(before + 1))
    }
    for picture in 0..<4 {
      let best = max(score(2 * picture, picture), score(2 * picture + 1, picture))
      let wrong = english.captions.indices.filter { $0 / 2 != picture }
      // "cow" describes two pictures: the other's is wrong here, and ties count against.
      let before = wrong.count { score($0, picture) >= best - 1e-7 }
      #expect(english.imageToText.ranking.rank(picture) == Double(before + 1))
    }
  }

  @Test func aCaptionSharedByTwoPicturesTiesOnlyBetweenCaptions() throws {
    let english = try gallery.evaluator().evaluate("en")
    #expect(english.textToImage.ranking.tieCount == 0)
    let embedded = try gallery.evaluator().captionEmbeddings(["cow", "dog", "cow"])
    #expect(embedded.rows([0]) == embedded.rows([2]) && embedded.isUnitLength)
    #expect(abs(embedded.norms[0] - 1) < 1e-5)
  }

  @Test func heldOutPicturesAreSubsetsOfTheSameRanks() throws {
    let evaluator = try gallery.evaluator()
    let english = try evaluator.evaluate("en")
    let stored = try evaluator.evaluations(
      of: english, run: "r", at: Date(timeIntervalSince1970: 0))
    #expect(stored.count == 6)
    func part(_ subset: String) throws -> Evaluation {
      try #require(
        stored.first { $0.measured.subset == subset && $0.direction == .textToImage })
    }
    #expect(try part("with held-out words").pictures == [1, 1])
    #expect(try part("without held-out words").pictures == [0, 0, 2, 2, 3, 3])
    #expect(
      try part("with held-out words").ranking.above
        == Array(try part("all").ranking.above[2..<4]))
    #expect(Set(stored.map(\.measured.hash)).count == 3)
    #expect(Set(stored.filter { $0.direction == .textToImage }.map(\.queriesHash)).count == 3)
    for evaluation in stored {
      for metric in Metric.standard {
        let estimate = try #require(evaluation.metrics[metric.name])
        #expect(estimate.value == (try metric.value(evaluation.ranking)))
        // Four pictures: nobody may claim an interval.
        #expect(!estimate.hasInterval)
      }
    }
  }

  @Test func trainingPicturesAreLeftOutOnceMore() throws {
    let train = try Dataset.load(gallery.data)
    let clean = TrainingLeaks(train: train, test: train, .test)
    #expect(clean.all.isEmpty && clean.testPictures == 4)
    // The same bytes under another name, and a copy that only has the same size.
    let images = gallery.data + "/images/"
    let seen = try AtomicFile.read(images + "0.png")
    try AtomicFile.write(seen, to: images + "4.png")
    let third = try AtomicFile.read(images + "3.png")
    try AtomicFile.write(Data(seen.dropLast()) + [seen[seen.count - 1] ^ 1], to: images + "3.png")
    let copied = try Dataset.load(gallery.data)
    let leaks = TrainingLeaks(train: copied, test: copied, .test)
    try AtomicFile.write(third, to: images + "3.png")
    #expect(leaks.sameBytes == ["4.png"] && leaks.sameNumber.isEmpty)
    let evaluator = try gallery.evaluator()
    let result = try evaluator.evaluate("tr")
    evaluator.trainingPictures = leaks.all
    let stored = try evaluator.evaluations(of: result, run: "r", at: Date())
    let part = try #require(
      stored.first {
        $0.measured.subset == "without training pictures" && $0.direction == .textToImage
      })
    #expect(part.pictures == [0, 1] && part.ranking.gallerySize == 4)
  }

  @Test func whatRepeatsIsLenient() throws {
    let result = try #require(try gallery.evaluator().ambiguity("en"))
    #expect(result.repeatedCaptions == 2 && result.repeatedPictures == 0)
    #expect(result.metrics.count == 12)
    let bound = result.metrics.first {
      $0.name == "R@1 upper bound" && $0.direction == .textToImage
    }
    // One of the two "cow" is answered at best.
    #expect(bound?.estimate.value == 7.0 / 8 && bound?.estimate.n == 8)
    #expect(try gallery.evaluator().ambiguity("tr") == nil)
  }

  @Test func rankingsForOtherPrograms() throws {
    let evaluator = try gallery.evaluator()
    let files = try evaluator.trecFiles("en", depth: 4, tag: "a run")
    #expect(files.map(\.name) == ["text-to-image", "image-to-text"])
    let (texts, images) = (files[0].files, files[1].files)
    #expect(texts.relevance.hasPrefix("1.png#0 0 1.png 1\n1.png#1 0 1.png 1\n2.png#0 0 2.png 1\n"))
    #expect(images.relevance.hasPrefix("1.png 0 1.png#0 1\n1.png 0 1.png#1 1\n"))
    let english = try evaluator.evaluate("en")
    for (query, lines) in stride(from: 0, to: 32, by: 4).enumerated() {
      let rows = texts.run.split(separator: "\n")[lines..<lines + 4].map {
        $0.split(separator: " ")
      }
      #expect(rows.map { $0[3] } == ["1", "2", "3", "4"] && rows.allSatisfy { $0[5] == "a%20run" })
      let gold = rows[0][0].split(separator: "#")[0]
      let rank = try #require(rows.firstIndex { $0[2] == gold })
      #expect(Double(rank + 1) == english.textToImage.ranking.rank(query))
    }
  }

  /// trec_eval holds scores in single precision, whose step below 0.5 is 2^-25: what is different here must
  /// be different there, in our order; equal scores stay equal.
  @Test func scoresForTRECKeepTheirOrder() {
    let step = 0x1p-25
    for (given, expected) in [
      ([0.500000001, 0.5], [0.500000001, 0.5 - step]),
      ([0.75, 0.5, 0.5, 0.25], [0.75, 0.5, 0.5, 0.25]),
      (
        [0.500000002, 0.500000001, 0.5, 0.5],
        [0.500000002, 0.5 - step, 0.5 - 2 * step, 0.5 - 2 * step]
      ),
      ([0.500000001, 0.5, 0.5 - step], [0.500000001, 0.5 - step, 0.5 - 2 * step]),
      ([0, -1e-60, -1], [0, Double(Float(0).nextDown), -1]), ([], []),
    ] as [([Double], [Double])] {
      #expect(TRECFiles.apart(given) == expected)
    }
    var stream = RandomStream(seed: 7, "trec")
    let scores = (0..<500).map { _ in 0.5 + 1e-7 * stream.uniform() }.sorted(by: >)
    let written = TRECFiles.apart(scores).map { Float("\($0)") ?? .nan }
    #expect(zip(written, written.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test func withoutMarksThereIsOnlyTheWhole() throws {
    try gallery.write(
      Gallery.lines.map { line in
        line.components(separatedBy: #", "heldout": true"#).joined()
      })
    let evaluator = try gallery.evaluator()
    let stored = try evaluator.evaluations(
      of: try evaluator.evaluate("tr"), run: "r", at: Date(timeIntervalSince1970: 0))
    #expect(stored.map(\.measured.subset) == ["all", "all"])
  }

  @Test func theProtocolNamesWhatChangesANumber() throws {
    let plain = try gallery.evaluator().measured()
    #expect(plain.dataset == "data" && plain.split == "test")
    #expect(plain.captions == "all, at most 30 tokens")
    #expect(plain.imagePreprocessing == "16x16 bicubic, half")
    #expect(try gallery.evaluator().measured() == plain)
    let changes: [(inout EvaluationPlan) -> Void] = [
      { $0.captionsPerPicture = 1 }, { $0.maximumTokens = 20 }, { $0.statistics = .clip },
      { $0.resamples = 100 }, { $0.seed = 1 }, { $0.split = .train },
    ]
    var hashes: Set<String> = [plain.hash]
    for change in changes { hashes.insert(try gallery.evaluator(change).measured().hash) }
    try gallery.write(Array(Gallery.lines.dropLast()))
    hashes.insert(try gallery.evaluator().measured().hash)
    #expect(hashes.count == changes.count + 2)
  }

  @Test func otherQueriesHaveAnotherHash() throws {
    let one = try gallery.evaluator { $0.captionsPerPicture = 1 }.evaluate("en")
    let all = try gallery.evaluator().evaluate("en")
    #expect(one.textToImage.queriesHash != all.textToImage.queriesHash)
    // The pictures that ask are the same.
    #expect(one.imageToText.queriesHash == all.imageToText.queriesHash)
    #expect(
      try gallery.evaluator().evaluate("en").textToImage.queriesHash
        == all.textToImage.queriesHash)
  }

  @Test func whatIsNotThereIsAnError() throws {
    #expect(throws: DataFailure.self) { try gallery.evaluator().evaluate("ru") }
    #expect(throws: DataFailure.self) { try gallery.evaluator { $0.split = .val } }
    try FileManager.default.removeItem(atPath: gallery.data + "/images/2.png")
    #expect(throws: DataFailure.self) { try gallery.evaluator() }
    // There, but no picture.
    try AtomicFile.write("no picture", to: gallery.data + "/images/2.png")
    let evaluator = try gallery.evaluator()
    #expect(throws: ImageFailure.self) { try evaluator.evaluate("en") }
  }
}
