import Foundation
import XlingCore

extension LabelledPictures {
  /// `FOLDER/CLASS/PICTURE`, as ImageNetV2 and ImageNet-A come. Classes are sorted by name, hidden files
  /// skipped, files beside the class folders ignored.
  static func classFolders(_ folder: String) throws -> LabelledPictures {
    let classes = try entries(folder).filter { isFolder(folder + "/" + $0) }
    guard !classes.isEmpty else { throw ClassificationFailure.noClasses(path: folder) }
    var pictures: [Source] = []
    var labels: [Int32] = []
    let digest = Digest()
    for (number, name) in classes.enumerated() {
      let files = try entries(folder + "/" + name)
      guard !files.isEmpty else {
        throw ClassificationFailure.emptyClass(path: folder, name: name)
      }
      for file in files {
        let path = "\(folder)/\(name)/\(file)"
        guard !isFolder(path) else {
          throw ClassificationFailure.badFile(
            path: "\(folder)/\(name)", expected: "pictures alone", found: "the folder \(file)")
        }
        var status = stat()
        stat(path, &status)
        digest.update("\(name)/\(file)\t\(status.st_size)\n")
        pictures.append(.file(path))
        labels.append(Int32(number))
      }
    }
    return LabelledPictures(
      name: Self.name(of: folder), classes: classes, pictures: pictures, labels: labels,
      contentHash: digest.hexadecimal(), names: nil)
  }

  /// The test pictures that show one concept, as all of `emoji` do; a concept is a class. Its names are
  /// the first captions of its first picture that has one in the language.
  static func concepts(_ dataset: Dataset) throws -> LabelledPictures {
    let items = dataset.items(in: .test).filter { $0.concepts.count == 1 }
    guard !items.isEmpty else { throw ClassificationFailure.noClasses(path: dataset.folder) }
    let classes = Set(items.map { $0.concepts[0] }).sorted()
    var numbers: [String: Int32] = [:]
    for (number, name) in classes.enumerated() { numbers[name] = Int32(number) }
    var names: [String: [String: [String]]] = [:]
    for item in items {
      names[item.concepts[0], default: [:]].merge(item.captions.mapValues { [$0[0]] }) { first, _ in
        first
      }
    }
    return LabelledPictures(
      name: dataset.name, classes: classes,
      pictures: items.map { .file(dataset.path(of: $0)) },
      labels: items.map { numbers[$0.concepts[0]] ?? 0 }, contentHash: dataset.contentHash,
      names: ClassNames(origin: dataset.folder, names: names))
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func entries(_ folder: String) throws -> [String] {
    try FolderNames.read(folder).filter { !$0.hasPrefix(".") }
  }
}
