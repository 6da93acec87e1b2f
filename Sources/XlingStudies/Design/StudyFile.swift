import Foundation
import XlingAlignment
import XlingCore
import XlingRetrieval

/// Reads studies: strictly, so that a word that means nothing is never taken for one that does.
public enum StudyFile {
  /// Where the shipped ones lie.
  static let folder = "studies"
  private static let tables = [
    "study", "tower", "axes", "skip", "train", "learning_rate", "budget", "evaluate", "compare",
    "limits",
    "small",
  ]

  /// A file, or a shipped study by its name. Throws ``StudyFailure``, `FileFailure`.
  public static func find(_ name: String) throws -> (path: String, design: StudyDesign) {
    if name.hasSuffix(".toml") || name.contains("/") || FileManager.default.fileExists(atPath: name)
    {
      return (name, try read(name))
    }
    let known = try shipped()
    guard let path = known.first(where: { $0.name == name })?.path else {
      let names = known.map(\.name)
      throw StudyFailure.unknownStudy(
        name: name, nearest: Spelling.nearest(to: name, among: names), known: names)
    }
    return (path, try read(path))
  }

  /// Names and files of the shipped studies. Throws `FileFailure`.
  public static func shipped() throws -> [(name: String, path: String)] {
    let folder = try Assets.path(folder)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    return files.filter { $0.hasSuffix(".toml") && !FolderNames.isLeftover($0) }.sorted()
      .map { (String($0.dropLast(5)), folder + "/" + $0) }
  }

  public static func read(_ path: String) throws -> StudyDesign {
    try design(try StudySource(path))
  }

  public static func read(_ text: String, path: String) throws -> StudyDesign {
    try design(try StudySource(Data(text.utf8), path: path))
  }

