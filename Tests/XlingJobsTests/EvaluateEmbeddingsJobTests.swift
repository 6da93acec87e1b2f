import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTowers

@testable import XlingJobs

@Suite("evaluating given embeddings as a job")
struct EvaluateEmbeddingsJobTests {
  let folder: TemporaryFolder
  let options: EvaluateEmbeddingsJob.Options

  /// Six captions of six pictures, of which the last picture lies where the first does:
  /// their captions tie.
  init() throws {
    folder = try TemporaryFolder()
    let path = folder.path
    func save(_ name: String, _ rows: [[Float]]) throws -> String {
      try rows.flatMap { $0 }.withUnsafeBufferPointer {
        try Safetensors.write([("rows", [rows.count, 6], $0)], to: "\(path)/\(name)")
      }
      return "\(path)/\(name)"
    }
    let units = (0..<6).map { row in (0..<6).map { Float($0 == row ? 1 : 0) } }
    let lines = (0..<6).map { "{\"text\": \($0), \"images\": [\($0)]}\n" }
    try AtomicFile.write(lines.joined(), to: path + "/gold")
    var options = EvaluateEmbeddingsJob.Options(
      texts: try save("T", units), images: try save("I", units.dropLast() + [units[0]]),
      gold: path + "/gold")
    options.language = "tr"
    options.plan.resamples = 200
    self.options = options
  }

  private func evaluated(_ options: EvaluateEmbeddingsJob.Options) throws -> EvaluatedEmbeddings {
    guard case .evaluated(let found) = try EvaluateEmbeddingsJob(options).run() else {
      throw CocoaError(.featureUnsupported)
    }
    return found
  }

  @Test func measuresBothDirections() throws {
    var options = options
    try AtomicFile.write("a\nb\nc\nd\ne\na\n", to: folder.path + "/texts")
    options.captionTexts = folder.path + "/texts"
    let found = try evaluated(options)
    #expect(found.captions.count == 6 && found.captions.repeated == 2)
    #expect(found.pictures.repeated == 0 && found.captions.ties == 2)
    let recall = found.rows.first { $0.metric == "R@1" && $0.direction == "text-to-image" }
    #expect(recall?.language == "tr" && recall.map { $0.value < 100 } == true)
    #expect(found.rows.contains { $0.metric == "R@1 lenient" })
    #expect(try coded(EvaluateEmbeddingsJob.Result.evaluated(found)) == .evaluated(found))
  }

  @Test func shardsMergeToTheWhole() throws {
    let whole = try evaluated(options)
    let paths = try (1...3).map { index in
      var options = options
      options.shard = .init(index, of: 3, output: "\(folder.path)/shard-\(index)")
      let written = try EvaluateEmbeddingsJob(options).run()
      #expect(written == .shard(captions: 2))
      return "\(folder.path)/shard-\(index)"
    }
    #expect(
      try EvaluatedEmbeddings(shards: paths, options.plan, language: "tr") == whole)
  }

  @Test func badInputIsNamed() throws {
    let table: [(change: (inout EvaluateEmbeddingsJob.Options) -> Void, words: String)] = [
      ({ $0.texts += "?" }, "/T?"),
      (
        { $0.gold = $0.texts }, "/T: expected gold, a JSON object a line, found a safetensors file."
      ),
      ({ $0.captionTexts = $0.gold + "?" }, "/gold?"),
      ({ $0.checkpoint = "/nowhere/kept" }, "/nowhere/kept"),
      ({ $0.shard = .init(1, of: 2, output: "/nowhere/shard") }, "/nowhere/shard"),
    ]
    for (change, expected) in table {
      var options = options
      change(&options)
      let found = words { _ = try EvaluateEmbeddingsJob(options).run() }
      #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
    }
  }
}
