import Foundation
import XlingCore

/// A card's files in a root, as its layout lists them.
struct CardFiles {
  let card: DatasetCard
  let root: String

  /// The card's folders in the root: pictures are named in files that others wrote.
  private let folders: [PictureFolder]

  init(_ card: DatasetCard, root: String, followsLinks: Bool = false) {
    let root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.card = card
    self.root = root
    folders = card.pictureFolders.map { name in
      PictureFolder(name == "." ? root : root + "/" + name, followsLinks: followsLinks)
    }
  }

  /// A listed picture, its name as the files have it, with its captions by language.
  struct Entry {
    let name: String
    let captions: [String: [String]]
  }

  /// The pictures that the protocol uses. Throws ``DataFailure``, `FileFailure.missing`.
  func entries() throws -> [Entry] {
    let listed = try readAll()
    guard listed.count == card.picturesListed else {
      throw DataFailure.badDataset(
        path: root + "/" + card.listing.path,
        reason:
          "\(card.name) lists \(card.picturesListed) \(card.split.rawValue) pictures, this "
          + "file \(listed.count).")
    }
    let kept = try select(listed)
    guard !kept.isEmpty, card.picturesUsed.map({ $0 == kept.count }) ?? true else {
      throw DataFailure.badDataset(
        path: root,
        reason:
          "\(card.name) uses \(card.picturesUsed ?? listed.count) pictures; here the "
          + "selection leaves \(kept.count).")
    }
    return kept
  }

  private func readAll() throws -> [Entry] {
    switch card.layout {
    case .parallelLines: try parallelLines()
    case .karpathy: try karpathy()
    case .crossmodal: try crossmodal()
    case .xFlickrCO: try xFlickrCO()
    case .wit: try wit()
    }
  }

  private func select(_ entries: [Entry]) throws -> [Entry] {
    switch card.selection {
    case .all: return entries
    case .containing(let text): return entries.filter { $0.name.contains(text) }
    case .except(let file):
      let excluded = try excludedNumbers(file)
      return entries.filter { PictureNumber.of($0.name).map { !excluded.contains($0) } ?? true }
    }
  }

  /// Numbers, or names that end in them, one a line.
  private func excludedNumbers(_ file: String) throws -> Set<Int> {
    let data = try AtomicFile.read(
      root + "/" + file,
      hint: "\(card.name) leaves out what you trained on: write the numbers or file names of your "
        + "training pictures there, one a line.")
    var numbers: Set<Int> = []
    let text = try TextBytes.utf8(data, path: root + "/" + file)
    for (index, line) in DatasetReader.lines(text).enumerated() {
      guard let number = PictureNumber.of(String(decoding: line, as: UTF8.self)) else {
        throw DataFailure.badLine(
          path: root + "/" + file, line: index + 1, expected: "a picture's number or file name",
          found: "\"\(String(decoding: line.prefix(60), as: UTF8.self))\"")
      }
      numbers.insert(number)
    }
    return numbers
  }

  /// Where a picture lies, inside the root; nil when no folder has it. The files of some sets name
  /// pictures without an extension.
  /// Throws ``DataFailure/leadsOut(origin:name:target:folder:byLink:)``,
  /// ``DataFailure/noPicture(origin:path:kind:)``.
  func place(of picture: String) throws(DataFailure) -> String? {
    let endings =
      PathParts.fileExtension(of: picture).isEmpty ? ["", ".jpg", ".jpeg", ".png", ".webp"] : [""]
    let origin = root + "/" + card.listing.path
    for pictures in folders {
      for name in endings.map({ picture + $0 }) {
        switch pictures.place(of: name) {
        // Below the root, as the disk spells it.
        case .file(let path):
          return String(path.unicodeScalars.dropFirst(root.unicodeScalars.count + 1))
        case .missing: continue
        case .outside(let target, let byLink):
          throw .leadsOut(
            origin: origin, name: name, target: target, folder: pictures.path, byLink: byLink)
        case .noFile(let path, let kind):
          throw .noPicture(origin: origin, path: path, kind: kind)
        }
      }
    }
    return nil
  }

  func read(_ file: DatasetCard.File) throws -> Data {
    try AtomicFile.read(root + "/" + file.path, hint: card.obtain)
  }
}

/// The number by which COCO and Flickr know a picture, whatever the release calls its file.
public enum PictureNumber {
  /// The digits at the end of the name before its extension, else those at its start, parted from the
  /// rest by "_"; nil without. "COCO_train2014_000000000009.jpg" is 9, "1000268201_693b08cb0e.jpg" is 1000268201.
  public static func of(_ name: String) -> Int? {
    let file = PathParts.name(of: name.trimmingCharacters(in: .whitespaces))
    let stem = PathParts.withoutExtension(file)
    let parts = stem.split(separator: "_")
    return parts.last.flatMap(number) ?? parts.first.flatMap(number)
  }

  private static func number(_ part: Substring) -> Int? {
    guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(part)
  }
}
