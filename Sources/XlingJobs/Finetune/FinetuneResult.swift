import XlingCore
import XlingEvaluation
import XlingRetrieval
import XlingRuns

/// One accuracy of a fine-tuned classifier.
public struct FinetuneRow: Codable, Sendable, Equatable {
  public let schema: String
  public let run: String
  public let method: String
  public let data: String
  /// `seen` or `unseen` classes.
  public let part: String
  /// `before`: zero-shot; or `after`.
  public let phase: String
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
  public let `protocol`: String

  static func rows(
    _ measured: ClassMeasurement, _ run: String, _ method: String, resamples: Int, seed: UInt64
  ) throws -> [FinetuneRow] {
    try measured.accuracies(resamples: resamples, seed: seed).map { accuracy in
      FinetuneRow(
        schema: "xling.finetune/1", run: run, method: method, data: measured.data,
        part: measured.part.rawValue, phase: measured.phase.rawValue,
        metric: "top-\(accuracy.k)", value: 100 * accuracy.estimate.value,
        low: accuracy.estimate.low.map { 100 * $0 },
        high: accuracy.estimate.high.map { 100 * $0 }, n: accuracy.estimate.n,
        ties: measured.tied.count { $0 > 0 }, classes: measured.classes,
        chance: 100 * Double(accuracy.k) / Double(measured.classes), leftOut: measured.leftOut,
        protocol: measured.protocolHash)
    }
  }
}

/// Top-1 of one classifier held against another's, on the same pictures.
public struct FinetuneComparisonRow: Codable, Sendable, Equatable {
  public let schema: String
  public let first: String
  public let second: String
  public let data: String
  public let part: String
  /// Percent, first minus second.
  public let difference: Double
  @OrNull public private(set) var low: Double?
  @OrNull public private(set) var high: Double?
  /// Of the paired randomization test; null under 30 pictures.
  @OrNull public private(set) var p: Double?
  /// After Holm's correction over all of the table.
  @OrNull public var pHolm: Double?
  /// The smallest true difference that the test finds with power 80 %, percent.
  @OrNull public private(set) var detectable: Double?
  /// Pictures that only one of both classifies rightly.
  public let onlyFirst: Int
  public let onlySecond: Int
  public let n: Int

  init(
    _ first: String, _ second: String, _ measured: ClassMeasurement, _ found: ClassComparison
  ) {
    schema = "xling.finetune-comparison/1"
    (self.first, self.second) = (first, second)
    (data, part) = (measured.data, measured.part.rawValue)
    let comparison = found.comparison
    difference = 100 * comparison.difference.value
    (onlyFirst, onlySecond) = (found.onlyFirst, found.onlySecond)
    n = comparison.difference.n
    low = comparison.difference.low.map { 100 * $0 }
    high = comparison.difference.high.map { 100 * $0 }
    p = comparison.pValue
    pHolm = nil
    detectable = comparison.detectable.map { 100 * $0 }
  }
}

/// What came of a fine-tuning.
public struct FinetuneResult: Codable, Sendable, Equatable {
  public let run: String
  public let folder: String
  public let record: FinetuneRecord
  public let tooSmall: [String]
  public let weightsHash: String
  public let rows: [FinetuneRow]
  public let comparison: [FinetuneComparisonRow]
}

/// `results.json` of a classifier's folder.
public struct FinetuneResults: Codable, Sendable, Equatable {
  public var version = Self.version
  public var measured: [ClassMeasurement] = []

  public static let version = 1

  /// Those that were measured so far. Throws `JSONFailure`, `FileFailure`.
  public static func load(_ folder: FinetuneFolder) throws -> FinetuneResults {
    guard let file = try? AtomicFile.read(folder.results), !file.isEmpty else {
      return FinetuneResults()
    }
    return try JSONFile.decode(
      FinetuneResults.self, from: folder.results, version: version, strictBut: [])
  }

  /// In place of what was measured of the same pictures before.
  mutating func put(_ one: ClassMeasurement) {
    measured.removeAll { $0.data == one.data && $0.part == one.part && $0.phase == one.phase }
    measured.append(one)
  }
}
