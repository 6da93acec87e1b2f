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
  public func load(root: String) throws -> Dataset {
    let files = CardFiles(self, root: root)
    let digest = Digest()
    digest.update(name + "\n")
    var paths: [String: String] = [:]
    var items: [Dataset.Item] = []
    for entry in try files.entries() {
      guard let place = files.place(of: entry.name) else {
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
      digest.update("\(CaptionLine.json(item))\(status.st_size)\n")
    }
    return Dataset(
      folder: files.root, name: name, items: items, contentHash: digest.hexadecimal(), paths: paths)
  }
}
