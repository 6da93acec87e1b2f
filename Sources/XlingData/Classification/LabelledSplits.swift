import Foundation
import XlingCore

/// What is a class in a dataset whose pictures show one concept each.
public enum ConceptLabel: String, Sendable, CaseIterable, Codable {
  /// CLDR's subgroup of the emoji: "animal mammal".
  case subgroup
  /// Its group: "Animals & Nature".
  case group
  /// The emoji itself.
  case concept
}

/// A part of labelled pictures, to train on or to measure by.
extension LabelledPictures {
  /// The forms that ``load(_:followingLinks:)`` reads, of one split: CIFAR-100's `train.bin`, SVHN's
  /// `train_32x32.mat`, a dataset's split with `labels` for classes, or class folders in `train/`, `val/` and
  /// `test/`; a folder of class folders alone is a test part. Classes that the split has no picture of are
  /// none. Throws as that does, ``ClassificationFailure/noPart(path:split:)``.
  public static func load(
    _ folder: String, split: Split, labels: ConceptLabel, followingLinks: Bool = false
  ) throws -> LabelledPictures {
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    guard FileManager.default.fileExists(atPath: folder) else {
      throw FileFailure.missing(path: folder, hint: "Name a folder with labelled pictures.")
    }
    func has(_ file: String) -> Bool {
      FileManager.default.fileExists(atPath: folder + "/" + file)
    }
    if has("fine_label_names.txt") {
      guard split == .test || has(split.rawValue + ".bin") else {
        throw ClassificationFailure.noPart(path: folder, split: split)
      }
      return try cifar100(folder, split)
    }
    if has("test_32x32.mat") || has("train_32x32.mat") {
      guard has(split.rawValue + "_32x32.mat") else {
        throw ClassificationFailure.noPart(path: folder, split: split)
      }
      return try svhn(folder, split)
    }
    if has("captions.jsonl") {
      let dataset = try Dataset.load(folder, followingLinks: followingLinks)
      return try categories(dataset, split, labels)
    }
    guard has("train") || has("test") else {
      guard split == .test else { throw ClassificationFailure.noPart(path: folder, split: split) }
      return try classFolders(folder, followingLinks: followingLinks)
    }
    guard has(split.rawValue) else {
      throw ClassificationFailure.noPart(path: folder, split: split)
    }
    let part = try classFolders(folder + "/" + split.rawValue, followingLinks: followingLinks)
    return LabelledPictures(
      name: name(of: folder), classes: part.classes, pictures: part.pictures, labels: part.labels,
      contentHash: part.contentHash, names: nil)
  }

  /// The split's pictures of one concept, by category; emoji that CLDR sorts into none are left out.
  private static func categories(
    _ dataset: Dataset, _ split: Split, _ label: ConceptLabel
  ) throws -> LabelledPictures {
    let items = dataset.items(in: split).filter { $0.concepts.count == 1 }
    guard !items.isEmpty else {
      throw ClassificationFailure.noPart(path: dataset.folder, split: split)
    }
    if label == .concept { return try concepts(dataset, split) }
    let categories = try EmojiCategories(cldr: try CLDR()).byConcept
    let labelled = items.compactMap { item in
      categories[item.concepts[0]].map { category in
        (item, label == .group ? category.group : readable(category.subgroup))
      }
    }
    let classes = Set(labelled.map(\.1)).sorted()
    guard !classes.isEmpty else { throw ClassificationFailure.noClasses(path: dataset.folder) }
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
    var names: [String: [String: [String]]] = [:]
    for name in classes { names[name] = ["en": [name]] }
    return LabelledPictures(
      name: dataset.name, classes: classes,
      pictures: labelled.map { .file(dataset.path(of: $0.0)) },
      labels: labelled.map { numbers[$0.1] ?? 0 },
      contentHash: Digest.of("\(dataset.contentHash) \(split.rawValue) \(label.rawValue)"),
      names: ClassNames(origin: "CLDR's labels.txt", names: names))
  }

  /// "animal-mammal" as a caption has it.
  private static func readable(_ subgroup: String) -> String {
    String(subgroup.map { $0 == "-" ? " " : $0 })
  }

  /// The pictures of some classes, which are numbered anew in that order; others are left out.
  public func limited(to classes: [String]) -> LabelledPictures {
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
    let kept = labels.indices.filter { numbers[self.classes[Int(labels[$0])]] != nil }
    return selected(kept, classes: classes) { numbers[self.classes[Int($0)]] ?? 0 }
  }

  /// Some of the pictures, in that order, of the same classes.
  public func selected(_ kept: [Int]) -> LabelledPictures {
    selected(kept, classes: classes) { $0 }
  }

  private func selected(
    _ kept: [Int], classes: [String], number: (Int32) -> Int32
  ) -> LabelledPictures {
    LabelledPictures(
      name: name, classes: classes, pictures: kept.map { pictures[$0] },
      labels: kept.map { number(labels[$0]) }, contentHash: contentHash, names: names)
  }

  /// Pictures of each class.
  public var counts: [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for label in labels { counts[Int(label)] += 1 }
    return counts
  }

  /// A picture's place in the data: "dog/a.jpg", or its number where it is no file of its own.
  public func place(of picture: Int) -> String {
    switch pictures[picture] {
    case .file(let path): path.split(separator: "/").suffix(2).joined(separator: "/")
    case .pixels: "\(picture)"
    }
  }

  /// SHA-256 of a picture's file, or of its pixels.
  public func digest(of picture: Int) throws -> [UInt8] {
    switch pictures[picture] {
    case .file(let path): return Digest.bytes(of: try AtomicFile.read(path))
    case .pixels(let picture):
      let digest = Digest()
      digest.update("\(picture.width) x \(picture.height)\n")
      picture.pixels.withUnsafeBytes { digest.update($0) }
      return digest.finish()
    }
  }
}
