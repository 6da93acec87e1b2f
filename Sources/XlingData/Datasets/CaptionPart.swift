import Foundation

/// Consecutive lines of captions.jsonl as one thread reads them: languages are numbered as they come, and
/// numbered anew when all parts are there.
struct CaptionPart: Sendable {
  private struct Line: Sendable {
    let item: Dataset.Item
    /// Of ``entries``; empty for a line that was read in full.
    let entries: Range<Int>
  }

  private var lines: [Line] = []
  private var entries: [CaptionIndex.Entry] = []
  private var languages: [String] = []
  private var numbers: [String: Int32] = [:]
  /// The line that a language was last in, to find one that is there twice.
  private var lastLine: [Int] = []
  /// Where the languages of the line before stand in the file: those of the next are mostly the same, in
  /// the same order.
  private var expected: [(at: Range<Int>, number: Int32)] = []

  /// A line that was read in full.
  mutating func add(_ item: Dataset.Item) {
    lines.append(Line(item: item, entries: entries.count..<entries.count))
  }

  /// False, and nothing is added, where the line is not quite as usual.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    let start = entries.count
    guard let item = item(bytes, range) else {
      entries.removeLast(entries.count - start)
      return false
    }
    lines.append(Line(item: item, entries: start..<entries.count))
    return true
  }

  private mutating func item(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> Dataset.Item? {
    var scan = LineScan(UnsafeRawBufferPointer(rebasing: bytes[range]))
    var image: String?
    var split: Split?
    var concepts: [String]?
    var isHeldOut: Bool?
    var hasCaptions = false
    guard scan.take(UInt8(ascii: "{")) else { return nil }
    repeat {
      guard let key = scan.text(), scan.take(UInt8(ascii: ":")) else { return nil }
      if !hasCaptions, scan.isText(key, "captions") {
        hasCaptions = true
        guard captions(&scan, bytes, range.lowerBound) else { return nil }
      } else if image == nil, scan.isText(key, "image") {
        guard let text = scan.text() else { return nil }
        image = scan.decoded(text)
      } else if split == nil, scan.isText(key, "split") {
        guard let text = scan.text() else { return nil }
        split = Split(rawValue: scan.decoded(text))
        if split == nil { return nil }
      } else if concepts == nil, scan.isText(key, "concepts") {
        guard let texts = scan.list() else { return nil }
        concepts = texts
      } else if isHeldOut == nil, scan.isText(key, "heldout") {
        isHeldOut = scan.takeWord("true")
        if isHeldOut == false, !scan.takeWord("false") { return nil }
      } else {
        return nil
      }
    } while scan.take(UInt8(ascii: ","))
    guard scan.take(UInt8(ascii: "}")) else { return nil }
    scan.skipSpace()
    guard scan.isAtEnd, hasCaptions, let image, let split, !image.isEmpty, !image.contains("/")
    else { return nil }
    return Dataset.Item(
      image: image, split: split, captions: [:], concepts: concepts ?? [],
      isHeldOut: isHeldOut ?? false)
  }

  /// `offset`: of the line in `bytes`.
  private mutating func captions(
    _ scan: inout LineScan, _ bytes: UnsafeRawBufferPointer, _ offset: Int
  ) -> Bool {
    guard scan.take(UInt8(ascii: "{")) else { return false }
    var place = 0
    repeat {
      guard let key = scan.text(), let number = number(key, at: place, scan, bytes, offset),
        lastLine[Int(number)] != lines.count, scan.take(UInt8(ascii: ":"))
      else { return false }
      lastLine[Int(number)] = lines.count
      scan.skipSpace()
      entries.append(CaptionIndex.Entry(language: number, start: offset + scan.at))
      guard scan.passCaptions() else { return false }
      place += 1
    } while scan.take(UInt8(ascii: ","))
    return scan.take(UInt8(ascii: "}"))
  }

  private mutating func number(
    _ key: LineScan.Text, at place: Int, _ scan: LineScan, _ bytes: UnsafeRawBufferPointer,
    _ offset: Int
  ) -> Int32? {
    if place < expected.count,
      scan.isText(key, UnsafeRawBufferPointer(rebasing: bytes[expected[place].at]))
    {
      return expected[place].number
    }
    guard !key.isEscaped else { return nil }
    let language = scan.decoded(key)
    var number = numbers[language]
    if number == nil {
      guard Self.isUsual(language) else { return nil }
      number = Int32(languages.count)
      numbers[language] = number
      languages.append(language)
      lastLine.append(-1)
    }
    guard let number else { return nil }
    let range = offset + key.start..<offset + key.end
    if place < expected.count {
      expected[place] = (range, number)
    } else if place == expected.count {
      expected.append((range, number))
    }
    return number
  }

  /// A language that is written as we write it.
  private static func isUsual(_ language: String) -> Bool {
    language.utf8.allSatisfy { $0 < 0x80 }
  }

  /// All lines, with their captions in one index.
  static func items(_ parts: [CaptionPart], of data: Data) -> [Dataset.Item] {
    var languages: [String] = []
    var numbers: [String: Int32] = [:]
    var entries: [CaptionIndex.Entry] = []
    entries.reserveCapacity(parts.reduce(0) { $0 + $1.entries.count })
    for part in parts {
      let renumbered = part.languages.map { language -> Int32 in
        if let number = numbers[language] { return number }
        let number = Int32(languages.count)
        numbers[language] = number
        languages.append(language)
        return number
      }
      for line in part.lines {
        let start = entries.count
        // Ordered for searching; in a file of one order they are already.
        var isOrdered = true
        for entry in part.entries[line.entries] {
          let number = renumbered[Int(entry.language)]
          if entries.count > start, entries[entries.count - 1].language > number {
            isOrdered = false
          }
          entries.append(CaptionIndex.Entry(language: number, start: entry.start))
        }
        if !isOrdered { entries[start...].sort { $0.language < $1.language } }
      }
    }
    let index = CaptionIndex(data: data, languages: languages, numbers: numbers, entries: entries)
    var items: [Dataset.Item] = []
    var start = 0
    for line in parts.lazy.flatMap(\.lines) {
      let end = start + line.entries.count
      items.append(
        line.entries.isEmpty ? line.item : line.item.with(Captions(index, start..<end)))
      start = end
    }
    return items
  }
}
