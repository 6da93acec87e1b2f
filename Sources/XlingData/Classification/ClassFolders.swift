import Foundation
import XlingCore

extension LabelledPictures {
  /// `FOLDER/CLASS/PICTURE`, as ImageNetV2 and ImageNet-A come. Classes are sorted by name, hidden files
  /// skipped, files beside the class folders ignored.
  static func classFolders(_ folder: String, followingLinks: Bool) throws -> LabelledPictures {
    let classes = try entries(folder).filter { isFolder(folder + "/" + $0) }
    guard !classes.isEmpty else { throw ClassificationFailure.noClasses(path: folder) }
    var pictures: [Source] = []
    var labels: [Int32] = []
    var places: [String] = []
    let root = PictureFolder(folder, followsLinks: followingLinks)
    for (number, name) in classes.enumerated() {
      let files = try entries(folder + "/" + name)
      guard !files.isEmpty else {
        throw ClassificationFailure.emptyClass(path: folder, name: name)
      }
      for file in files {
        let path = "\(folder)/\(name)/\(file)"
        if case .outside(let target, let byLink) = root.place(of: "\(name)/\(file)") {
          throw DataFailure.leadsOut(
            origin: folder, name: "\(name)/\(file)", target: target, folder: folder, byLink: byLink)
        }
        guard !isFolder(path) else {
          throw ClassificationFailure.badFile(
            path: "\(folder)/\(name)", expected: "pictures alone", found: "the folder \(file)")
        }
        places.append("\(name)/\(file)")
        pictures.append(.file(path))
        labels.append(Int32(number))
      }
    }
    let digests = try ContentHash.digests(
      of: places.map { ContentHash.File(place: $0, path: "\(folder)/\($0)", mark: nil) },
      in: folder, memory: ContentMemory(folder: folder, part: "classes"))
    return LabelledPictures(
      name: Self.name(of: folder), classes: classes, pictures: pictures, labels: labels,
      contentHash: ContentHash.of(
        captions: "", pictures: zip(places, digests).map { (name: $0, digest: $1) }),
      names: nil)
  }

  /// The split's pictures that show one concept, as all of `emoji` do; a concept is a class. Its names are
  /// the first captions of its first picture that has one in the language.
  static func concepts(_ dataset: Dataset, _ split: Split = .test) throws -> LabelledPictures {
    let items = dataset.items(in: split).filter { $0.concepts.count == 1 }
    guard !items.isEmpty else { throw ClassificationFailure.noClasses(path: dataset.folder) }
    let classes = Set(items.map { $0.concepts[0] }).sorted()
    var numbers: [String: Int32] = [:]
    for (number, name) in classes.enumerated() { numbers[name] = Int32(number) }
    var names: [String: [String: [String]]] = [:]
    for item in items {
      let firsts = item.captions.texts.mapValues { [$0[0]] }
      names[item.concepts[0], default: [:]].merge(firsts) { first, _ in first }
    }
    return LabelledPictures(
      name: dataset.name, classes: classes,
      pictures: items.map { .file(dataset.path(of: $0)) },
      labels: items.map { numbers[$0.concepts[0]] ?? 0 }, contentHash: dataset.contentHash,
      names: ClassNames(
        origin: dataset.folder, names: names, spellings: dataset.spellings))
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func entries(_ folder: String) throws -> [String] {
    try FolderNames.read(folder).filter { !FolderNames.isLeftover($0) }
  }
}
