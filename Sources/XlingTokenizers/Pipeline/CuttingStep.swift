/// A step of a tokenizer.json's pre-tokenizer: cuts parts of a text further.
enum CuttingStep: Sendable, Equatable {
  /// White space goes, and parts are what lies between.
  case whiteSpace
  /// Spaces become ▁, one goes ahead as `prefix` says, and a part begins at every ▁ where it `splits`.
  case metaspace(prefix: MetaspacePrefix, splits: Bool)
  /// One space goes ahead, where there is none.
  case spaceAhead
  /// What a pattern matches are the parts; what it does not match goes.
  case pattern(WordPattern)
  /// A part ends behind every occurrence.
  case behind([UInt8])

  private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  /// Replaces each part by what it is cut into; none is empty.
  func cut(_ parts: inout [AlignedText]) {
    switch self {
    case .spaceAhead:
      for index in parts.indices where parts[index].bytes.first != 0x20 {
        parts[index].prepend([0x20])
      }
    case .metaspace(let prefix, let splits):
      for index in parts.indices { Self.mark(&parts[index], prefix) }
      if splits { parts = parts.flatMap { part in Self.marked(part).map(part.part) } }
    case .whiteSpace: parts = parts.flatMap { part in Self.words(part).map(part.part) }
    case .pattern(let pattern):
      let classes = PatternClass.table.reader
      parts = parts.flatMap { part in Self.matches(pattern, part, classes).map(part.part) }
    case .behind(let text):
      parts = parts.flatMap { part in
        var ranges = ReplacedPattern.text(text).matches(part)
        ranges.append(part.count..<part.count)
        var start = 0
        return ranges.compactMap { range -> AlignedText? in
          defer { start = range.upperBound }
          return start == range.upperBound ? nil : part.part(start..<range.upperBound)
        }
      }
    }
  }

  private static func mark(_ part: inout AlignedText, _ prefix: MetaspacePrefix) {
    let origin = part.origin
    part.replace(ReplacedPattern.text([0x20]).matches(part), by: mark)
    let wantsMark = prefix == .always || prefix == .first && origin == 0
    if wantsMark, !part.bytes.starts(with: mark) { part.prepend([0x2581]) }
  }

  /// A range begins with every ▁.
  private static func marked(_ part: AlignedText) -> [Range<Int>] {
    let marks = ReplacedPattern.text(mark).matches(part).map(\.lowerBound)
    let starts = (marks.first == 0 ? [] : [0]) + marks
    return starts.indices.map { index in
      starts[index]..<(index + 1 < starts.count ? starts[index + 1] : part.count)
    }
  }

  private static func words(_ part: AlignedText) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var isInside = false
    part.forEachScalar { scalar, range in
      if WhiteSpace.contains(scalar) {
        isInside = false
      } else if isInside {
        words[words.count - 1] = words[words.count - 1].lowerBound..<range.upperBound
      } else {
        words.append(range)
        isInside = true
      }
    }
    return words
  }

  private static func matches(
    _ pattern: WordPattern, _ part: AlignedText, _ classes: PatternClass.Reader
  ) -> [Range<Int>] {
    part.bytes.withUnsafeBufferPointer { bytes in
      guard let text = bytes.baseAddress else { return [] }
      var found: [Range<Int>] = []
      var at = 0
      while at < bytes.count {
        if let end = pattern.end(text, at, bytes.count, classes) {
          found.append(at..<end)
          at = end
        } else {
          at += UTF8Scalar.length(text[at])
        }
      }
      return found
    }
  }

  var name: String {
    switch self {
    case .whiteSpace: "cut at white space"
    case .metaspace(let prefix, let splits):
      "spaces become \u{2581}"
        + (prefix == .never
          ? "" : ", one ahead of \(prefix == .first ? "the text" : "every stretch")")
        + (splits ? ", cut there" : "")
    case .spaceAhead: "add a space ahead"
    case .pattern(let pattern): "cut by the expression of \(pattern.name)"
    case .behind(let text): "cut behind \"\(String(decoding: text, as: UTF8.self))\""
    }
  }
}

/// Ahead of which parts Metaspace puts a ▁.
enum MetaspacePrefix: String, Sendable { case always, first, never }
