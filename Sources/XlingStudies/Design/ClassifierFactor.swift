import XlingAdapters
import XlingAlignment
import XlingCore

/// What a cell of a study of classifiers trains: everything that its factors decide.
public struct CellClassifier: Sendable, Equatable {
  /// nil: nothing is trained (zero-shot).
  public var method: MethodCard?
  /// What is thawed besides.
  public var with: [MethodCard]
  /// The method of the cell whose weights it starts from, alike in all else.
  public var start: String?
  /// Training pictures of each class; nil: all.
  public var shots: Int?
  /// The method's card's, with the cell's before it; without the rate that is to be chosen.
  public var settings: TrainingSettings
}

/// What can be an axis of a study of classifiers, or be the same for all its cells.
enum ClassifierFactor {
  static let method = StudyFactor.method
  static let mode = "mode"
  static let shots = "shots"
  /// A method that trains nothing: classes by their sentences, on the run as it was aligned.
  static let zeroShot = "zero-shot"
  static let all = "all"

  static let names =
    [method, mode, shots]
    + FinetuneConfiguration.options.subtracting(["seed", "checkpoint_every"]).sorted()

  /// How a method is trained.
  enum Mode: Equatable {
    case alone
    /// Together with another that only thaws.
    case with(String)
    /// From where another, trained alone under the same seed and pictures, ended.
    case from(String)

    static let expected = "alone, \"with METHOD\" or \"from METHOD\""

    init?(_ text: String) {
      let words = text.split(separator: " ").map(String.init)
      switch (words.first, words.count) {
      case ("alone", 1): self = .alone
      case ("with", 2): self = .with(words[1])
      case ("from", 2): self = .from(words[1])
      default: return nil
      }
    }

    var text: String {
      switch self {
      case .alone: "alone"
      case .with(let method): "with \(method)"
      case .from(let method): "from \(method)"
      }
    }
  }

  /// The value as its setting writes it. Throws what the value is refused with.
  static func canonical(_ name: String, _ value: String) throws -> String {
    switch name {
    case method:
      return value == zeroShot ? value : try methodName(value)
    case mode:
      switch Mode(value) {
      case .with(let other): return Mode.with(try methodName(other)).text
      case .from(let other): return Mode.from(try methodName(other)).text
      case .alone: return value
      case nil: throw AlignmentFailure.configuration(reason: "expected \(Mode.expected)")
      }
    case shots: return value == all ? value : "\(try NumberRange.whole(from: 1)(value))"
    default: return try StudyFactor.canonical(name, value)
    }
  }

  /// As fine-tuning names it: "linear-probe" is the card "projection".
  private static func methodName(_ value: String) throws -> String {
    try FinetuneMethod(try MethodCards.named(value), head: .text).name
  }

  /// What `factors` (values by name) train, over the cards of `methods`. Throws `AdapterFailure`, `NumberFailure`.
  static func classifier(
    _ factors: [String: String], _ methods: (String) throws -> MethodCard
  ) throws -> CellClassifier {
    let name = factors[method] ?? ""
    var classifier = CellClassifier(
      method: name == zeroShot ? nil : try methods(name), with: [], settings: TrainingSettings())
    classifier.settings = classifier.method?.training ?? classifier.settings
    switch factors[mode].flatMap(Mode.init) ?? .alone {
    case .alone: break
    case .with(let other): classifier.with = [try methods(other)]
    case .from(let other): classifier.start = other
    }
    classifier.shots = factors[shots].flatMap { Int($0) }
    var given = TrainingSettings()
    for (name, value) in factors where StudyFactor.isSetting(name) { try given.set(name, value) }
    classifier.settings.take(given)
    return classifier
  }

  /// Factors of the cell that one starts from.
  static func start(_ factors: [String: String], _ method: String) -> [String: String] {
    factors.merging([self.method: method, mode: Mode.alone.text]) { $1 }
  }
}
