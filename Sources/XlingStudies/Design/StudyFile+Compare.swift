import XlingCore

// What is compared, and what --small changes.
extension StudyFile {
  static func comparison(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ measure: StudyDesign.Measure,
    _ classifiers: ClassifierDesign?, _ kind: StudyKind
  ) throws -> StudyDesign.Comparison? {
    let known = ["axis", "baseline", "primary", "explore"]
    guard let table = try file.table("compare", known: known) else { return nil }
    let (axis, baseline) = try compared(table, axes, kind)
    let usual = classifiers.map { [$0.tests[0]] } ?? [StudyDesign.Comparison.untaught]
    let primary = try table.table("primary", known: ["metric", "over", "correction", "where"])
    let metric = try primary?.text("metric") ?? measure.metrics[measure.metrics.count - 1]
    guard let primary else {
      return .init(
        axis: axis, baseline: baseline, metric: metric, over: usual, correction: "holm",
        explored: try explored(table, axes, kind))
    }
    guard measure.metrics.contains(metric) else {
      throw primary.mistake(
        "metric", "one of those of [evaluate]: " + measure.metrics.joined(separator: ", "),
        "\"\(metric)\"")
    }
    let correction = try primary.text("correction") ?? "holm"
    guard correction == "holm" else {
      throw primary.mistake("correction", "\"holm\"", "\"\(correction)\"")
    }
    let over = try primary.scalars("over") ?? usual
    if let classifiers { try checkTest(over, classifiers, primary) }
    let only = try primary.table("where", known: axes.map(\.name))
    return .init(
      axis: axis, baseline: baseline, metric: metric, over: over, correction: correction,
      only: try only.map { try axisValues($0, axes, kind) },
      explored: try explored(table, axes, kind))
  }

  /// An axis, and which of its values the others are held against.
  private static func compared(
    _ table: StudyTable, _ axes: [StudyDesign.Axis], _ kind: StudyKind
  ) throws -> (axis: String, baseline: String) {
    let axis = try table.text("axis") ?? StudyFactor.method
    guard let values = axes.first(where: { $0.name == axis })?.values else {
      throw table.mistake(
        "axis", "one of the axes " + axes.map(\.name).joined(separator: ", "), axis)
    }
    let given = table.values["baseline"].flatMap(StudyTable.scalar) ?? values[0]
    let baseline = try kind.canonical(axis, given, table)
    guard values.contains(baseline) else {
      throw table.mistake(
        "baseline", "a value of its axis: " + values.joined(separator: ", "), "\"\(given)\"")
    }
    return (axis, baseline)
  }

  private static func explored(
    _ table: StudyTable, _ axes: [StudyDesign.Axis], _ kind: StudyKind
  ) throws -> StudyDesign.Explored? {
    guard let explored = try table.table("explore", known: ["axis", "baseline"]) else { return nil }
    let (axis, baseline) = try compared(explored, axes, kind)
    return .init(axis: axis, baseline: baseline)
  }

  static func small(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ seeds: [UInt64], _ kind: StudyKind
  ) throws -> StudyDesign.Small? {
    let own =
      kind == .aligned
      ? ["languages", "tower_steps"] : ["data", "align_steps", "held_out_classes"]
    let known = ["steps", "seeds", "axes"] + own
    guard let table = try file.table("small", known: known) else { return nil }
    let changed = try table.table("axes", known: axes.map(\.name))
    return StudyDesign.Small(
      steps: try table.whole("steps", 1...NumberRange.count),
      seeds: try table.whole("seeds", 1...seeds.count), languages: try table.scalars("languages"),
      axes: try changed.map { changed in try changed.keys.map { try axis($0, changed, kind) } }
        ?? [],
      towerSteps: try table.whole("tower_steps", 1...NumberRange.count),
      tests: try table.scalars("data"),
      alignSteps: try table.whole("align_steps", 1...NumberRange.count),
      heldOut: try table.whole("held_out_classes", 0...NumberRange.count))
  }
}
