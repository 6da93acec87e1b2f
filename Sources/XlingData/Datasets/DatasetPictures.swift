import Foundation
import XlingCore

/// What lies in `images/` of a dataset in the generic layout, and what may be read of it.
struct DatasetPictures {
  /// File name -> what the system says of it, of everything.
  private(set) var marks: [String: FileMark] = [:]
  private let root: PictureFolder
  /// Names that are links, with the text of each.
  private var links: [String: String] = [:]
  /// Names that are no files, with what they are.
  private var others: [String: String] = [:]
  private let manifest: ImportManifest?
  /// Names beyond ASCII as the disk spells them: a Mac decomposes letters, captions mostly do not, and to
  /// Swift both are one text.
  private var spelled: [String: String] = [:]
  /// Of those that are there twice, in two Unicode forms.
  private var twins: Set<String> = []

  /// Throws ``DataFailure``, `FileFailure`.
  init(_ folder: String, followsLinks: Bool) throws {
    root = PictureFolder(folder, followsLinks: followsLinks)
    for file in ["captions.jsonl", "images"] {
      if case .outside(let target, let byLink) = root.place(of: file) {
        throw DataFailure.leadsOut(
          origin: folder, name: file, target: target, folder: folder, byLink: byLink)
      }
    }
    let path = folder + "/images"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw DataFailure.missingDataset(path: folder, expected: "images/")
    }
    for name in names {
      var status = stat()
      guard lstat(path + "/" + name, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFLNK {
        guard stat(path + "/" + name, &status) == 0 else { continue }
        links[name] = try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/" + name)
      }
      if name.utf8.contains(where: { $0 >= 0x80 }),
        spelled.updateValue(name, forKey: name) != nil
      {
        twins.insert(name)
      }
      marks[name] = FileMark(status)
      if let kind = PictureFolder.kind(status) { others[name] = kind }
    }
    manifest = links.isEmpty ? nil : try ImportManifest.read(folder)
  }

  /// The name of a file in `images/`, byte for byte.
  func file(_ name: String) -> String { spelled[name] ?? name }

  /// Whether a picture that ``marks`` has may be read. Throws ``DataFailure/noPicture(origin:path:kind:)``,
  /// ``DataFailure/leadsOut(origin:name:target:folder:byLink:)``,
  /// ``DataFailure/badDataset(path:reason:)`` where two files have its name in two Unicode forms.
  func check(_ name: String, origin: String) throws(DataFailure) {
    guard !twins.contains(name) else {
      throw .badDataset(
        path: origin,
        reason: "\"\(TerminalText.visible(name))\" is there twice in images/, composed (NFC) and "
          + "decomposed (NFD): two files whose names are one text. Keep one of them.")
    }
    if let kind = others[name] {
      throw .noPicture(origin: origin, path: root.path + "/images/" + name, kind: kind)
    }
    guard let target = links[name], !isOfImport(name, target),
      case .outside(let found, let byLink) = root.place(of: "images/" + name)
    else { return }
    throw .leadsOut(
      origin: origin, name: "images/" + name, target: found, folder: root.path, byLink: byLink)
  }

  private func isOfImport(_ name: String, _ target: String) -> Bool {
    guard let manifest else { return ImportManifest.isOfEarlierImport(name, to: target) }
    return manifest.links[name] == target
  }
}
