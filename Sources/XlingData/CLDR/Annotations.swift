import Foundation
import XlingCore

/// What CLDR says about one emoji in one language.
public struct Annotation: Sendable, Equatable {
  public var name: String?
  public var keywords: [String]
}

/// Names and keywords of emoji in one language, inheritance resolved.
public struct Annotations: Sendable {
  /// BCP 47.
  public let language: String
  /// Keyed by concept id (``ConceptID``); sequences with skin tones are left out.
  public let byConcept: [String: Annotation]
  /// The sequences with skin tones (scalars joined), sorted; read for English only.
  public let toned: [String]

  public func name(_ concept: String) -> String? { byConcept[concept]?.name }

  public func keywords(_ concept: String) -> [String] { byConcept[concept]?.keywords ?? [] }

  /// All `locales`, read in parallel, in their order; without keywords where only names are wanted. Throws
  /// ``DataFailure``.
  public static func load(
    _ locales: [String], from cldr: CLDR, withKeywords: Bool = true
  ) throws -> [Annotations] {
    try concurrently(locales) { locale in
      try Annotations(locale, from: cldr, withKeywords: withKeywords)
    }
  }

  init(language: String, byConcept: [String: Annotation], toned: [String]) {
    self.language = language
    self.byConcept = byConcept
    self.toned = toned
  }

  public init(
    _ locale: String, from cldr: CLDR, withKeywords: Bool = true
  ) throws(DataFailure) {
    var names: [[String: String]] = []
    var keywords: [[String: String]] = []
    var toned: Set<String> = []
    for layer in cldr.chain(locale) {
      var file = AnnotationFile(keepsToned: locale == "en", keepsKeywords: withKeywords)
      // A derived annotation never replaces one of the same file's plain annotations.
      for part in ["annotationsDerived", "annotations"] {
        guard let data = try cldr.data(part, layer) else { continue }
        try file.read(data, path: "\(cldr.folder)/\(part)/\(layer).xml")
      }
      names.append(file.names)
      keywords.append(file.keywords)
      toned.formUnion(file.toned)
    }
    let allNames = CLDR.inherit(names)
    let allKeywords = CLDR.inherit(keywords)
    var byConcept: [String: Annotation] = [:]
    for (id, name) in allNames { byConcept[id] = Annotation(name: name, keywords: []) }
    for (id, list) in allKeywords {
      byConcept[id, default: Annotation(name: nil, keywords: [])].keywords = Self.split(list)
    }
    language = CLDR.languageCode(locale)
    self.byConcept = byConcept
    self.toned = toned.sorted()
  }

  /// "a | b | c", each once.
  static func split(_ list: String) -> [String] {
    var seen: Set<String> = []
    return list.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && seen.insert($0).inserted }
  }
}

/// The annotations of one file, before inheritance.
private struct AnnotationFile {
  let keepsToned: Bool
  let keepsKeywords: Bool
  var names: [String: String] = [:]
  var keywords: [String: String] = [:]
  var toned: Set<String> = []

  init(keepsToned: Bool, keepsKeywords: Bool) {
    self.keepsToned = keepsToned
    self.keepsKeywords = keepsKeywords
  }

  mutating func read(_ data: Data, path: String) throws(DataFailure) {
    var scanner = XMLScanner(data, path: path)
    var ended = false
    while !ended {
      switch try scanner.next() {
      case .open("annotation"): try annotation(&scanner)
      case .end: ended = true
      default: continue
      }
    }
  }

  private mutating func annotation(_ scanner: inout XMLScanner) throws(DataFailure) {
    guard let sequence = scanner.attribute("cp"), !sequence.isEmpty else { return }
    if ConceptID.hasTone(sequence) {
      if keepsToned { toned.insert(sequence) }
      return
    }
    let isName = scanner.attribute("type") == "tts"
    guard isName || keepsKeywords else { return }
    let text = Self.withoutDirections(try scanner.text())
    // Untranslated names of early releases are codes such as "E10–836".
    guard !text.isEmpty, !Self.isPlaceholder(text) else { return }
    let id = ConceptID.of(sequence)
    if isName { names[id] = text } else { keywords[id] = text }
  }

  /// Marks and embeddings of direction belong to where a text is shown; some Arabic names open an
  /// embedding that they never close.
  private static func withoutDirections(_ text: String) -> String {
    if isPlain(text) { return text }
    let kept = text.unicodeScalars.filter {
      switch $0.value {
      case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: false
      default: true
      }
    }
    return String(String.UnicodeScalarView(kept)).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Whether neither marks of direction nor white space at the ends can be there: so are nearly all.
  private static func isPlain(_ text: String) -> Bool {
    // U+061C begins with D8, the others with E2: letters of Arabic share D8 and are looked at again.
    let utf8 = text.utf8
    guard let first = text.unicodeScalars.first?.value, let last = text.unicodeScalars.last?.value,
      isInside(first), isInside(last)
    else { return false }
    var before: UInt8 = 0
    for byte in utf8 {
      if byte == 0xE2 || before == 0xD8 && byte == 0x9C { return false }
      before = byte
    }
    return true
  }

  /// Whether a scalar is surely no white space.
  private static func isInside(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x21...0x7E, 0xA1...0x167F, 0x3001...0xFEFE: true
    default: false
    }
  }

  private static func isPlaceholder(_ text: String) -> Bool {
    guard text.utf8.first == UInt8(ascii: "E") else { return false }
    var digits = 0
    for scalar in text.unicodeScalars.dropFirst() {
      if ("0"..."9").contains(scalar) {
        digits += 1
      } else if !["-", "–", "‑", "."].contains(scalar) {
        return false
      }
    }
    return digits > 0
  }
}

/// A concept is an emoji sequence without skin tones and variation selectors, written in
/// hexadecimal: "1f469-200d-1f680" (woman astronaut).
public enum ConceptID {
  public static func of(_ sequence: String) -> String {
    sequence.unicodeScalars.filter { !isTone($0) && $0.value != 0xFE0F }
      .map { String($0.value, radix: 16) }.joined(separator: "-")
  }

  /// The sequence that an id stands for, without variation selectors.
  public static func sequence(_ id: String) -> String {
    var scalars = String.UnicodeScalarView()
    for part in id.split(separator: "-") {
      if let value = UInt32(part, radix: 16), let scalar = Unicode.Scalar(value) {
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }

  static func isTone(_ scalar: Unicode.Scalar) -> Bool {
    (0x1F3FB...0x1F3FF).contains(scalar.value)
  }

  static func hasTone(_ sequence: String) -> Bool {
    sequence.unicodeScalars.contains(where: isTone)
  }
}
