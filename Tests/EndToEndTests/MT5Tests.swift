import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTowers

/// An mT5 encoder from its folder to vectors, and aligned.
struct MT5Tests {
  let bench: Bench

  init() throws {
    bench = try Bench()
    var configuration = BERTConfiguration(
      vocabularySize: 16_384, hiddenSize: 24, layers: 2, heads: 3, intermediateSize: 40,
      maximumPositions: 64, tokenTypes: 0, layerNormEpsilon: 1e-6)
    configuration.modelType = "mt5"
    configuration.activation = .geluTanh
    configuration.t5 = BERTConfiguration.T5(
      buckets: RelativePositions.Buckets(count: 8, maximumDistance: 16), headWidth: 10)
    configuration.dropout = DropoutRates(hidden: 0.1, attention: 0.1)
    let tower = TextTower(configuration)
    tower.initialize(seed: 3, deviation: 0.2)
    try tower.save(to: bench.path + "/mt5", storage: .float32)
    try FileManager.default.copyItem(
      atPath: try Assets.path("tokenizers") + "/mini-unigram/spiece.model",
      toPath: bench.path + "/mt5/spiece.model")
  }

  @Test func embedsTexts() throws {
    try "a dog\nein Hund\n狗\n".write(
      toFile: bench.path + "/stdin", atomically: true, encoding: .utf8)
    let result = try bench.xling(
      ["embed", "--tower", "mt5", "--output", "out.npy", "--batch-size", "2"],
      shell: "exec < stdin")
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout == "wrote 3 rows of 24 to out.npy\n")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: bench.path + "/out.npy")).dropFirst(128)
    let rows = (0..<3).map { Array(bytes.dropFirst($0 * 96).prefix(96)) }
    #expect(Set(rows).count == 3)
  }

  @Test(arguments: ["lwa", "full"])
  func isAligned(_ method: String) throws {
    let arguments = [
      "align", "--method", method, "--data", "scenes", "--text-tower", "mt5", "--image-tower",
      "image", "--output", "runs/mt5", "--batch-size", "8", "--steps", "4", "--json",
    ]
    let trained = try bench.xling(arguments)
    #expect(trained.status == 0, "\(trained.stderr)")
    let checkpoint = try Parsed.object(trained.stdout)["checkpoint"] as? String
    #expect(checkpoint?.count == 64)
    let evaluated = try bench.xling(
      ["eval", "runs/mt5", "--data", "scenes", "--lang", "tr", "--lang", "zh"])
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    #expect(evaluated.stdout.contains("Turkish") || evaluated.stdout.contains("tr"))
    // Its dropout is part of what was trained.
    var whole = arguments + ["--dropout", "none"]
    whole[9 + 1] = "runs/whole"
    let without = try bench.xling(whole)
    #expect(without.status == 0, "\(without.stderr)")
    #expect(try Parsed.object(without.stdout)["checkpoint"] as? String != checkpoint)
    let prompt = try bench.xling([
      "align", "--method", "prompt", "--data", "scenes", "--text-tower", "mt5", "--image-tower",
      "image", "--output", "runs/prompt", "--batch-size", "8", "--steps", "4",
    ])
    #expect(
      prompt.status != 0 && prompt.stderr.contains("a prompt has no place otherwise"))
  }
}
