import Foundation
import XlingCore

/// Named values that together identify something; equal hashes mean equal fields.
public protocol FieldKey: Sendable, Equatable {
  /// In a fixed order, names as they are printed.
  var fields: [(name: String, value: String)] { get }
}

extension FieldKey {
  /// SHA-256 over lengths, names and values.
  public var hash: String {
    let digest = Digest()
    for (name, value) in fields {
      digest.update("\(name.utf8.count):\(name)=\(value.utf8.count):\(value);")
    }
    return digest.hexadecimal()
  }

  /// The first field in which two keys differ.
  public func firstDifference(
    from other: Self
  ) -> (field: String, first: String, second: String)? {
    for (mine, theirs) in zip(fields, other.fields) where mine.value != theirs.value {
      return (mine.name, mine.value, theirs.value)
    }
    return nil
  }
}

/// How a number was measured. Only numbers of one protocol stand in one table.
public struct EvaluationProtocol: FieldKey, Codable {
  public var dataset: String
  public var datasetHash: String
  public var split: String
  /// `all`, or a named part of the queries such as `held-out words`.
  public var subset: String
  public var ties: String
  /// Which captions of a picture are used, and where they are cut.
  public var captions: String
  /// Crop, size and normalization of the pictures.
  public var imagePreprocessing: String
  public var tokenizerHash: String
  public var precision: String
  /// The kernel set of OpenBLAS that embedded; nil in results from before it was recorded.
  public var blasCore: String?
  /// Whether languages with missing captions were let through.
  public var missingAllowed: Bool
  public var resamples: Int
  public var seed: UInt64

  public init(
    dataset: String, datasetHash: String, split: String = "test", subset: String = "all",
    ties: String = "pessimistic", captions: String = "all", imagePreprocessing: String = "",
    tokenizerHash: String = "",
    precision: String = "float32", blasCore: String? = nil, missingAllowed: Bool = false,
    resamples: Int = 1_000, seed: UInt64 = 0
  ) {
    self.dataset = dataset
    self.datasetHash = datasetHash
    self.split = split
    self.subset = subset
    self.ties = ties
    self.captions = captions
    self.imagePreprocessing = imagePreprocessing
    self.tokenizerHash = tokenizerHash
    self.precision = precision
    self.blasCore = blasCore
    self.missingAllowed = missingAllowed
    self.resamples = resamples
    self.seed = seed
  }

  public var fields: [(name: String, value: String)] {
    [
      ("dataset", dataset), ("dataset hash", datasetHash), ("split", split), ("subset", subset),
      ("ties", ties), ("captions", captions), ("image preprocessing", imagePreprocessing),
      ("tokenizer hash", tokenizerHash), ("precision", precision),
      ("BLAS core", blasCore ?? "not recorded"), ("missing allowed", "\(missingAllowed)"),
      ("resamples", "\(resamples)"), ("seed", "\(seed)"),
    ]
  }

  /// Whether `other` is this but for the dataset's hash, of the bytes there ("2:…") and by an earlier
  /// version here.
  public func isRenewed(in other: EvaluationProtocol) -> Bool {
    guard Self.isEarlier(datasetHash, than: other.datasetHash) else { return false }
    var renewed = self
    renewed.datasetHash = other.datasetHash
    return renewed == other
  }

  static func isEarlier(_ hash: String, than other: String) -> Bool {
    !hash.contains(":") && other.contains(":")
  }

  /// Throws ``ExperimentFailure/mixedProtocols(field:first:second:)`` unless all are the same.
  public static func requireOne(
    _ protocols: some Sequence<EvaluationProtocol>
  ) throws(ExperimentFailure) {
    var first: EvaluationProtocol?
    for each in protocols {
      if let difference = first?.firstDifference(from: each) {
        throw .mixedProtocols(
          field: difference.field, first: difference.first, second: difference.second)
      }
      first = first ?? each
    }
  }
}

/// What a training run depends on: the same key gives the same bits on the same machine.
public struct RunKey: FieldKey, Codable {
  public var method: String
  /// The recipe as canonical JSON.
  public var recipe: String
  public var datasetHash: String
  public var textTowerHash: String
  public var imageTowerHash: String
  public var tokenizerHash: String
  public var precision: String
  public var seed: UInt64
  /// The kernel set OpenBLAS chose; other cores round differently.
  public var blasCore: String

  public init(
    method: String, recipe: String, datasetHash: String, textTowerHash: String,
    imageTowerHash: String, tokenizerHash: String = "", precision: String = "float32",
    seed: UInt64, blasCore: String = ""
  ) {
    self.method = method
    self.recipe = recipe
    self.datasetHash = datasetHash
    self.textTowerHash = textTowerHash
    self.imageTowerHash = imageTowerHash
    self.tokenizerHash = tokenizerHash
    self.precision = precision
    self.seed = seed
    self.blasCore = blasCore
  }

  public var fields: [(name: String, value: String)] {
    [
      ("method", method), ("recipe", recipe), ("dataset hash", datasetHash),
      ("text tower hash", textTowerHash), ("image tower hash", imageTowerHash),
      ("tokenizer hash", tokenizerHash), ("precision", precision), ("seed", "\(seed)"),
      ("BLAS core", blasCore),
    ]
  }
}
