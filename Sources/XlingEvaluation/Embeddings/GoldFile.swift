import Foundation
import XlingCore
import XlingData
import XlingRetrieval

/// `gold.jsonl`: for each caption row the rows of its pictures, `{"text": 3, "images": [0]}`; rows
/// count from 0.
public struct GoldFile: Sendable {
  /// Pictures of each caption; empty for captions that no line names.
  public let relation: GoldRelation
  /// SHA-256 of the file.
  public let hash: String
  /// Queries of either side without a correct item.
  public let textsWithout: Int
  public let imagesWithout: Int

  /// Throws ``EvaluationFailure/badGold(path:line:expected:found:)`` for lines that are not such
  /// objects, rows that are not there, a caption named twice; without `allowMissing`
  /// ``EvaluationFailure/withoutGold(path:side:rows:count:)``; `FileFailure`.
  public init(
    _ path: String, texts: Int, images: Int, allowMissing: Bool = false
  ) throws {
    let data = try AtomicFile.read(
      path, hint: "One object a caption: {\"text\": 3, \"images\": [0]}.")
    var lines = [Int32](repeating: 0, count: texts)
    // Pictures of all lines one after another, and the part of each caption.
    var pictures: [Int32] = []
    pictures.reserveCapacity(texts)
    var parts = [Range<Int32>](repeating: 0..<0, count: texts)
    var number = 0
    let text = try TextBytes.told(data, path: path, expected: "gold, a JSON object a line")
    try DatasetReader.forEachLine(text) { line in
      number += 1
      func bad(_ expected: String, _ found: String) -> EvaluationFailure {
        .badGold(path: path, line: number, expected: expected, found: found)
      }
      let entry = try GoldLine(line) ?? Self.parse(Data(line), bad)
      guard (0..<texts).contains(entry.text) else {
        throw bad("a text row below \(texts)", "row \(entry.text)")
      }
      if lines[entry.text] > 0 {
        throw bad(
          "one line a caption", "text \(entry.text) again (first: line \(lines[entry.text]))")
      }
      if let outside = entry.images.first(where: { !(0..<images).contains($0) }) {
        throw bad("image rows below \(images)", "row \(outside)")
      }
      lines[entry.text] = Int32(number)
      let first = Int32(pictures.count)
      for image in entry.images { pictures.append(Int32(image)) }
      parts[entry.text] = first..<Int32(pictures.count)
    }
    relation = GoldRelation(queryCount: texts) {
      pictures[Int(parts[$0].lowerBound)..<Int(parts[$0].upperBound)]
    }
    hash = Digest.of(data)
    var isNamed = [Bool](repeating: false, count: images)
    for image in relation.items { isNamed[Int(image)] = true }
    let without = [
      ("captions", parts.indices.filter { parts[$0].isEmpty }),
      ("pictures", isNamed.indices.filter { !isNamed[$0] }),
    ]
    for (side, rows) in without where !allowMissing && !rows.isEmpty {
      throw EvaluationFailure.withoutGold(
        path: path, side: side, rows: Array(rows.prefix(5)), count: rows.count)
    }
    (textsWithout, imagesWithout) = (without[0].1.count, without[1].1.count)
  }

  private static func parse(
    _ line: Data, _ bad: (String, String) -> EvaluationFailure
  ) throws(EvaluationFailure) -> GoldLine {
    guard let object = JSONValue(line)?.object else {
      throw bad("a JSON object", JSONValue.found(in: line))
    }
    if let unknown = object.keys.filter({ $0 != "text" && $0 != "images" }).sorted().first {
      throw bad("the keys text and images", "\"\(unknown)\"")
    }
    guard let text = object["text"]?.integer else {
      throw bad("\"text\": a row number", object["text"]?.shown ?? "no such key")
    }
    let images = object["images"]?.array?.map(\.integer)
    guard let images, !images.contains(nil) else {
      throw bad("\"images\": a list of row numbers", object["images"]?.shown ?? "no such key")
    }
    return GoldLine(text: text, images: images.compactMap { $0 })
  }
}
