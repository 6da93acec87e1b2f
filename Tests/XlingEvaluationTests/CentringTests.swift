import Foundation
import Testing
import XlingCore
import XlingData
import XlingExperiments
import XlingTestSupport
import XlingTinyModel

@testable import XlingEvaluation

/// A language's mean, of unpaired sentences, taken from its captions.
@Suite struct CentringTests {
  let gallery: Gallery

  init() throws { gallery = try Gallery() }

  private func text(_ lines: String, _ name: String = "sentences.txt") throws -> CentringText {
    let path = gallery.folder.path + "/" + name
    try AtomicFile.write(lines, to: path)
    return try CentringText(path: path)
  }

  @Test func captionsLoseTheMeanOfTheSentences() throws {
    let turkish = try text("kedi it\n\ninek kedi\r\nkedi it\n  it it \n")
    #expect(turkish.sentences == ["kedi it", "inek kedi", "it it"])
    let plain = try gallery.evaluator()
    let centred = try gallery.evaluator { $0.centred = ["tr": turkish] }
    let sentences = try plain.captionEmbeddings(turkish.sentences, language: "tr")
    let before = try plain.captionQueries("tr").embeddings
    let after = try centred.captionQueries("tr").embeddings
    for row in 0..<before.count {
      let less = (0..<before.width).map { column in
        Double(before[row, column])
          - (0..<3).reduce(0) { $0 + Double(sentences[$1, column]) } / 3
      }
      let length = less.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for column in 0..<before.width {
        #expect(abs(Double(after[row, column]) - less[column] / length) < 1e-6)
      }
    }
    // Other languages and pictures stay as they are.
    #expect(
      try centred.captionQueries("en").embeddings == plain.captionQueries("en").embeddings)
    #expect(try centred.pictureEmbeddings() == plain.pictureEmbeddings())
  }

  @Test func theProtocolSaysIt() throws {
    let turkish = try text("kedi it\ninek kedi\n")
    let plain = try gallery.evaluator().measured()
    let measured = try gallery.evaluator { $0.centred = ["tr": turkish] }.measured()
    #expect(plain.centred.isEmpty && !plain.captions.contains("centred"))
    #expect(measured.hash != plain.hash)
    #expect(measured.firstDifference(from: plain)?.field == "captions")
    #expect(measured.centred == [turkish.centring("tr")])
    let other = try text("kedi it\nit kedi\n", "other.txt")
    #expect(
      try gallery.evaluator { $0.centred = ["tr": other] }.measured().hash != measured.hash)
  }

  @Test func sentencesThatAreCaptionsAreCounted() throws {
    let turkish = try text("kedi\ninek kedi\nit\n")
    let evaluator = try gallery.evaluator { $0.centred = ["tr": turkish] }
    #expect(try evaluator.pairedSentences("tr") == 2)
    #expect(try evaluator.pairedSentences("en") == 0)
  }

  /// A single sentence that is the caption itself leaves nothing.
  @Test func nothingLeftIsAnError() throws {
    let turkish = try text("kedi\n")
    let evaluator = try gallery.evaluator { $0.centred = ["tr": turkish] }
    let error = #expect(throws: (any Error).self) { try evaluator.evaluate("tr") }
    #expect("\(String(describing: error))".contains("centred caption embeddings"))
  }

  @Test func aFileWithoutSentencesIsRefused() throws {
    let error = #expect(throws: EvaluationFailure.self) { try text(" \n\n") }
    #expect(error?.exitStatus == .badData && error?.description.contains("no sentence") == true)
    #expect(throws: TextFailure.self) {
      let path = gallery.folder.path + "/latin1.txt"
      try AtomicFile.write(Data([0x66, 0xFC, 0x72, 0x0A]), to: path)
      _ = try CentringText(path: path)
    }
    #expect(throws: FileFailure.self) { try CentringText(path: gallery.folder.path + "/none") }
  }

  @Test func wordsAreReadAgain() {
    let all = [
      Centring(language: "zh-TW", sentences: 500, hash: String(repeating: "ab", count: 32)),
      Centring(language: "de", sentences: 3, hash: String(repeating: "01", count: 32)),
    ]
    var measured = EvaluationProtocol(dataset: "d", datasetHash: "h")
    measured.captions = "all, at most 30 tokens" + Centring.words(all)
    #expect(measured.centred == [all[1], all[0]])
    #expect(measured.centring(of: "de") == "by the mean of 3 sentences 010101010101")
    #expect(measured.centring(of: "en") == nil)
    #expect(measured.centring(of: "mean")?.contains("zh-TW by the mean of 500") == true)
    #expect(Centring.words([]).isEmpty)
  }
}
