import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore

/// Contents of cells that are classifiers.
final class ClassifierContents: CellContents, @unchecked Sendable {
  private let design: StudyDesign
  private let classifiers: ClassifierDesign
  private let inputs: StudyInputs
  private let fixed: [String: String]
  private let runs: RunContents
  // As of ``RunContents``.
  private let lock = NSLock()
  private var cards: [String: MethodCard] = [:]
  private var known: [[String: String]: CellCondition] = [:]

  init(_ design: StudyDesign, _ classifiers: ClassifierDesign, _ inputs: StudyInputs) {
    (self.design, self.classifiers, self.inputs) = (design, classifiers, inputs)
    fixed = Dictionary(design.fixed.map { ($0.key, $0.value) }) { $1 }
    runs = RunContents(design, alignedBy: classifiers.aligned, inputs)
  }

  var aligned: Content? { get throws { try runs.trained([:]) } }

  func training(_ factors: [String: String]) throws -> CellTraining { try runs.training([:]) }

  func tower(_ name: String) -> String { runs.tower(name) }

  func classifier(_ factors: [String: String]) throws -> CellClassifier? {
    lock.lock()
    defer { lock.unlock() }
    return try made(factors)
  }

  func condition(_ factors: [String: String]) throws -> CellCondition {
    lock.lock()
    defer { lock.unlock() }
    return try found(factors)
  }

  private func found(_ factors: [String: String]) throws -> CellCondition {
    if let condition = known[factors] { return condition }
    let condition = try new(factors)
    known[factors] = condition
    return condition
  }

  private func new(_ factors: [String: String]) throws -> CellCondition {
    let classifier = try made(factors)
    let start = classifier.start.map { ClassifierFactor.start(factors, $0) }
    let rates = classifier.method == nil ? nil : design.rates
    var lines = [
      "numerics=\(Version.numerics)", "aligned=\(try runs.trained([:]).hash(""))",
      "classifier=\(try method(classifier))", "head=\(classifiers.head.rawValue)",
      "data=\(inputs.classes?.data ?? "") \(classifiers.labels.rawValue) \(classifiers.least)",
      "held_out=\(inputs.classes?.heldOut.joined(separator: "\t") ?? "")",
    ]
    // What is not trained has no settings.
    if classifier.method != nil {
      lines += [
        "shots=\(classifier.shots.map(String.init) ?? ClassifierFactor.all)",
        "start=\(try start.map { try found($0).group } ?? "")",
      ]
      lines += classifier.settings.content(rates != nil)
    }
    let trained = lines.joined(separator: "\n")
    var measured =
      trained + "\ntests=" + (inputs.classes?.tests ?? []).joined(separator: "\t")
      + "\nmetrics=" + design.measure.metrics.joined(separator: " ")
    let choice = rates.map { "\($0.split) \($0.metric)" + $0.stepsText } ?? ""
    measured += rates?.content(choice, design.seeds) ?? ""
    return CellCondition(
      factors: factors, trained: Content(text: trained), measured: Content(text: measured),
      tried: rates.map { _ in Content(text: trained + "\ntry=" + choice) },
      group: Digest.of(measured), start: start)
  }

  private func made(_ factors: [String: String]) throws -> CellClassifier {
    try ClassifierFactor.classifier(fixed.merging(factors) { $1 }) { name in
      if let card = cards[name] { return card }
      let card = try MethodCards.named(name)
      cards[name] = card
      return card
    }
  }

  /// What is trained, without names; empty where nothing is.
  private func method(_ classifier: CellClassifier) throws -> String {
    guard let card = classifier.method else { return "" }
    let method = try FinetuneMethod(card, with: classifier.with, head: classifiers.head)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(method.image), as: UTF8.self)
      + " \(method.trainsHead) \(method.trainsProjection)"
  }
}
