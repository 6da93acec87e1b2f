import XlingCore
import XlingEvaluation

/// One number of a classification.
public struct ClassifyRow: Codable, Sendable, Equatable {
  public let schema: String
  public let run: String
  public let data: String
  public let language: String
  /// `top-1` or `top-5`.
  public let metric: String
  /// Percent.
  public let value: Double
  /// Null where fewer than 30 independent pictures lie behind the value.
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  public let n: Int
  public let ties: Int
  public let classes: Int
  /// What guessing would reach, percent.
  public let chance: Double
  public let leftOut: [String]
  public let prompts: String
  public let templates: Int
  public let `protocol`: String

  static func rows(
    _ result: ClassificationResult, _ run: String, _ data: String, _ prompts: String
  ) -> [ClassifyRow] {
    result.accuracies.map { accuracy in
      ClassifyRow(
        schema: "xling.classify/1", run: run, data: data, language: result.language,
        metric: "top-\(accuracy.k)", value: 100 * accuracy.estimate.value,
        low: accuracy.estimate.low.map { 100 * $0 }, high: accuracy.estimate.high.map { 100 * $0 },
        n: accuracy.estimate.n, ties: result.ties, classes: result.classes,
        chance: 100 * Double(accuracy.k) / Double(result.classes), leftOut: result.leftOut,
        prompts: prompts, templates: result.templates, protocol: result.protocolHash)
    }
  }
}
