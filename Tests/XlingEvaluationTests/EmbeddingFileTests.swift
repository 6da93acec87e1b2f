import Foundation
import Testing
import XlingCore
import XlingRetrieval
import XlingTestSupport
import XlingTowers

@testable import XlingEvaluation

@Suite struct EmbeddingFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func numpy(_ name: String) -> String { Fixtures.path("retrieval/\(name).npy") }

  private func found(_ path: String) -> EvaluationFailure? {
    do {
      _ = try EmbeddingFile(path)
      return nil
    } catch {
      return error as? EvaluationFailure
    }
  }

  @Test(arguments: ["f2", "f4", "f8"])
  func readsWhatNumPyWrites(type: String) throws {
    let file = try EmbeddingFile(numpy(type))
    #expect(file.width == 3 && file.count == 2)
    #expect(file.rows.array() == [1, -2.5, 0.125, 3, 4, -0.5])
  }

  @Test func refusesOtherArrays() throws {
    for (name, expected, wrong) in [
      ("fortran", "row-major order", "Fortran order"),
      ("integers", "float16, float32 or float64, little-endian", "<i4"),
      ("one_axis", "the shape (rows, width)", "[3]"),
    ] {
      guard case .notEmbeddings(_, expected, wrong, _) = found(numpy(name)) else {
        Issue.record("\(name): \(String(describing: found(numpy(name))))")
        continue
      }
    }
    let short = folder.path + "/short.npy"
    try AtomicFile.write(try AtomicFile.read(numpy("f4")).dropLast(4), to: short)
    guard case .notEmbeddings(_, "2 x 3 values of 4 bytes", "20 bytes", _) = found(short) else {
      Issue.record("\(String(describing: found(short)))")
      return
    }
    for length in [6, 9, 12, 40] {
      try AtomicFile.write(try AtomicFile.read(numpy("f4")).prefix(length), to: short)
      #expect(found(short) != nil)
    }
    #expect(throws: FileFailure.self) { try EmbeddingFile(folder.path + "/none.npy") }
  }

  @Test func readsSafetensors() throws {
    let path = folder.path + "/both.safetensors"
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    try values.withUnsafeBufferPointer { values in
      try Safetensors.write([("a", [3, 2], values), ("b", [2, 3], values)], to: path)
    }
    let file = try EmbeddingFile(path + "#b")
    #expect(file.width == 3 && file.rows.array() == values)
    #expect(found(path) == .tensorChoice(path: path, wanted: nil, known: ["a", "b"]))
    #expect(found(path + "#c") == .tensorChoice(path: path, wanted: "c", known: ["a", "b"]))
  }

  @Test func goldLines() throws {
    let path = folder.path + "/gold.jsonl"
    // A byte order mark, CR LF, no end of the last line.
    try AtomicFile.write(
      "\u{FEFF}{\"text\": 1, \"images\": [0]}\r\n{\"text\": 0, \"images\": [1, 0, 1]}", to: path)
    let gold = try GoldFile(path, texts: 2, images: 2)
    #expect(gold.relation == GoldRelation([[0, 1], [0]]))
    // Other ways to write the same.
    try AtomicFile.write(
      "{\"images\":[1,0],\"text\":0}\n { \"text\" :1,\t\"\\u0069mages\": [ 0 ] } \n", to: path)
    #expect(try GoldFile(path, texts: 2, images: 2).relation == gold.relation)
    for (line, expected, wrong) in [
      ("", "a JSON object", "an empty line"),
      ("[1]", "a JSON object", "\"[1]\""),
      (
        #"{"text": 1, "text": 1, "images": [0]}"#, "a JSON object",
        "the key \"text\" twice in one object"
      ),
      (#"{"text": 1}"#, "\"images\": a list of row numbers", "no such key"),
      (#"{"text": 1.5, "images": [0]}"#, "\"text\": a row number", "1.5"),
      (#"{"text": 1, "images": ["a"]}"#, "\"images\": a list of row numbers", "[\"a\"]"),
      (#"{"text": 1, "image": [0]}"#, "the keys text and images", "\"image\""),
      (#"{"text": 2, "images": [0]}"#, "a text row below 2", "row 2"),
      (#"{"text": -1, "images": [0]}"#, "a text row below 2", "row -1"),
      (#"{"text": 1, "images": [0, 2]}"#, "image rows below 2", "row 2"),
      (#"{"text": 0, "images": [0]}"#, "one line a caption", "text 0 again (first: line 1)"),
    ] {
      try AtomicFile.write("{\"text\": 0, \"images\": [0]}\n\(line)\n", to: path)
      #expect(
        throws: EvaluationFailure.badGold(path: path, line: 2, expected: expected, found: wrong)
      ) { try GoldFile(path, texts: 2, images: 2) }
    }
  }

  @Test func queriesWithoutGold() throws {
    let path = folder.path + "/gold.jsonl"
    try AtomicFile.write(
      "{\"text\": 1, \"images\": [0]}\n{\"text\": 2, \"images\": []}\n", to: path)
    #expect(
      throws: EvaluationFailure.withoutGold(path: path, side: "captions", rows: [0, 2], count: 2)
    ) { try GoldFile(path, texts: 3, images: 1) }
    let gold = try GoldFile(path, texts: 3, images: 4, allowMissing: true)
    #expect(gold.textsWithout == 2 && gold.imagesWithout == 3)
  }
}
