import XlingAlignment
import XlingCore
import XlingData

// Studies whose cells are classifiers.
extension StudyFile {
  /// [finetune], [align], and what of [evaluate] is theirs.
  static func classifiers(
    _ file: StudyTable
  ) throws -> (data: String, design: ClassifierDesign, metrics: [String]) {
    let known = ["data", "labels", "classes", "head", "least", "held_out_classes"]
    guard let table = try file.table("finetune", known: known) else {
      throw file.mistake("finetune", "a table", "no such table")
    }
    if file.values["tower"] != nil {
      throw file.mistake(
        "tower", "no [[tower]] where cells are classifiers; [align] text_tower names a folder",
        "one")
    }
    let align = try file.table("align", known: StudyKind.aligned.settings)
    let aligned = try align.map { try single($0, .aligned) } ?? []
    let names = aligned.map(\.key)
    guard let align, names.contains(StudyFactor.method) else {
      throw file.mistake(
        "align",
        "[align] with the method, data and steps of the run that each seed's classifiers "
          + "are made of", align == nil ? "no such table" : "no method")
    }
    if let found = StudyFactor.contradiction(names) {
      throw align.mistake(found.name, found.expected, found.found)
    }
    let evaluate = try file.table("evaluate", known: ["data", "metrics"])
    let metrics = try evaluate?.scalars("metrics") ?? [ClassifierDesign.metrics[0]]
    for metric in metrics {
      try checkMetric(metric, "metrics", evaluate ?? file, .classifiers)
    }
    let data = try table.required("data")
    let heldOut = try table.whole("held_out_classes", 0...NumberRange.count) ?? 0
    let design = ClassifierDesign(
      aligned: aligned, alignedData: try align.text("data") ?? "scenes",
      labels: try word("labels", table) ?? .subgroup, classes: try table.text("classes"),
      head: try word("head", table) ?? .text,
      least: try table.whole("least", 1...NumberRange.count) ?? 1, heldOut: heldOut,
      tests: try evaluate?.scalars("data") ?? [data])
    guard heldOut == 0 || design.head == .text else {
      throw table.mistake(
        "held_out_classes",
        "0 under a linear head, which has no row for what it was not trained on",
        "\(heldOut)")
    }
    return (data, design, metrics)
  }

  private static func word<Word: RawRepresentable & CaseIterable>(
    _ key: String, _ table: StudyTable
  ) throws -> Word? where Word.RawValue == String {
    guard let given = try table.text(key) else { return nil }
    guard let word = Word(rawValue: given) else {
      throw table.mistake(
        key, "one of " + Word.allCases.map(\.rawValue).joined(separator: ", "), "\"\(given)\"")
    }
    return word
  }

  /// The primary comparison is on one set of test pictures.
  static func checkTest(
    _ over: [String], _ classifiers: ClassifierDesign, _ table: StudyTable
  ) throws {
    let known = classifiers.allTests.map(\.name)
    guard over.count == 1, known.contains(over[0]) else {
      throw table.mistake(
        "over", "one of " + known.map { "\"\($0)\"" }.joined(separator: ", "),
        over.joined(separator: " and "))
    }
  }

  /// Whatever contradicts itself in a combination of axes, of the whole study and of its small form.
  static func checkClassifiers(_ file: StudyTable, _ design: StudyDesign) throws {
    if let budget = design.budget {
      throw file.mistake(
        "budget.\(budget.unit.rawValue)", "steps where cells are classifiers", "none")
    }
    for form in [design] + (design.small == nil ? [] : [try design.smallForm()]) {
      if let classifiers = form.classifiers { try ClassifierGrid(form, classifiers).check(file) }
    }
  }
}

extension ClassifierDesign {
  /// Of each data the trained classes, and those held out where there are two to tell apart.
  public var allTests: [ClassTest] {
    tests.flatMap { data in
      [ClassTest(data: data, isHeldOut: false)]
        + (heldOut > 1 ? [ClassTest(data: data, isHeldOut: true)] : [])
    }
  }
}

/// The combinations of a study of classifiers, each with what all share.
private struct ClassifierGrid {
  private let grid: [[String: String]]
  private let design: StudyDesign
  private let classifiers: ClassifierDesign

  init(_ design: StudyDesign, _ classifiers: ClassifierDesign) {
    (self.design, self.classifiers) = (design, classifiers)
    let fixed = Dictionary(design.fixed.map { ($0.key, $0.value) }) { $1 }
    grid = StudyPlan.grid(design).map { fixed.merging($0) { $1 } }
  }

  func check(_ file: StudyTable) throws {
    var cards: [String: MethodCard] = [:]
    for factors in grid {
      let classifier = try ClassifierFactor.classifier(factors) { name in
        if let card = cards[name] { return card }
        let card = try MethodCards.named(name)
        cards[name] = card
        return card
      }
      try check(classifier, factors, file)
    }
  }

  private func check(
    _ classifier: CellClassifier, _ factors: [String: String], _ file: StudyTable
  ) throws {
    let mode = factors[ClassifierFactor.mode] ?? "alone"
    func mistake(_ key: String, _ expected: String) -> StudyFailure {
      let name = design.axes.contains { $0.name == key } ? "axes.\(key)" : "train.\(key)"
      return file.mistake(
        name, expected + "; leave it out by [[skip]]",
        "method \(factors[ClassifierFactor.method] ?? ""), mode \(mode)")
    }
    if let shots = classifier.shots, shots > classifiers.least {
      throw file.mistake(
        "finetune.least", "\(shots) or more, so that each class has its \(shots) shots",
        "\(classifiers.least)")
    }
    guard let method = classifier.method else {
      guard mode == "alone", classifiers.head == .text else {
        throw mistake(
          mode == "alone" ? ClassifierFactor.method : ClassifierFactor.mode,
          "zero-shot alone and with a text head: nothing of it is trained")
      }
      return
    }
    do {
      _ = try FinetuneMethod(method, with: classifier.with, head: classifiers.head)
    } catch {
      throw mistake(ClassifierFactor.mode, "what can be trained (\(error))")
    }
    guard let start = classifier.start else { return }
    guard start != factors[ClassifierFactor.method] else {
      throw mistake(ClassifierFactor.mode, "a start from another method")
    }
    guard grid.contains(ClassifierFactor.start(factors, start)) else {
      throw mistake(
        ClassifierFactor.mode, "the cell that it starts from in the study: method \(start), alone")
    }
  }
}
