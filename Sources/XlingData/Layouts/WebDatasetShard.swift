import Foundation
import XlingCore

/// What was read of one archive.
struct WebDatasetShard {
  /// A file of a sample.
  struct Part: Equatable {
    enum Kind: Equatable {
      case picture
      /// A picture in a format that is not read.
      case otherPicture
      case text
      case json
      /// The class of a picture.
      case label
    }

    let key: String
    /// From the first dot on, in small letters: "input.png".
    let ending: String
    let kind: Kind
  }

  private struct Sample {
    var picture: (name: String, bytes: Data)?
    var texts: [String]?
    var described: [String] = []
    var endings: Set<String> = []

    /// KEY.txt and the caption of KEY.json are often the same.
    var captions: [String] {
      let own = texts ?? []
      let whole = own.joined(separator: "\n")
      return own + described.filter { $0 != whole && !own.contains($0) }
    }
  }

  private let path: String
  private let expected: String
  private var order: [String] = []
  private var samples: [String: Sample] = [:]
  private var labels = 0

  init(path: String, expected: String) { (self.path, self.expected) = (path, expected) }

  private static let kinds: [String: Part.Kind] = {
    var kinds: [String: Part.Kind] = ["txt": .text, "json": .json, "cls": .label]
    for ending in ["jpg", "jpeg", "png", "webp"] { kinds[ending] = .picture }
    for ending in ["gif", "bmp", "tif", "tiff", "ppm", "heic", "heif", "avif", "jxl", "jp2", "img"]
    {
      kinds[ending] = .otherPicture
    }
    return kinds
  }()

  /// Nil for hidden files, such as a Mac's, for those without an ending, and for others.
  static func part(_ member: String) -> Part? {
    let name = plain(member)
    let file = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard !FolderNames.isLeftover(String(file)), !name.hasPrefix("__MACOSX/"),
      let dot = file.firstIndex(of: ".")
    else { return nil }
    let ending = file[file.index(after: dot)...].lowercased()
    guard let kind = kinds[ending.split(separator: ".").last.map(String.init) ?? ""] else {
      return nil
    }
    return Part(
      key: String(name.dropLast(file.count)) + file[..<dot], ending: ending, kind: kind)
  }

  /// Without `./` and `/` in front: `tar cf x.tar .` writes them.
  private static func plain(_ member: String) -> String {
    let parts = member.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
    return parts.joined(separator: "/")
  }

  private func bad(_ key: String, _ reason: String) -> DataFailure {
    .badDataset(path: path, reason: "the sample \"\(TerminalText.visible(key))\" \(reason)")
  }

  /// Throws ``DataFailure``, `TextFailure`, `JSONFailure`, naming the member.
  mutating func take(_ member: String, _ bytes: Data) throws {
    guard let part = Self.part(member) else { return }
    if samples[part.key] == nil { order.append(part.key) }
    var sample = samples[part.key] ?? Sample()
    guard sample.endings.insert(part.ending).inserted else {
      throw bad(
        part.key,
        "is there twice (a second .\(part.ending)): two samples of one name. Give each its own.")
    }
    let place = "\(path): \(TerminalText.visible(member))"
    switch part.kind {
    case .label: labels += 1
    case .otherPicture:
      throw bad(
        part.key,
        "has its picture as .\(part.ending): \(PictureKind.readable) are read. Convert it.")
    case .picture:
      if let other = sample.picture?.name { throw several("pictures", part, other) }
      sample.picture = (Self.plain(member), bytes)
    case .text:
      guard sample.texts == nil else { throw several("texts", part, nil) }
      sample.texts = try Self.lines(bytes, place)
    case .json: sample.described += try captions(bytes, place)
    }
    samples[part.key] = sample
  }

  private func several(_ what: String, _ part: Part, _ other: String?) -> DataFailure {
    bad(
      part.key,
      "has two \(what) (.\(part.ending)\(other.map { " beside \"\(TerminalText.visible($0))\"" } ?? "")): "
        + "a sample's name ends at the first dot of the file's name. Keep one, or name samples without "
        + "dots.")
  }

  private static func lines(_ bytes: Data, _ place: String) throws -> [String] {
    var lines: [String] = []
    let text = try TextBytes.utf8(bytes, path: place)
    DatasetReader.forEachLine(text) { lines.append(String(decoding: $0, as: UTF8.self)) }
    while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
    return lines
  }

  /// Texts under "caption" or "captions": one, a list, or null.
  private func captions(_ bytes: Data, _ place: String) throws -> [String] {
    let layout = WebDatasetLayout()
    guard let object = try layout.json(bytes, place).object else {
      throw DataFailure.badDataset(path: place, reason: "expected an object with \"caption\".")
    }
    return try ["caption", "captions"].flatMap { key -> [String] in
      guard let value = object[key], value != .null else { return [] }
      guard let texts = value.string.map({ [$0] }) ?? value.strings else {
        throw layout.bad(place, "\"\(key)\"", "a text or a list of texts", value)
      }
      return texts
    }
  }

  /// Every sample, in the order of their first files. Throws ``DataFailure/badDataset(path:reason:)``.
  func items() throws(DataFailure) -> [ForeignItem] {
    if labels > 0, samples.values.allSatisfy({ $0.captions.isEmpty }) {
      throw .badDataset(
        path: path,
        reason:
          "holds \(labels) classes (.cls) and no caption: a classification set, of which there is "
          + "nothing to import. `xling classify` reads a folder for each class.")
    }
    var items: [ForeignItem] = []
    for key in order {
      guard let sample = samples[key] else { continue }
      guard let picture = sample.picture else {
        throw bad(key, "has no picture (\(PictureKind.readable)). Expected \(expected).")
      }
      items.append(
        ForeignItem(
          name: picture.name, source: .bytes(picture.bytes), split: nil,
          captions: sample.captions))
    }
    return items
  }
}
