import Foundation
import XlingCore

extension DatasetCard {
  /// The command that checks the files in `root`.
  func checking(_ root: String) -> String {
    ShellWords.command(
      ["xling", "data", "check", name] + (root == "data/" + folder ? [] : ["--root", root]))
  }

  /// The protocol's pictures and captions, from `root`. Throws ``DataFailure``, naming files and lines,
  /// and `FileFailure.missing` telling how to obtain them.
  /// Pictures stay in the folders that the card names, but by links where `followingLinks`.
  public func load(root: String, followingLinks: Bool = false) throws -> Dataset {
    let files = CardFiles(self, root: root, followsLinks: followingLinks)
    let former = Digest()
    let captions = Digest()
    former.update(name + "\n")
    captions.update(name + "\n")
    var paths: [String: String] = [:]
    var items: [Dataset.Item] = []
    for entry in try files.entries() {
      guard let place = try files.place(of: entry.name) else {
        throw FileFailure.missing(
          path: files.root + "/" + entry.name,
          hint: "It was looked for in: \(pictureFolders.joined(separator: ", ")). "
            + "All that is missing, lists: \(checking(files.root))\n\(obtain)")
      }
      let item = Dataset.Item(
        image: entry.name, split: split, captions: entry.captions, concepts: [], isHeldOut: false)
      if let first = paths.updateValue(place, forKey: entry.name) {
        throw DataFailure.badDataset(
          path: files.root + "/" + listing.path, reason: "lists \(entry.name) twice (\(first)).")
      }
      items.append(item)
      var status = stat()
      stat(files.root + "/" + place, &status)
      let line = CaptionLine.json(item)
      former.update("\(line)\(status.st_size)\n")
      captions.update(line)
    }
    let digests = try ContentHash.digests(
      of: items.map { item in
        let place = paths[item.image] ?? ""
        return ContentHash.File(place: place, path: files.root + "/" + place, mark: nil)
      }, in: files.root, memory: ContentMemory(folder: files.root, part: "card \(name)"))
    let formerHash = former.hexadecimal()
    return Dataset(
      folder: files.root, name: name, items: items,
      contents: Dataset.Contents(
        captions: captions.hexadecimal(),
        pictures: zip(items, digests).map { (name: $0.image, digest: $1) },
        former: { formerHash }), paths: paths)
  }
}