  private static func design(_ source: StudySource) throws -> StudyDesign {
    let file = try StudyTable(source.table, named: "", in: source, known: tables)
    guard let study = try file.table("study", known: ["name", "question", "decides", "cost"]) else {
      throw file.mistake("study", "a table", "no such table")
    }
    let name = try study.required("name")
    guard name.utf8.allSatisfy({ isNameByte($0) }) else {
      throw study.mistake("name", "small letters, digits and -", "\"\(name)\"")
    }
    let (axes, seeds) = try StudyFile.axes(file)
    let rates = try rateChoice(file, axes)
    let (data, fixed) = try fixed(file, axes, rates)
    let budget = try budget(file, axes, fixed)
    let measure = try measure(file, data)
    let towers = try towers(
      file,
      used: (axes.first { $0.name == StudyFactor.textTower }?.values ?? [])
        + fixed.filter { $0.key == StudyFactor.textTower }.map(\.value))
    if let budget, !towers.isEmpty {
      throw file.mistake(
        "budget.\(budget.unit.rawValue)",
        "steps where towers are made first: what a step of theirs takes is not known before", "none"
      )
    }
    let limits = try file.table("limits", known: ["retries", "checkpoint_every"])
    return StudyDesign(
      name: name, question: try study.required("question"),
      decides: try study.text("decides") ?? "", cost: try study.text("cost") ?? "", axes: axes,
      seeds: seeds, towers: towers.isEmpty ? nil : towers,
      skips: try skips(file, axes), fixed: fixed, data: data ?? measure.data, rates: rates,
      budget: budget, measure: measure, comparison: try comparison(file, axes, measure),
      retries: try limits?.whole("retries", 0...100) ?? 1,
      checkpointEvery: try limits?.whole("checkpoint_every", 1...NumberRange.count),
      small: try small(file, axes, seeds))
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x2D || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

extension StudyFile {
  static let usualSeeds = 5

  private static func axes(
    _ file: StudyTable
  ) throws -> (axes: [StudyDesign.Axis], seeds: [UInt64]) {
    guard let table = try file.table("axes", known: ["seed"] + StudyFactor.axes) else {
      throw file.mistake("axes", "a table", "no such table")
    }
    var axes: [StudyDesign.Axis] = []
    for key in table.keys where key != "seed" { axes.append(try axis(key, table)) }
    return (axes, try seeds(table))
  }

  private static func axis(_ key: String, _ table: StudyTable) throws -> StudyDesign.Axis {
    let values = try (table.scalars(key) ?? []).map { try canonical(key, $0, table) }
    if let twice = Dictionary(grouping: values, by: { $0 }).filter({ $1.count > 1 }).keys.min() {
      throw table.mistake(key, "each value once", "\(twice) twice")
    }
    return StudyDesign.Axis(name: key, values: values)
  }

  /// Throws ``StudyFailure`` with the line for what the setting refuses.
  private static func canonical(
    _ key: String, _ value: String, _ table: StudyTable
  ) throws -> String {
    do {
      return try StudyFactor.canonical(key, value)
    } catch let failure as NumberFailure {
      throw table.mistake(key, failure.expected, "\"\(value)\"")
    } catch let failure as FileFailure {
      throw failure
    } catch {
      throw table.mistake(key, "a \(key) that there is", "\"\(value)\" (\(error))")
    }
  }

  /// Five from 1, `{ count = 5, from = 1 }`, or a list.
  private static func seeds(_ table: StudyTable) throws -> [UInt64] {
    guard let value = table.values["seed"] else { return (1...UInt64(usualSeeds)).map { $0 } }
    guard value.table != nil else {
      return try (table.scalars("seed") ?? []).map { text in
        guard let seed = UInt64(text) else {
          throw table.mistake("seed", "seeds of 0 or more, or { count = 5, from = 1 }", text)
        }
        return seed
      }
    }
    let range = try table.table("seed", known: ["count", "from"])
    let count = try range?.whole("count", 1...100_000) ?? usualSeeds
    let from = UInt64(try range?.whole("from", 0...NumberRange.count) ?? 1)
    return (0..<UInt64(count)).map { from + $0 }
  }

  private static func skips(
    _ file: StudyTable, _ axes: [StudyDesign.Axis]
  ) throws -> [StudyDesign.Skip] {
    guard let value = file.values["skip"] else { return [] }
    guard let list = value.list else {
      throw file.mistake("skip", "tables: [[skip]]", StudyTable.shown(value))
    }
    return try list.map { item in
      guard let table = item.table else {
        throw file.mistake("skip", "a table", StudyTable.shown(item))
      }
      let skip = try StudyTable(table, named: "skip", in: file.source, known: ["when"])
      guard let when = try skip.table("when", known: axes.map(\.name)), !when.values.isEmpty else {
        throw skip.mistake("when", "values of axes", "nothing")
      }
      var values: [String: [String]] = [:]
      for key in when.keys {
        let axis = axes.first { $0.name == key }?.values ?? []
        values[key] = try (when.scalars(key) ?? []).map { given in
          let value = try canonical(key, given, when)
          guard axis.contains(value) else {
            throw when.mistake(key, "values of its axis: " + axis.joined(separator: ", "), given)
          }
          return value
        }
      }
      return StudyDesign.Skip(when: values)
    }
  }

  private static func rateChoice(
    _ file: StudyTable, _ axes: [StudyDesign.Axis]
  ) throws -> StudyDesign.RateChoice? {
    guard let table = try file.table("learning_rate", known: ["tries", "choose_on"]) else {
      return nil
    }
    if axes.contains(where: { $0.name == "rate" }) {
      throw file.mistake("learning_rate", "either an axis rate or tries to choose from", "both")
    }
    let tries = try (table.scalars("tries") ?? []).map { given in
      do { return try StudyFactor.canonical("rate", given) } catch let failure as NumberFailure {
        throw table.mistake("tries", failure.expected, "\"\(given)\"")
      }
    }
    guard tries.count > 1 else {
      throw table.mistake(
        "tries", "at least two rates; one alone belongs in [train] rate", "\(tries.count)")
    }
    let known = ["split", "languages", "metric", "seeds"]
    let choice = try table.table("choose_on", known: known)
    let split = try choice?.text("split") ?? "val"
    guard split == "val" else {
      throw table.mistake(
        "choose_on.split", "\"val\": what is chosen on test is not measured there", "\"\(split)\"")
    }
    let metric = try choice?.text("metric") ?? StudyDesign.RateChoice.meanRecall
    if let choice, metric != StudyDesign.RateChoice.meanRecall {
      _ = try rate(metric, "metric", choice)
    }
    return StudyDesign.RateChoice(
      tries: tries, split: split, languages: try choice?.scalars("languages") ?? ["en"],
      metric: metric, seeds: try choice?.whole("seeds", 1...100) ?? 1)
  }

  /// What all cells share: [train], and the steps of [budget].
  private static func fixed(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ rates: StudyDesign.RateChoice?
  ) throws -> (data: String?, settings: [StudyDesign.Setting]) {
    var settings: [StudyDesign.Setting] = []
    let table = try file.table("train", known: ["data"] + StudyFactor.names)
    if let table {
      for key in table.keys where key != "data" {
        guard let value = table.values[key].flatMap(StudyTable.scalar) else {
          throw table.mistake(key, "one value; several are an axis", "a list or a table")
        }
        settings.append(.init(key: key, value: try canonical(key, value, table)))
      }
    }
    if let budget = try file.table("budget", known: ["steps", "flops", "seconds"]),
      let steps = try budget.whole("steps", 1...NumberRange.count)
    {
      settings.append(.init(key: "steps", value: "\(steps)"))
    }
    let names = axes.map(\.name) + settings.map(\.key) + (rates == nil ? [] : ["rate"])
    if let twice = Dictionary(grouping: names, by: { $0 }).filter({ $1.count > 1 }).keys.min() {
      let place = table?.values[twice] == nil ? "budget.\(twice)" : "train.\(twice)"
      throw file.source.mistake(place, expected: "\(twice) said once", found: "it in two places")
    }
    if names.contains("steps"), names.contains("epochs") {
      throw file.source.mistake("budget.steps", expected: "steps or epochs", found: "both")
    }
    if let found = StudyFactor.contradiction(names) {
      let place = table?.values[found.name] == nil ? "axes.\(found.name)" : "train.\(found.name)"
      throw file.source.mistake(place, expected: found.expected, found: found.found)
    }
    guard names.contains(StudyFactor.method) else {
      throw file.mistake("axes.method", "methods, as an axis or one in [train]", "none")
    }
    return (try table?.text("data"), settings)
  }

  private static func comparison(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ measure: StudyDesign.Measure
  ) throws -> StudyDesign.Comparison? {
    guard let table = try file.table("compare", known: ["axis", "baseline", "primary"]) else {
      return nil
    }
    let axis = try table.text("axis") ?? StudyFactor.method
    guard let values = axes.first(where: { $0.name == axis })?.values else {
      throw table.mistake(
        "axis", "one of the axes " + axes.map(\.name).joined(separator: ", "), axis)
    }
    let given = table.values["baseline"].flatMap(StudyTable.scalar) ?? values[0]
    let baseline = try canonical(axis, given, table)
    guard values.contains(baseline) else {
      throw table.mistake(
        "baseline", "a value of its axis: " + values.joined(separator: ", "), "\"\(given)\"")
    }
    let primary = try table.table("primary", known: ["metric", "over", "correction"])
    let metric = try primary?.text("metric") ?? measure.metrics[measure.metrics.count - 1]
    guard let primary else {
      return .init(
        axis: axis, baseline: baseline, metric: metric, over: [StudyDesign.Comparison.untaught],
        correction: "holm")
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
    return .init(
      axis: axis, baseline: baseline, metric: metric,
      over: try primary.scalars("over") ?? [StudyDesign.Comparison.untaught], correction: correction
    )
  }

  private static func small(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ seeds: [UInt64]
  ) throws -> StudyDesign.Small? {
    let known = ["steps", "seeds", "languages", "axes", "tower_steps"]
    guard let table = try file.table("small", known: known) else { return nil }
    let changed = try table.table("axes", known: axes.map(\.name))
    return StudyDesign.Small(
      steps: try table.whole("steps", 1...NumberRange.count),
      seeds: try table.whole("seeds", 1...seeds.count), languages: try table.scalars("languages"),
      axes: try changed.map { changed in try changed.keys.map { try axis($0, changed) } } ?? [],
      towerSteps: try table.whole("tower_steps", 1...NumberRange.count))
  }
}
