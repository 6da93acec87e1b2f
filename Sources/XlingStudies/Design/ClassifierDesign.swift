import XlingAlignment
import XlingCore
import XlingData

/// What makes a study one of classifiers: each cell is fine-tuned from a run that is aligned first, one a seed.
public struct ClassifierDesign: Codable, Sendable, Equatable {
  /// What decides the aligned runs, a method among it.
  public var aligned: [StudyDesign.Setting]
  /// Their data.
  public let alignedData: String
  public let labels: ConceptLabel
  /// A file of class names; nil: those of the data.
  public let classes: String?
  public let head: ClassHead.Kind
  /// Classes with fewer training pictures are none.
  public let least: Int
  /// So many classes are never trained on, the same in all cells.
  public var heldOut: Int
  /// Data whose test pictures cells are measured by.
  public var tests: [String]

  /// What a class's picture came first among.
  static let metrics = ["top-1", "top-5"]

  mutating func become(small: StudyDesign.Small) {
    if let tests = small.tests { self.tests = tests }
    if let heldOut = small.heldOut { self.heldOut = heldOut }
    guard let steps = small.alignSteps else { return }
    aligned.removeAll { ["steps", "epochs"].contains($0.key) }
    aligned.append(.init(key: "steps", value: "\(steps)"))
  }

  /// Whatever decides it, by key of the file.
  var said: [String: String] {
    var said = ["align.data": alignedData, "evaluate.data": tests.joined(separator: " ")]
    for setting in aligned { said["align.\(setting.key)"] = setting.value }
    said["finetune.classes"] = classes
    said["finetune.labels"] = labels.rawValue
    said["finetune.head"] = head.rawValue
    said["finetune.least"] = "\(least)"
    said["finetune.held_out_classes"] = "\(heldOut)"
    return said
  }
}

/// Test pictures that classifiers are measured by: of one data set, of the classes that were trained or of those held
/// out, among themselves.
public struct ClassTest: Sendable, Hashable, Comparable {
  public let data: String
  public let isHeldOut: Bool

  public init(data: String, isHeldOut: Bool) { (self.data, self.isHeldOut) = (data, isHeldOut) }

  private static let heldOut = ", held-out classes"

  /// As tables and files have it.
  public var name: String { data + (isHeldOut ? Self.heldOut : "") }

  public init(name: String) {
    isHeldOut = name.hasSuffix(Self.heldOut)
    data = isHeldOut ? String(name.dropLast(Self.heldOut.count)) : name
  }

  /// Trained classes first.
  public static func < (first: ClassTest, second: ClassTest) -> Bool {
    first.isHeldOut == second.isHeldOut ? first.data < second.data : second.isHeldOut
  }
}

extension ClassTest {
  /// In a sentence.
  var words: String { "\(isHeldOut ? "held-out" : "trained") classes of \(data)" }
}
