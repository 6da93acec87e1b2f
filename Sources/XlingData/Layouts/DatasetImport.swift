import Foundation
import XlingCore

/// Makes a folder in the generic layout of data that lie in another one. Pictures of folders are
/// linked, not copied; those of archives are written out.
public struct DatasetImport {
  public let layout: any DatasetLayout
  /// Files of the layout, with what each says of its pictures' split where the layout says nothing.
  public let files: [(path: String, split: Split)]
  /// The folder that the layout's picture names are relative to.
  public let images: String
  public let language: String

  /// What came of it.
  public struct Summary: Codable, Sendable, Equatable {
    public let pictures: [String: Int]
    public let captions: Int
    /// Pictures that the files list without any caption: left out, and counted here.
    public let withoutCaptions: Int
    /// Captions of white space alone, left out and counted.
    public let blankCaptions: Int
  }

  public init(
    layout: any DatasetLayout, files: [(path: String, split: Split)], images: String,
    language: String
  ) {
    self.layout = layout
    self.files = files
    self.images = images
    self.language = language
  }

  /// Writes `output`, whole or not at all. Throws ``DataFailure``, `FileFailure`.
  public func run(into output: String) throws -> Summary {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw DataFailure.folderInTheWay(path: output, reason: "is there already")
    }
    let partial = output + ".partial-\(getpid())"
    do {
      let summary = try fill(partial)
      guard rename(partial, output) == 0 else {
        throw FileFailure.cannotWrite(path: output, reason: String(cString: strerror(errno)))
      }
      return summary
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  private func fill(_ folder: String) throws -> Summary {
    try AtomicFile.createFolder(folder + "/images")
    var lines: [String] = []
    var names: [String: String] = [:]
    var counts: [String: Int] = [:]
    var (captions, bare, blank) = (0, 0, 0)
    for file in files {
      for item in try layout.read(file.path) {
        let texts = item.captions.filter {
          !$0.unicodeScalars.allSatisfy(\.properties.isWhitespace)
        }
        blank += item.captions.count - texts.count
        guard !texts.isEmpty else {
          bare += 1
          continue
        }
        // images/ has no folders.
        let name = item.name.replacingOccurrences(of: "/", with: "_")
        if let other = names.updateValue(item.name, forKey: name) {
          throw DataFailure.badDataset(
            path: file.path,
            reason: "\"\(item.name)\" and \"\(other)\" are one picture, or would have one name.")
        }
        try place(item, at: folder + "/images/" + name, file.path)
        let split = item.split ?? file.split
        lines.append(
          CaptionLine.json(
            Dataset.Item(
              image: name, split: split, captions: [language: texts], concepts: [],
              isHeldOut: false)))
        counts[split.rawValue, default: 0] += 1
        captions += texts.count
      }
    }
    try AtomicFile.write(lines.joined(), to: folder + "/captions.jsonl")
    return Summary(
      pictures: counts, captions: captions, withoutCaptions: bare, blankCaptions: blank)
  }

  private func place(_ item: ForeignItem, at target: String, _ origin: String) throws {
    switch item.source {
    case .bytes(let bytes): try AtomicFile.write(bytes, to: target)
    case .file(let name):
      let path = URL(fileURLWithPath: images + "/" + name).standardizedFileURL.path
      guard FileManager.default.fileExists(atPath: path) else {
        throw FileFailure.missing(
          path: path, hint: "\(origin) lists it; --images is the folder that names begin in.")
      }
      guard symlink(path, target) == 0 else {
        throw FileFailure.cannotWrite(path: target, reason: String(cString: strerror(errno)))
      }
    }
  }
}
