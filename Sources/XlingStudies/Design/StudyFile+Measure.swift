import XlingCore
import XlingRetrieval

// What is measured, and how.
extension StudyFile {
  /// Throws ``StudyFailure`` for a metric that is no rate.
  static func rate(_ name: String, _ key: String, _ table: StudyTable) throws -> Metric {
    guard let metric = Metric.named(name), metric.aggregation == .mean, metric.isRate else {
      throw table.mistake(
        key, "a rate that is a mean over queries: R@1, R@10, MRR, nDCG@10 …", "\"\(name)\"")
    }
    return metric
  }

  static func measure(_ file: StudyTable, _ data: String?) throws -> StudyDesign.Measure {
    let known = ["data", "split", "languages", "metrics", "captions", "translations"]
    guard let table = try file.table("evaluate", known: known) else {
      throw file.mistake("evaluate", "a table", "no such table")
    }
    let split = try table.text("split") ?? "test"
    guard ["test", "val"].contains(split) else {
      throw table.mistake("split", "test or val", split)
    }
    let metrics = try (table.scalars("metrics") ?? ["R@1", "R@10"])
      .map { try rate($0, "metrics", table).name }
    let files = try table.table("translations", known: nil)
    let translations = try files.map { files in
      try Dictionary(files.keys.map { ($0, try files.required($0)) }) { $1 }
    }
    return StudyDesign.Measure(
      data: try table.text("data") ?? data ?? "scenes", split: split,
      languages: try table.scalars("languages") ?? ["all"], metrics: metrics,
      captions: try table.whole("captions", 1...NumberRange.count), translations: translations)
  }
}
