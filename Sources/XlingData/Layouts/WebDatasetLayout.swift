import Foundation
import XlingCore

/// WebDataset shards: a tar archive, compressed or not, whose files of one sample share a name up to the
/// first dot; `.jpg`, `.jpeg` or `.png` is the picture, `.txt` the caption, or `.json` with "caption".
struct WebDatasetLayout: DatasetLayout {
  let name = "webdataset"
  let summary =
    "a WebDataset tar shard (.tar, .tar.gz, .tar.xz, .tar.zst): KEY.jpg with KEY.txt or KEY.json"

  private struct Sample {
    var picture: (name: String, bytes: Data)?
    var captions: [String] = []
  }

  func read(_ path: String) throws -> [ForeignItem] {
    var order: [String] = []
    var samples: [String: Sample] = [:]
    var archive = try TarArchive(path)
    func take(_ name: String, _ bytes: Data) throws {
      guard let (key, kind) = Self.parts(name) else { return }
      if samples[key] == nil { order.append(key) }
      var sample = samples[key] ?? Sample()
      switch kind {
      case ".txt":
        let text = String(decoding: bytes, as: UTF8.self)
        sample.captions.append(text.trimmingCharacters(in: .newlines))
      case ".json":
        let object = JSONValue(bytes)?.object
        if object == nil { try JSONFile.check(bytes, in: "\(path): \(TerminalText.visible(name))") }
        if let caption = object?["caption"]?.string { sample.captions.append(caption) }
      default: sample.picture = (name, bytes)
      }
      samples[key] = sample
    }
    try archive.forEachMember({ Self.parts($0) != nil }, take: take)
    return try order.map { key in
      guard let sample = samples[key], let picture = sample.picture else {
        throw DataFailure.badDataset(
          path: path, reason: "the sample \"\(TerminalText.visible(key))\" has no picture.")
      }
      // KEY.txt and the caption of KEY.json are often the same.
      var seen: Set<String> = []
      return ForeignItem(
        name: picture.name, source: .bytes(picture.bytes), split: nil,
        captions: sample.captions.filter { seen.insert($0).inserted })
    }
  }

  /// A member's sample and what it is of it; nil for hidden files and others.
  private static func parts(_ name: String) -> (key: String, kind: String)? {
    let file = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let dot = file.firstIndex(of: "."), dot > file.startIndex else { return nil }
    let kind = file[dot...].lowercased()
    guard [".jpg", ".jpeg", ".png", ".txt", ".json"].contains(kind) else { return nil }
    return (String(name.dropLast(file.count)) + file[..<dot], kind)
  }
}
