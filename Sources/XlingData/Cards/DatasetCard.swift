import Foundation
import XlingCore

/// What a file of `datasets/` says of one protocol on one published test set: which files it has, where
/// they come from and under which terms, and which pictures count. Two protocols over the same files
/// are two cards, so that their results are never taken for one another.
public struct DatasetCard: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    /// Inside the dataset's root.
    public let path: String
    /// Lower-case hexadecimal, of the published file; nil where nobody has published or measured it.
    public let sha256: String?
  }

  /// How the files are laid out; each has one file in this folder.
  public enum Layout: String, Sendable, CaseIterable {
    /// A list of picture names and one file of captions a language, line by line.
    case parallelLines = "parallel-lines"
    /// Karpathy's `dataset_NAME.json`.
    case karpathy
    /// Crossmodal-3600's `captions.jsonl`.
    case crossmodal
    /// IGLUE's xFlickr&CO: one file a language, an object a picture.
    case xFlickrCO = "xflickrco"
    /// IGLUE's WIT: an object a caption.
    case wit
  }

  /// Which of the listed pictures the protocol uses.
  public enum Selection: Sendable, Equatable {
    case all
    /// Those whose name contains a text.
    case containing(String)
    /// Those whose number a file of the root does not list.
    case except(String)
  }

  public let name: String
  public let title: String
  public let layout: Layout
  public let split: Split
  public let licence: String
  /// How a user gets the files.
  public let obtain: String
  public let source: String
  /// The root, when none is named, is `data/` and this.
  public let folder: String
  /// Pictures that the files list for the split.
  public let picturesListed: Int
  /// Pictures that the selection leaves; nil where that depends on the user's own training data.
  public let picturesUsed: Int?
  public let selection: Selection
  /// What lists the pictures.
  public let listing: File
  /// Folders of the root in which pictures are looked for.
  public let pictureFolders: [String]
  /// language (BCP 47) -> where its captions are.
  public let captions: [String: File]

  public var languages: [String] { captions.keys.sorted() }

  /// All files, each once, the listing first.
  public var files: [File] {
    var seen: Set<String> = []
    return ([listing] + languages.compactMap { captions[$0] }).filter {
      seen.insert($0.path).inserted
    }
  }
}
