import Foundation
import XlingAlignment
import XlingData
import XlingTensor

/// What decides a run's bits. Two runs of equal identity on one machine are equal.
public struct RunIdentity: Codable, Sendable, Equatable {
  public var text: TowerSource
  public var image: TowerSource
  public var tokenizerHash: String
  /// `Dataset.contentHash`, or `Dataset.formerHash()` of a run that an earlier version began: it names the
  /// run in stores, and stays.
  public var dataHash: String
  /// `Dataset.contentHash` where ``dataHash`` is an earlier version's, from when the data were first
  /// compared with that; nil before, and for all other runs.
  public var contentHash: String?
  public var configuration: AlignmentConfiguration

  public init(
    text: TowerSource, image: TowerSource, tokenizerHash: String, dataHash: String,
    configuration: AlignmentConfiguration
  ) {
    self.text = text
    self.image = image
    self.tokenizerHash = tokenizerHash
    self.dataHash = dataHash
    self.configuration = configuration
  }

  func tower(of side: ParameterRole.Side) -> TowerSource { side == .text ? text : image }

  /// Whether a dataset is what the run was trained on. One that is known by an earlier version's hash alone
  /// is looked at as that version did: ``RunFolder/renew(_:)`` remembers what it then was.
  public func isTrained(on dataset: Dataset) -> Bool {
    if let contentHash { return contentHash == dataset.contentHash }
    return dataHash == dataset.contentHash || dataHash == dataset.formerHash()
  }

  /// To go on with a run on `dataset`, whose hash this has: where an earlier version began the run, it
  /// goes on under the name that it has in stores.
  public mutating func takeName(of begun: RunIdentity, on dataset: Dataset) {
    guard dataHash == dataset.contentHash, begun.dataHash != dataHash,
      begun.dataHash == dataset.formerHash()
    else { return }
    contentHash = dataHash
    dataHash = begun.dataHash
  }

  /// Folders may move; contents and options may not change. Throws
  /// ``RunFailure/notTheSameRun(path:fields:)``.
  public func check(equals other: RunIdentity, at path: String) throws {
    var fields: [String] = []
    if text.weightsHash != other.text.weightsHash { fields.append("text tower") }
    if image.weightsHash != other.image.weightsHash { fields.append("image tower") }
    if text.configurationHash != other.text.configurationHash { fields.append("text config.json") }
    if image.configurationHash != other.image.configurationHash {
      fields.append("image config.json")
    }
    if tokenizerHash != other.tokenizerHash { fields.append("tokenizer") }
    let areKnown = contentHash != nil && other.contentHash != nil
    if dataHash != other.dataHash || areKnown && contentHash != other.contentHash {
      fields.append("data")
    }
    fields += try configuration.decisive.differences(from: other.configuration.decisive)
    guard fields.isEmpty else {
      throw RunFailure.notTheSameRun(path: path, fields: fields)
    }
  }
}
