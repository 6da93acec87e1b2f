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

  /// With `anew` the pictures are hashed whatever is remembered of them.
  func read(anew: Bool = false) throws -> Dataset {
    guard FileManager.default.fileExists(atPath: captionsPath) else {
      throw DataFailure.missingDataset(path: folder, expected: "captions.jsonl")
    }
    let pictures = try DatasetPictures(folder, followsLinks: followsLinks)
    let marks = pictures.marks
    let before = FileMark(path: captionsPath)
    let data = try AtomicFile.read(captionsPath)
    let parsed = try readLines(try TextBytes.told(data, path: captionsPath, expected: "JSON lines"))
    var lines: [String: Int] = [:]
    var spellings: [String: String] = [:]
    for (index, line) in parsed.enumerated() {
      let item = line.item
      spellings.merge(line.spellings) { first, _ in first }
      guard marks[item.image] != nil else {
        throw bad(index + 1, "a picture in \(folder)/images", "no file \"\(item.image)\"")
      }
      try pictures.check(item.image, origin: "\(captionsPath):\(index + 1)")
      if let first = lines.updateValue(index + 1, forKey: item.image) {
        throw bad(index + 1, "one line a picture", "\"\(item.image)\" again (first: line \(first))")
      }
    }
    guard !parsed.isEmpty else {
      throw DataFailure.badDataset(
        path: captionsPath, reason: "expected at least one line, found none.")
    }
    let items = parsed.map(\.item)
    let images = items.map(\.image).sorted()
    let files = images.map {
      ContentHash.File(
        place: "images/\($0)", path: "\(folder)/images/\(pictures.file($0))", mark: marks[$0])
    }
    let spelledOtherwise = images.filter { !pictures.file($0).utf8.elementsEqual($0.utf8) }
    let captions = ContentHash.File(place: "captions.jsonl", path: captionsPath, mark: before)
    let digests = try ContentHash.digests(
      of: [captions] + files, in: folder, memory: ContentMemory(folder: folder), anew: anew)
    return Dataset(
      folder: folder, items: items,
      contents: Dataset.Contents(
        captions: digests[0],
        pictures: zip(images, digests.dropFirst()).map { (name: $0, digest: $1) },
        former: { Self.formerHash(data, images, marks) }),
      paths: Dictionary(spelledOtherwise.map { ($0, "images/" + pictures.file($0)) }) { $1 },
      spellings: spellings)
  }

  /// Lines in their order, on all threads.
  private func readLines(_ data: Data) throws -> [CaptionPart.ReadLine] {
    let table = try LanguageSpellings.load()
    let lines = Self.lineRanges(data)
    let grain = 64
    let starts = Array(stride(from: 0, to: lines.count, by: grain))
    let parts = try concurrently(starts) { start in
      var part = CaptionPart(table)
      try data.withUnsafeBytes { bytes in
        for number in start..<min(lines.count, start + grain) {
          if part.scan(bytes, lines[number]) { continue }
          // Of what is not quite as usual only: the scan takes nothing but UTF-8.
          try TextBytes.check(
            UnsafeRawBufferPointer(rebasing: bytes[lines[number]]), path: captionsPath,
            line: number + 1, offset: lines[number].lowerBound)
          part.add(try parse(data.subdata(in: lines[number]), number: number + 1, table))
        }
      }
      return part
    }
    return CaptionPart.lines(parts, of: data)
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

  /// Where the lines lie.
  static func lineRanges(_ data: Data) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    data.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      forEachLine(data) { line in
        // An empty line has no address of its own to go by where the buffer is empty too.
        let start = line.baseAddress.map { $0 - base } ?? 0
        ranges.append(start..<start + line.count)
      }
    }
    return ranges
  }

  private func parse(
    _ line: Data, number: Int, _ table: LanguageSpellings
  ) throws(DataFailure) -> CaptionPart.ReadLine {
    guard let object = JSONValue(line)?.object else {
      throw bad(number, "a JSON object", JSONValue.found(in: line))
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
    return CaptionPart.ReadLine(
      item: Dataset.Item(
        image: image, split: split, captions: Captions(captions.texts), concepts: concepts,
        isHeldOut: isHeldOut),
      spellings: captions.spellings)
  }

  private typealias Checked = (texts: [String: [String]], spellings: [String: String])

  private func captions(
    _ value: JSONValue?, _ number: Int, _ table: LanguageSpellings
  ) throws(DataFailure) -> Checked {
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
  ) throws(DataFailure) -> Checked {
    var checked: Checked = ([:], [:])
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

  /// As versions before ``ContentHash/prefix`` named a dataset: by the sizes of its pictures.
  private static func formerHash(
    _ captions: Data, _ images: [String], _ marks: [String: FileMark]
  ) -> String {
    let digest = Digest()
    digest.update(captions)
    for image in images { digest.update("\n\(image)\t\(marks[image]?.size ?? 0)") }
    return digest.hexadecimal()
  }

  private func bad(_ line: Int, _ expected: String, _ found: String) -> DataFailure {
    .badLine(path: captionsPath, line: line, expected: expected, found: found)
  }
}
