import Foundation
import Testing
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRetrieval
import XlingTestSupport
import XlingTinyModel

@testable import XlingEvaluation

@Suite struct ClassifierTests {
  let gallery: Gallery
  var root: String { gallery.folder.path + "/classes" }

  /// Three classes of two, one and one of the gallery's pictures.
  init() throws {
    gallery = try Gallery()
    for (name, pictures) in [("a", [0, 1]), ("b", [2]), ("c", [3])] {
      try AtomicFile.createFolder("\(root)/\(name)")
      for picture in pictures {
        try FileManager.default.copyItem(
          atPath: "\(gallery.data)/images/\(picture).png", toPath: "\(root)/\(name)/\(picture).png")
      }
    }
    try AtomicFile.write(
      [
        #"{"class": "a", "names": {"en": ["dog"], "tr": ["it"]}}"#,
        #"{"class": "b", "names": {"en": ["cat", "cow"], "tr": ["kedi"]}}"#,
        #"{"class": "c", "names": {"en": ["dog cat"]}}"#,
      ].joined(separator: "\n"), to: root + "/names.jsonl")
    try AtomicFile.write(
      "title = \"two\"\n[templates]\nen = [\"{} cow\", \"cat {}\"]\n", to: root + "/two.toml")
  }

  private func classifier(
    _ pictures: LabelledPictures? = nil, cache: EmbeddingCache? = nil
  ) throws -> Classifier {
    Classifier(
      gallery.model, tokenizer: gallery.tokenizer,
      pictures: try pictures ?? LabelledPictures.load(root),
      plan: EvaluationPlan(resamples: 200), cache: cache.map { ($0, "m") })
  }

  private func embed(_ text: String) throws -> [Float] {
    try gallery.model.embedTexts([gallery.tokenizer.ids(of: text, maximumLength: 30)]).array()
  }

  /// Written out once more, from single embeddings.
  private func expected(_ sentences: [[String]]) throws -> [Bool] {
    let evaluator = try gallery.evaluator()
    let width = evaluator.width
    let classes = try sentences.map { own -> [Double] in
      let rows = try own.map { try embed($0).map(Double.init) }
      let mean = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } }
      let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return mean.map { $0 / norm }
    }
    let paths = (0..<4).map { "\(gallery.data)/images/\($0).png" }
    let pictures = try gallery.model.embedPictures(
      4, preprocessing: ImagePreprocessing(size: 16)
    ) { try Picture.load(path: paths[$0]) }
    let truth = [0, 0, 1, 2]
    return truth.enumerated().map { picture, label in
      let scores = classes.map { vector in
        (0..<width).reduce(0) { $0 + vector[$1] * Double(pictures[picture, $1]) }
      }
      return scores.indices.allSatisfy { $0 == label || scores[$0] < scores[label] }
    }
  }

  @Test func aClassIsTheMeanOfItsSentences() throws {
    let names = try ClassNames.read(root + "/names.jsonl")
    let classifier = try classifier()
    for (prompts, sentences) in [
      ("plain", [["dog"], ["cat", "cow"], ["dog cat"]]),
      (
        root + "/two.toml",
        [
          ["dog cow", "cat dog"], ["cat cow", "cat cat", "cow cow", "cat cow"],
          ["dog cat cow", "cat dog cat"],
        ]
      ),
    ] {
      let result = try classifier.classify("en", names: names, prompts: try PromptSet.load(prompts))
      let correct = try expected(sentences)
      let top = try #require(result.accuracies.first)
      #expect(top.k == 1 && top.estimate.n == 4 && result.classes == 3)
      #expect(top.estimate.value == Double(correct.count { $0 }) / 4, "\(prompts)")
      // Of three classes every one is among the first five.
      #expect(result.accuracies.count == 1 && result.ties == 0)
    }
  }

  @Test func classesOfOneNameTieAndAreLost() throws {
    try AtomicFile.write(
      ["a", "b", "c"].map { #"{"class": "\#($0)", "names": {"any": ["cow"]}}"# }
        .joined(separator: "\n"), to: root + "/same.jsonl")
    let result = try classifier().classify(
      "tr", names: try ClassNames.read(root + "/same.jsonl"), prompts: try PromptSet.load("plain"))
    #expect(result.ties == 4 && result.accuracies[0].estimate.value == 0)
    #expect(result.sharedNames.map(\.classes) == [["a", "b", "c"]])
  }

  @Test func classesWithoutANameAreAnErrorOrLeftOut() throws {
    let names = try ClassNames.read(root + "/names.jsonl")
    let plain = try PromptSet.load("plain")
    let classifier = try classifier()
    #expect(
      throws: ClassificationFailure.missingNames(language: "tr", classes: ["c"], of: 3)
    ) { try classifier.classify("tr", names: names, prompts: plain) }
    let result = try classifier.classify("tr", names: names, prompts: plain, allowMissing: true)
    #expect(result.leftOut == ["c"] && result.classes == 2)
    #expect(result.accuracies[0].estimate.n == 3)
    #expect(
      throws: ClassificationFailure.missingNames(language: "de", classes: ["a", "b", "c"], of: 3)
    ) { try classifier.classify("de", names: names, prompts: plain, allowMissing: true) }
    #expect(
      throws: ClassificationFailure.noTemplate(prompts: "photo", language: "tr", has: ["en"])
    ) {
      try classifier.classify("tr", names: names, prompts: PromptSet.load("photo"))
    }
  }

  @Test func embeddingsAreKept() throws {
    let cache = try EmbeddingCache(path: gallery.folder.path + "/embeddings.sqlite")
    let names = try ClassNames.read(root + "/names.jsonl")
    let plain = try PromptSet.load("plain")
    let first = try classifier(cache: cache)
    let result = try first.classify("en", names: names, prompts: plain)
    #expect(first.embedded.pictures == 4 && first.embedded.texts == 4)
    let second = try classifier(cache: cache)
    let again = try second.classify("en", names: names, prompts: plain)
    #expect(second.embedded.pictures == 0 && second.embedded.texts == 0)
    #expect(again.accuracies == result.accuracies && again.protocolHash == result.protocolHash)
    let other = try second.classify(
      "en", names: names, prompts: try PromptSet.load(root + "/two.toml"))
    #expect(other.protocolHash != result.protocolHash)
  }

  /// A dataset's test pictures of one concept; names are their first captions.
  @Test func aDatasetOfConceptsNamesItself() throws {
    try gallery.write(
      Gallery.lines.enumerated().map { index, line in
        line.dropLast() + #", "concepts": ["\#(index % 2)"]}"#
      })
    let pictures = try LabelledPictures.load(gallery.data)
    #expect(pictures.classes == ["0", "1"] && pictures.labels == [1, 0, 1, 0])
    let names = try #require(pictures.names)
    #expect(names.names(of: "1", in: "en") == ["dog"])
    #expect(names.names(of: "0", in: "tr") == ["kedi"])
    let result = try classifier(pictures).classify(
      "tr", names: names, prompts: try PromptSet.load("plain"))
    #expect(result.classes == 2 && result.accuracies[0].estimate.n == 4)
  }
}
