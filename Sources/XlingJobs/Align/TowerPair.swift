import Foundation
import XlingAlignment
import XlingCore
import XlingRuns
import XlingTokenizers
import XlingTowers

/// Two towers and the tokenizer beside the text tower.
public struct TowerPair {
  public let text: TowerSource
  public let image: TowerSource
  public let tokenizer: any Tokenizer
  /// What the tokenizer has beyond its files.
  let vocabulary: VocabularyExtension?

  /// From folders; the shipped mini towers where none are named. Throws what reading them throws.
  public init(text: String? = nil, image: String? = nil) throws {
    try self.init(text: text, image: image, extension: nil)
  }

  /// `extension`: a file of new pieces for the tokenizer. Throws what reading it throws, and
  /// `TokenizerFailure.badExtension` for pieces of another tokenizer.
  init(text: String?, image: String?, extension path: String?) throws {
    self.text = try Self.source(text, shipped: "towers/mini-text")
    self.image = try Self.source(image, shipped: "towers/mini-image")
    vocabulary = try path.map { try VocabularyExtensionFile.read($0).extension }
    let place = try self.text.place()
    tokenizer =
      try vocabulary?.tokenizer(of: place, file: path ?? "") ?? TokenizerSource.load(place)
  }

  /// Absolute, so that the run is found whole from any working folder.
  private static func source(_ folder: String?, shipped: String) throws -> TowerSource {
    let folder = try folder ?? Assets.path(shipped)
    return try TowerSource(folder: URL(fileURLWithPath: folder).standardizedFileURL.path)
  }

  /// The policy, or nil where it would leave nothing out, so that such runs stay what they were. `heads`: of
  /// the image tower, where its file does not tell. Throws what reading the towers' configurations throws.
  func dropout(_ policy: DropoutPolicy, heads: Int?) throws -> DropoutPolicy? {
    let rates = [
      try TowerCheckpoint(text.folder).configuration.text?.dropout,
      try TowerCheckpoint(image.folder, heads: heads).configuration.image?.dropout,
    ]
    return policy == .none || rates.allSatisfy { $0?.isZero ?? true } ? nil : policy
  }

  /// Ids and positions outside the tower's tables would stop the process. Throws
  /// `AlignmentFailure.configuration`, `TowerFailure.configuration`.
  func check(_ model: DualEncoder, maximumTokens: Int) throws {
    let tower = model.text.configuration
    try model.text.check(tokenizer, at: text.folder)
    guard (3...max(3, tower.maximumTokens)).contains(maximumTokens) else {
      throw AlignmentFailure.configuration(
        reason: "captions of at most \(maximumTokens) tokens: expected 3 to "
          + "\(tower.maximumTokens), the positions of \(text.folder)")
    }
  }
}
