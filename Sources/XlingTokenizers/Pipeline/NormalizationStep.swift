/// A step of a tokenizer.json's normalizer.
enum NormalizationStep: Sendable {
  case nfc(CanonicalForm)
  case lowercase(ScalarClasses)
  case replace(ReplacedPattern, by: [UInt8])
  case strip(left: Bool, right: Bool)
  case prepend([UInt32])
  case charsmap(Charsmap)

  func apply(_ text: inout AlignedText) {
    switch self {
    case .nfc(let form): form.normalize(&text)
    case .lowercase(let classes): Self.lowercase(&text, classes)
    case .replace(let pattern, let content): text.replace(pattern.matches(text), by: content)
    case .strip(let left, let right): text.strip(left: left, right: right)
    case .prepend(let scalars): text.prepend(scalars)
    case .charsmap(let charsmap): charsmap.normalizeByClusters(&text)
    }
  }

  /// Scalar by scalar, without context: a sigma stays one at the end of a word.
  private static func lowercase(_ text: inout AlignedText, _ classes: ScalarClasses) {
    var changes: [AlignedText.Change] = []
    var isChanged = false
    text.forEachScalar { scalar, _ in
      guard classes[scalar] & ScalarClasses.lowercases != 0 else {
        changes.append(.init(scalar: scalar, places: 0))
        return
      }
      isChanged = true
      let (first, second) = classes.lowercased(scalar)
      changes.append(.init(scalar: first, places: 0))
      if let second { changes.append(.init(scalar: second, places: 1)) }
    }
    if isChanged { text.transform(changes) }
  }

  /// For people.
  var name: String {
    switch self {
    case .nfc: "NFC"
    case .lowercase: "lower case"
    case .replace(let pattern, let content):
      "\(pattern.name) become "
        + (content.isEmpty ? "nothing" : "\"\(String(decoding: content, as: UTF8.self))\"")
    case .strip(let left, let right):
      "strip white space\(left && right ? "" : left ? " on the left" : " on the right")"
    case .prepend(let scalars):
      "put \"\(String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init))))\" ahead"
    case .charsmap(let charsmap): "the model's charsmap (\(charsmap.ruleCount) rules)"
    }
  }
}

/// What a Replace of a tokenizer.json may look for.
enum ReplacedPattern: Sendable, Equatable {
  /// These bytes; not empty.
  case text([UInt8])
  /// `\s+`
  case whiteSpaceRuns
  /// ` {2,}`
  case spaceRuns
  /// One of ASCII's 32 punctuation characters and symbols.
  case asciiPunctuation

  /// From left to right, without overlaps.
  func matches(_ text: AlignedText) -> [Range<Int>] {
    switch self {
    case .text(let wanted): Self.occurrences(of: wanted, text.bytes)
    case .whiteSpaceRuns: Self.runs(text, atLeast: 1, WhiteSpace.contains)
    case .spaceRuns: Self.runs(text, atLeast: 2) { $0 == 0x20 }
    case .asciiPunctuation:
      text.bytes.indices.filter { Self.isPunctuation(text.bytes[$0]) }.map { $0..<$0 + 1 }
    }
  }

  private static func occurrences(of wanted: [UInt8], _ bytes: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var at = 0
    while at + wanted.count <= bytes.count {
      if bytes[at] == wanted[0], bytes[at..<at + wanted.count].elementsEqual(wanted) {
        found.append(at..<at + wanted.count)
        at += wanted.count
      } else {
        at += 1
      }
    }
    return found
  }

  private static func runs(
    _ text: AlignedText, atLeast least: Int, _ isPart: (UInt32) -> Bool
  ) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var run: (range: Range<Int>, scalars: Int)?
    func end() {
      if let run, run.scalars >= least { found.append(run.range) }
      run = nil
    }
    text.forEachScalar { scalar, range in
      guard isPart(scalar) else { return end() }
      run = (
        (run?.range.lowerBound ?? range.lowerBound)..<range.upperBound, (run?.scalars ?? 0) + 1
      )
    }
    end()
    return found
  }

  private static func isPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  var name: String {
    switch self {
    case .text(let text): "\"\(String(decoding: text, as: UTF8.self))\""
    case .whiteSpaceRuns: "runs of white space"
    case .spaceRuns: "two spaces and more"
    case .asciiPunctuation: "ASCII punctuation and symbols"
    }
  }
}
