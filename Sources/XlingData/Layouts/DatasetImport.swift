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
  /// Links in `images` that lead out of it are the user's own, and followed.
  public let followsLinks: Bool

  /// What came of it.
  public struct Summary: Codable, Sendable, Equatable {
    public let pictures: [String: Int]
    public let captions: Int
    /// Pictures that the files list without any caption: left out, and counted here.
    public let withoutCaptions: Int
    /// Captions of white space alone, left out and counted.
    public let blankCaptions: Int
    /// What is known to be broken in published files and was read by its plain meaning, with its place.
    public let mended: [String]
  }

  public init(
    layout: any DatasetLayout, files: [(path: String, split: Split)], images: String,
    language: String, followsLinks: Bool = false
  ) {
    self.layout = layout
    self.files = files
    self.images = images
    self.language = language
    self.followsLinks = followsLinks
  }

  /// Writes `output`, whole or not at all. Throws ``DataFailure``, `FileFailure`.
  public func run(into output: String) throws -> Summary {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw DataFailure.folderInTheWay(path: output, reason: "is there already")
    }
    return try NewFolder.write(output, fill)
  }

  private func fill(_ folder: String) throws -> Summary {
    try AtomicFile.createFolder(folder + "/images")
    let source = PictureFolder(images, followsLinks: followsLinks)
    var lines: [String] = []
    var names: [String: String] = [:]
    var links: [String: String] = [:]
    var counts: [String: Int] = [:]
    var (captions, bare, blank) = (0, 0, 0)
    var mended: [String] = []
    for file in files {
      for item in try layout.read(file.path, { mended.append($0) }) {
        let texts = item.captions.filter {
          !$0.unicodeScalars.allSatisfy(\.properties.isWhitespace)
        }
        blank += item.captions.count - texts.count
        guard !texts.isEmpty else {
          bare += 1
          continue
        }
        // images/ has no folders.
        let name = FileName.encoded(item.name.replacingOccurrences(of: "/", with: "_"))
        if let other = names.updateValue(item.name, forKey: name) {
          throw DataFailure.badDataset(
            path: file.path,
            reason: "\"\(item.name)\" and \"\(other)\" are one picture, or would have one name.")
        }
        links[name] = try place(item, at: folder + "/images/" + name, in: source, file.path)
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
    guard !lines.isEmpty else { throw nothing(withoutCaptions: bare) }
    try AtomicFile.write(lines.joined(), to: folder + "/captions.jsonl")
    try ImportManifest(
      layout: layout.name, files: files.map(\.path), images: source.path, links: links
    ).write(folder)
    return Summary(
      pictures: counts, captions: captions, withoutCaptions: bare, blankCaptions: blank,
      mended: mended)
  }

  private func nothing(withoutCaptions bare: Int) -> DataFailure {
    let names = files.map(\.path).joined(separator: ", ")
    return .badDataset(
      path: names,
      reason: "no picture with a caption, so there is nothing to import"
        + (bare > 0 ? " (\(bare) pictures without captions)" : "")
        + ". Expected \(layout.summary).")
  }

  /// The link that was made; nil where the picture was written out.
  private func place(
    _ item: ForeignItem, at target: String, in source: PictureFolder, _ origin: String
  ) throws -> String? {
    switch item.source {
    case .bytes(let bytes):
      try AtomicFile.write(bytes, to: target)
      return nil
    case .file(let name):
      let found = try source.file(name, origin: origin)
      let path = URL(fileURLWithPath: found).standardizedFileURL.path
      guard symlink(path, target) == 0 else {
        throw FileFailure.cannotWrite(path: target, reason: String(cString: strerror(errno)))
      }
      return path
    }
  }
}
