import Foundation
import XlingExperiments

/// What CLIP_benchmark writes for the task `zeroshot_retrieval`: recalls by its names, as fractions.
/// Its "text retrieval" is image to text. It has no intervals; those stay in our own JSON.
struct CLIPBenchmarkRecord: Encodable {
  let dataset: String
  let model: String
  let pretrained: String
  let task = "zeroshot_retrieval"
  let metrics: [String: Double]
  let language: String

  /// One object a line, one line a run, subset and language; metrics other than R@k are left out.
  static func lines(_ rows: [ResultRow]) throws -> String {
    var keys: [[String]] = []
    var metrics: [[String]: [String: Double]] = [:]
    for row in rows where row.metric.hasPrefix("R@") && Int(row.metric.dropFirst(2)) != nil {
      let key = [row.model, row.subset, row.language]
      if metrics[key] == nil { keys.append(key) }
      let side = row.direction == "text-to-image" ? "image" : "text"
      metrics[key, default: [:]]["\(side)_retrieval_recall@\(row.metric.dropFirst(2))"] =
        row.value / 100
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try keys.map { key in
      let record = CLIPBenchmarkRecord(
        dataset: "xling " + key[1], model: key[0], pretrained: "", metrics: metrics[key] ?? [:],
        language: key[2])
      return String(decoding: try encoder.encode(record), as: UTF8.self)
    }.joined(separator: "\n")
  }
}
