import Foundation
import Testing
import XlingCore

@Suite("pretraining on data of one's own")
struct PretrainingTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func card(_ tower: String) throws -> [String: Any] {
    try Parsed.object(
      String(decoding: try AtomicFile.read(bench.path + "/\(tower)/card.json"), as: UTF8.self))
  }

  /// The bench's scenes as 48 pictures to train on, 21 red and 21 blue, and 12 to measure with.
  private func captionedAnew() throws {
    let path = bench.path + "/data/scenes/captions.jsonl"
    let lines = String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n")
    let anew = try lines.enumerated().map { index, line in
      var item = try Parsed.object(String(line))
      item["split"] = index < 48 ? "train" : "val"
      item["captions"] = ["en": [["a red thing", "a blue place", "a rest"][index % 7 / 3]]]
      return String(
        decoding: try JSONSerialization.data(withJSONObject: item, options: .sortedKeys),
        as: UTF8.self)
    }
    try AtomicFile.write(anew.joined(separator: "\n") + "\n", to: path)
  }

  @Test func picturesAreRecognizedByTheirCaptionsWords() throws {
    try captionedAnew()
    let command = [
      "pretrain", "image", "--data", "data/scenes", "--from", "image", "--output", "seen",
      "--steps", "3", "--decay-steps", "1",
    ]
    let made = try bench.xling(command)
    #expect(made.status == 0, "\(made.stderr)")
    #expect(made.stdout.contains("labels on 12 val pictures"))
    let card = try card("seen")
    #expect(
      card["data"] as? String
        == "training pictures of scenes with 4 words of their English captions; 6 pictures have none "
        + "of these words")
    let inspected = try bench.xling(["inspect", "seen"])
    #expect(inspected.status == 0, "\(inspected.stderr)")

    let both = try bench.xling(command + ["--scenes", "data/scenes"])
    #expect(both.status == 64)
  }

  @Test func picturesWithoutSharedWordsAreRefused() throws {
    let result = try bench.xling([
      "pretrain", "image", "--data", "data/scenes", "--from", "image", "--output", "seen",
      "--steps", "3",
    ])
    #expect(result.status == 65)
    #expect(result.stderr.contains("none in 40 training pictures"))
    #expect(!FileManager.default.fileExists(atPath: bench.path + "/seen"))
  }

  @Test func sentencesAreLearntFrom() throws {
    try AtomicFile.createFolder(bench.path + "/texts")
    let pairs = (0..<60).map { #"{"en": "the house \#($0)", "tr": "ev \#($0)"}"# }
    try AtomicFile.write(
      pairs.joined(separator: "\n"), to: bench.path + "/texts/pairs.jsonl")
    try AtomicFile.write("bir ev\niki ev\n", to: bench.path + "/texts/tr.txt")
    let command = [
      "pretrain", "text", "--text", "texts", "--from", "text", "--tokenizer", "text", "--output",
      "read", "--steps", "2", "--decay-steps", "1",
    ]
    let made = try bench.xling(command)
    #expect(made.status == 0, "\(made.stderr)")
    #expect(made.stdout.contains("translation R@1 of sentences kept apart"))
    let card = try card("read")
    #expect((card["data"] as? String)?.hasSuffix("translated ones in en, tr") == true)

    try AtomicFile.write("{", to: bench.path + "/texts/pairs.jsonl")
    let broken = try bench.xling(command)
    #expect(broken.status == 65)
    #expect(broken.stderr.contains("pairs.jsonl, line 1: expected an object of texts by language"))
  }
}
