/// Which texts may be shown as translations of each other in pretraining.
///
/// Forbidden are the names of held-out scene words and of the `emoji` dataset's val and test
/// concepts: in English as whole texts (and held-out words also inside a longer text), in every
/// other language as whole texts. Comparison folds case and is canonical (NFC equals NFD).
public struct PairRule: Sendable {
  private let forbiddenConcepts: Set<String>
  /// language -> folded names.
  private let forbidden: [String: Set<String>]
  /// Held-out English names as words joined by one space.
  private let sequences: Set<String>
  private let longest: Int

  public init(_ catalogue: ConceptCatalogue) {
    let unseen = catalogue.concepts.filter {
      $0.split != .train || catalogue.heldOut.contains($0.id)
    }
    forbiddenConcepts = Set(unseen.map(\.id))
    forbidden = catalogue.annotations.mapValues { annotations in
      Set(unseen.compactMap { annotations.name($0.id)?.lowercased() })
    }
    let words = unseen.filter { catalogue.heldOut.contains($0.id) }.map { Self.words($0.name) }
    sequences = Set(words.map { $0.joined(separator: " ") })
    longest = words.map(\.count).max() ?? 0
  }

  /// Whether the concept's own name and keywords are kept out of pairs altogether.
  public func isForbidden(_ concept: String) -> Bool { forbiddenConcepts.contains(concept) }

  /// Whether `text` may stand in a pair.
  public func allows(_ text: String, in language: String) -> Bool {
    if forbidden[language]?.contains(text.lowercased()) == true { return false }
    return language != "en" || !containsHeldOut(text)
  }

  /// What remains of an item; nothing when its English text is forbidden.
  func pairTexts(_ texts: [String: String]) -> [String: String] {
    if let english = texts["en"], !allows(english, in: "en") { return [:] }
    return texts.filter { allows($0.value, in: $0.key) }
  }

  func keywords(_ language: String, _ list: [String]) -> [String] {
    list.filter { allows($0, in: language) }
  }

  private func containsHeldOut(_ text: String) -> Bool {
    let words = Self.words(text)
    for start in words.indices {
      for end in start..<min(words.count, start + longest)
      where sequences.contains(words[start...end].joined(separator: " ")) {
        return true
      }
    }
    return false
  }

  static func words(_ text: String) -> [String] {
    text.lowercased().unicodeScalars
      .split { !($0.properties.isAlphabetic || $0.properties.numericType != nil) }
      .map { String(String.UnicodeScalarView($0)) }
  }
}
