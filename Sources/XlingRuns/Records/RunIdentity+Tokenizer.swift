import Foundation
import XlingCore
import XlingTokenizers
import XlingTowers

extension RunIdentity {
  /// The tokenizer beside the text tower, with the pieces that the run added. Throws `TokenizerFailure`,
  /// `TowerFailure`, `FileFailure`.
  public func tokenizer() throws -> any Tokenizer {
    let place = try text.place()
    guard let vocabulary = configuration.vocabulary else {
      return try TokenizerSource.load(place, trainedWith: tokenizerHash)
    }
    return try vocabulary.tokenizer(of: place, file: "the run's vocabulary")
  }

  /// Its files by name. Throws as ``tokenizer()``.
  func tokenizerFiles() throws -> [String: Data] {
    let place = try text.place()
    if let vocabulary = configuration.vocabulary { return try vocabulary.files(of: place) }
    var files: [String: Data] = [:]
    for name in try TokenizerSource.files(in: place) {
      files[name] = try AtomicFile.read(place + "/" + name)
    }
    return files
  }
}

extension BERTConfiguration {
  /// Old words of an extension are rows of the tower's table. Throws `TowerFailure.configuration`.
  func check(_ vocabulary: VocabularyExtension, at folder: String) throws(TowerFailure) {
    guard vocabulary.firstId <= vocabularySize else {
      throw .configuration(
        path: folder,
        reason: "new pieces begin at id \(vocabulary.firstId), its config.json has vocab_size "
          + "\(vocabularySize): they belong to another tower")
    }
  }
}
