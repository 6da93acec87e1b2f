import Foundation
import XlingCore
import XlingLanguages

/// Reads the generic layout strictly (``Dataset``).
package struct DatasetReader: Sendable {
  let folder: String
  private let followsLinks: Bool
  var captionsPath: String { folder + "/captions.jsonl" }

  init(_ folder: String, followsLinks: Bool = false) {
    self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    self.followsLinks = followsLinks
  }

  func read() throws -> Dataset {
    guard FileManager.default.fileExists(atPath: captionsPath) else {
      throw DataFailure.missingDataset(path: folder, expected: "captions.jsonl")
    }
    let pictures = try DatasetPictures(folder, followsLinks: followsLinks)
    let sizes = pictures.sizes
    let data = try AtomicFile.read(captionsPath)
    var items: [Dataset.Item] = []
    var lines: [String: Int] = [:]
    var spellings: [String: String] = [:]
    let numbered = Array(Self.lines(data).enumerated())
    let table = try LanguageSpellings.load()
    let parsed = try concurrently(numbered, grain: 64) {
      try parse($1, number: $0 + 1, table)
    }
    for (index, line) in parsed.enumerated() {
      let item = line.item
      spellings.merge(line.spellings) { first, _ in first }
      guard sizes[item.image] != nil else {
        throw bad(index + 1, "a picture in \(folder)/images", "no file \"\(item.image)\"")
      }
      try pictures.check(item.image, origin: "\(captionsPath):\(index + 1)")
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
    return Dataset(folder: folder, items: items, contentHash: hash, spellings: spellings)
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

  /// A line, and the codes in it that are not ours.
  private struct Line {
    let item: Dataset.Item
    let spellings: [String: String]
  }

  private func parse(
    _ line: Data, number: Int, _ table: LanguageSpellings
  ) throws(DataFailure) -> Line {
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
    let captions = try captions(object["captions"], number, table)
    return Line(
      item: Dataset.Item(
        image: image, split: split, captions: captions.texts, concepts: concepts,
        isHeldOut: isHeldOut),
      spellings: captions.spellings)
  }

  private typealias Captions = (texts: [String: [String]], spellings: [String: String])

  private func captions(
    _ value: JSONValue?, _ number: Int, _ table: LanguageSpellings
  ) throws(DataFailure) -> Captions {
    guard let captions = value?.object, !captions.isEmpty else {
      throw bad(number, "\"captions\": language -> list of texts", Self.shown(value))
    }
    do {
      return try check(captions, in: captions.keys, number, table)
    } catch {
      // Once more, in an order in which the same file always gives the same message.
      return try check(captions, in: captions.keys.sorted(), number, table)
    }
  }

  private func check(
    _ captions: [String: JSONValue], in order: some Sequence<String>, _ number: Int,
    _ table: LanguageSpellings
  ) throws(DataFailure) -> Captions {
    var checked: Captions = ([:], [:])
    for spelling in order {
      guard let language = table.language(spelling) else {
        throw .noLanguage(path: captionsPath, line: number, found: spelling)
      }
      guard let texts = captions[spelling]?.strings, !texts.isEmpty else {
        throw bad(
          number, "a list of at least one caption in \"\(spelling)\"",
          Self.shown(captions[spelling]))
      }
      if let index = texts.firstIndex(where: Self.isBlank) {
        throw bad(number, "a caption", "an empty text (\"\(spelling)\", caption \(index + 1))")
      }
      if language != spelling { checked.spellings[spelling] = language }
      if checked.texts.updateValue(texts, forKey: language) != nil {
        let others = captions.keys.filter { table.language($0) == language }
        throw .twoSpellings(
          path: captionsPath, line: number, language: language, spellings: others.sorted())
      }
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
