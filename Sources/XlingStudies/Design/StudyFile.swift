import Foundation
import XlingAlignment
import XlingCore
import XlingRetrieval

/// Reads studies: strictly, so that a word that means nothing is never taken for one that does.
public enum StudyFile {
  /// Where the shipped ones lie.
  static let folder = "studies"
  private static let tables = [
    "study", "tower", "finetune", "align", "axes", "skip", "train", "learning_rate", "budget",
    "evaluate", "compare", "limits", "small",
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
    let kind: StudyKind = file.values["finetune"] == nil ? .aligned : .classifiers
    let (axes, seeds) = try StudyFile.axes(file, kind)
    let rates = try rateChoice(file, axes, kind)
    let (trained, fixed) = try fixed(file, axes, rates, kind)
    let budget = try budget(file, axes, fixed)
    let (data, measure, classifiers) = try subject(file, kind, trained)
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
    let design = StudyDesign(
      name: name, question: try study.required("question"),
      decides: try study.text("decides") ?? "", cost: try study.text("cost") ?? "", axes: axes,
      seeds: seeds, towers: towers.isEmpty ? nil : towers, classifiers: classifiers,
      skips: try skips(file, axes, kind), fixed: fixed, data: data, rates: rates,
      budget: budget, measure: measure,
      comparison: try comparison(file, axes, measure, classifiers, kind),
      retries: try limits?.whole("retries", 0...100) ?? 1,
      checkpointEvery: try limits?.whole("checkpoint_every", 1...NumberRange.count),
      small: try small(file, axes, seeds, kind))
    if classifiers != nil { try checkClassifiers(file, design) }
    return design
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x2D || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

extension StudyFile {
  static let usualSeeds = 5

  private static func axes(
    _ file: StudyTable, _ kind: StudyKind
  ) throws -> (axes: [StudyDesign.Axis], seeds: [UInt64]) {
    guard let table = try file.table("axes", known: ["seed"] + kind.axes) else {
      throw file.mistake("axes", "a table", "no such table")
    }
    var axes: [StudyDesign.Axis] = []
    for key in table.keys where key != "seed" { axes.append(try axis(key, table, kind)) }
    return (axes, try seeds(table))
  }

  static func axis(
    _ key: String, _ table: StudyTable, _ kind: StudyKind
  ) throws -> StudyDesign.Axis {
    let values = try (table.scalars(key) ?? []).map { try kind.canonical(key, $0, table) }
    if let twice = Dictionary(grouping: values, by: { $0 }).filter({ $1.count > 1 }).keys.min() {
      throw table.mistake(key, "each value once", "\(twice) twice")
    }
    return StudyDesign.Axis(name: key, values: values)
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
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ kind: StudyKind
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
      return StudyDesign.Skip(when: try axisValues(when, axes, kind))
    }
  }

  /// Values of some axes.
  static func axisValues(
    _ table: StudyTable, _ axes: [StudyDesign.Axis], _ kind: StudyKind
  ) throws -> [String: [String]] {
    var values: [String: [String]] = [:]
    for key in table.keys {
      let axis = axes.first { $0.name == key }?.values ?? []
      values[key] = try (table.scalars(key) ?? []).map { given in
        let value = try kind.canonical(key, given, table)
        guard axis.contains(value) else {
          throw table.mistake(key, "values of its axis: " + axis.joined(separator: ", "), given)
        }
        return value
      }
    }
    return values
  }

  private static func rateChoice(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ kind: StudyKind
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
    let known = ["split", "metric", "seeds", "steps"] + (kind == .aligned ? ["languages"] : [])
    let choice = try table.table("choose_on", known: known)
    let split = try choice?.text("split") ?? "val"
    guard split == "val" else {
      throw table.mistake(
        "choose_on.split", "\"val\": what is chosen on test is not measured there", "\"\(split)\"")
    }
    let metric = try choice?.text("metric")
    if let choice, let metric, metric != StudyDesign.RateChoice.meanRecall || kind == .classifiers {
      try checkMetric(metric, "metric", choice, kind)
    }
    let usual = kind == .aligned ? StudyDesign.RateChoice.meanRecall : ClassifierDesign.metrics[0]
    let languages = kind == .aligned ? try choice?.scalars("languages") ?? ["en"] : []
    return StudyDesign.RateChoice(
      tries: tries, split: split, languages: languages, metric: metric ?? usual,
      seeds: try choice?.whole("seeds", 1...100) ?? 1,
      steps: try choice?.whole("steps", 1...NumberRange.count))
  }

  /// What all cells share: [train], and the steps of [budget].
  private static func fixed(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ rates: StudyDesign.RateChoice?,
    _ kind: StudyKind
  ) throws -> (data: String?, settings: [StudyDesign.Setting]) {
    let table = try file.table("train", known: kind.settings)
    var settings = try table.map { try single($0, kind) } ?? []
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
    if kind == .aligned, let found = StudyFactor.contradiction(names) {
      let place = table?.values[found.name] == nil ? "axes.\(found.name)" : "train.\(found.name)"
      throw file.source.mistake(place, expected: found.expected, found: found.found)
    }
    guard names.contains(StudyFactor.method) else {
      throw file.mistake("axes.method", "methods, as an axis or one in [train]", "none")
    }
    return (try table?.text("data"), settings)
  }

  /// Settings of one value each, without the data.
  static func single(
    _ table: StudyTable, _ kind: StudyKind
  ) throws -> [StudyDesign.Setting] {
    try table.keys.filter { $0 != "data" }.map { key in
      guard let value = table.values[key].flatMap(StudyTable.scalar) else {
        throw table.mistake(key, "one value; several are an axis", "a list or a table")
      }
      return .init(key: key, value: try kind.canonical(key, value, table))
    }
  }
}
