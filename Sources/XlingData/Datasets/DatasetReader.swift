import Foundation
import XlingCore

/// Reads the generic layout strictly (``Dataset``).
package struct DatasetReader: Sendable {
  let folder: String
  var captionsPath: String { folder + "/captions.jsonl" }

  init(_ folder: String) {
    self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
  }

  func read() throws -> Dataset {
    guard FileManager.default.fileExists(atPath: captionsPath) else {
      throw DataFailure.missingDataset(path: folder, expected: "captions.jsonl")
    }
    let sizes = try imageSizes()
    let data = try AtomicFile.read(captionsPath)
    var items: [Dataset.Item] = []
    var lines: [String: Int] = [:]
    let numbered = Array(Self.lines(data).enumerated())
    let parsed = try concurrently(numbered, grain: 64) { try parse($1, number: $0 + 1) }
    for (index, item) in parsed.enumerated() {
      guard sizes[item.image] != nil else {
        throw bad(index + 1, "a picture in \(folder)/images", "no file \"\(item.image)\"")
      }
      if let first = lines.updateValue(index + 1, forKey: item.image) {
        throw bad(index + 1, "one line a picture", "\"\(item.image)\" again (first: line \(first))")
      }
      items.append(item)
    }
    guard !items.isEmpty else {
      throw DataFailure.badDataset(
        path: captionsPath, reason: "expected at least one line, found none.")
    }
    let hash = contentHash(data, items.map(\.image).sorted(), sizes)
    return Dataset(folder: folder, items: items, contentHash: hash)
  }

  /// Lines of bytes (Swift takes CR LF for one Character), without a byte order mark, carriage
  /// returns, and the empty piece after the last line's end.
  package static func lines(_ data: Data) -> [Data] {
    var lines: [Data] = []
    forEachLine(data) { lines.append(Data($0)) }
    return lines
  }

  /// The same without a copy of each.
  package static func forEachLine(
    _ data: Data, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      guard let base = bytes.baseAddress else { return }
      var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      while start < bytes.count {
        // `Data.split` asks of each byte whether it ends a line: a tenth of a short evaluation.
        let found = memchr(base + start, 0x0A, bytes.count - start)
        let end = found.map { UnsafeRawPointer($0) - base } ?? bytes.count
        let line = bytes[start..<end]
        try body(UnsafeRawBufferPointer(rebasing: line.last == 0x0D ? line.dropLast() : line))
        start = end + 1
      }
    }
  }

  private func parse(_ line: Data, number: Int) throws(DataFailure) -> Dataset.Item {
    guard let object = JSONValue(line)?.object else {
      let shown = String(decoding: line.prefix(60), as: UTF8.self)
      throw bad(number, "a JSON object", shown.isEmpty ? "an empty line" : "\"\(shown)\"")
    }
    let known: Set<String> = ["image", "split", "captions", "concepts", "heldout"]
    if let unknown = object.keys.filter({ !known.contains($0) }).sorted().first {
      throw bad(number, "the keys image, split, captions, concepts, heldout", "\"\(unknown)\"")
    }
    guard let image = object["image"]?.string, !image.isEmpty, !image.contains("/") else {
      throw bad(number, "\"image\": a file name without folders", Self.shown(object["image"]))
    }
    guard let word = object["split"]?.string, let split = Split(rawValue: word) else {
      throw bad(number, "\"split\": train, val or test", Self.shown(object["split"]))
    }
    guard let concepts = (object["concepts"] ?? .array([])).strings else {
      throw bad(number, "\"concepts\": a list of texts", Self.shown(object["concepts"]))
    }
    guard let isHeldOut = (object["heldout"] ?? .bool(false)).bool else {
      throw bad(number, "\"heldout\": true or false", Self.shown(object["heldout"]))
    }
    return Dataset.Item(
      image: image, split: split, captions: try captions(object["captions"], number),
      concepts: concepts, isHeldOut: isHeldOut)
  }

  private func captions(_ value: JSONValue?, _ number: Int) throws(DataFailure) -> [String:
    [String]]
  {
    guard let captions = value?.object, !captions.isEmpty else {
      throw bad(number, "\"captions\": language -> list of texts", Self.shown(value))
    }
    var checked: [String: [String]] = [:]
    for language in captions.keys.sorted() {
      guard let texts = captions[language]?.strings, !texts.isEmpty else {
        throw bad(
          number, "a list of at least one caption in \"\(language)\"",
          Self.shown(captions[language]))
      }
      if let index = texts.firstIndex(where: Self.isBlank) {
        throw bad(number, "a caption", "an empty text (\"\(language)\", caption \(index + 1))")
      }
      checked[language] = texts
    }
    return checked
  }

  private static func isBlank(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
  }

  private static func shown(_ value: JSONValue?) -> String {
    guard let text = value?.shown else { return "no such key" }
    return text.count > 60 ? text.prefix(60) + "…" : text
  }

  /// File name -> bytes, of everything in images/.
  private func imageSizes() throws -> [String: Int] {
    let images = folder + "/images"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: images) else {
      throw DataFailure.missingDataset(path: folder, expected: "images/")
    }
    var sizes: [String: Int] = [:]
    for name in names {
      var status = stat()
      guard stat(images + "/" + name, &status) == 0 else { continue }
      sizes[name] = Int(status.st_size)
    }
    return sizes
  }

  private func contentHash(_ captions: Data, _ images: [String], _ sizes: [String: Int]) -> String {
    let digest = Digest()
    digest.update(captions)
    for image in images { digest.update("\n\(image)\t\(sizes[image] ?? 0)") }
    return digest.hexadecimal()
  }

  private func bad(_ line: Int, _ expected: String, _ found: String) -> DataFailure {
    .badLine(path: captionsPath, line: line, expected: expected, found: found)
  }
}
