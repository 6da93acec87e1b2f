import Foundation
import XlingCore

/// Pictures of one class each, for zero-shot classification.
public struct LabelledPictures: Sendable {
  public enum Source: Sendable, Equatable {
    /// Path of a picture file.
    case file(String)
    case pixels(Picture)
  }

  /// In results: "cifar100", or the folder's name.
  public let name: String
  /// As the data call them; in the order of their numbers.
  public let classes: [String]
  public let pictures: [Source]
  /// The number of each picture's class.
  public let labels: [Int32]
  /// SHA-256 of what is classified.
  public let contentHash: String
  /// Names that the data bring along; nil where a file of names is needed.
  public let names: ClassNames?

  /// CIFAR-100's binary files, SVHN's cropped digits, a dataset in the generic layout, or else a folder
  /// for each class: told apart by the files that `folder` holds. Always the test part. Throws
  /// ``ClassificationFailure``, ``DataFailure``, `FileFailure`.
  public static func load(
    _ folder: String, followingLinks: Bool = false
  ) throws -> LabelledPictures {
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    guard FileManager.default.fileExists(atPath: folder) else {
      throw FileFailure.missing(path: folder, hint: "Name a folder with labelled pictures.")
    }
    func has(_ file: String) -> Bool {
      FileManager.default.fileExists(atPath: folder + "/" + file)
    }
    if has("fine_label_names.txt") { return try cifar100(folder) }
    if has("test_32x32.mat") { return try svhn(folder) }
    if has("captions.jsonl") {
      return try concepts(try Dataset.load(folder, followingLinks: followingLinks))
    }
    return try classFolders(folder, followingLinks: followingLinks)
  }

  /// The name of a folder's last part.
  static func name(of folder: String) -> String {
    URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
  }
}
