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

  /// Throws ``StudyFailure`` for a metric that cells of that kind do not have.
  static func checkMetric(
    _ name: String, _ key: String, _ table: StudyTable, _ kind: StudyKind
  ) throws {
    guard kind == .classifiers else {
      _ = try rate(name, key, table)
      return
    }
    guard ClassifierDesign.metrics.contains(name) else {
      throw table.mistake(
        key, "one of " + ClassifierDesign.metrics.joined(separator: ", "), "\"\(name)\"")
    }
  }

  /// What is trained on, how it is measured, and what cells are made of where they are classifiers.
  static func subject(
    _ file: StudyTable, _ kind: StudyKind, _ trained: String?
  ) throws -> (data: String, measure: StudyDesign.Measure, classifiers: ClassifierDesign?) {
    if kind == .classifiers {
      let (data, classifiers, metrics) = try classifiers(file)
      let measure = StudyDesign.Measure(
        data: data, split: "test", languages: [], metrics: metrics, captions: nil)
      return (data, measure, classifiers)
    }
    if file.values["align"] != nil {
      throw file.mistake(
        "align", "[finetune], too: without it the cells themselves are aligned, by [train]",
        "[align] alone")
    }
    let measure = try measure(file, trained)
    return (trained ?? measure.data, measure, nil)
  }
}
