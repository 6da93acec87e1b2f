import XlingCore
import XlingUnicode

/// Writes the captions of scenes: names in each language's own list pattern.
struct SceneCaptions: Sendable {
  private let catalogue: ConceptCatalogue
  private let patterns: [String: ListPattern]
  /// For each scene concept the English keywords that may stand for its name.
  private let keywords: [[String]]

  static let englishCaptions = 5
  /// Chance that a keyword stands for a name.
  static let keywordChance = 0.15
  /// The same in scenes of one concept, whose captions would else all be equal.
  static let keywordChanceAlone = 0.5
  /// A keyword that more scene concepts share than this ("face", "animal") tells too little.
  static let mostSharing = 3

  /// Throws `UnicodeFailure` when ICU lacks a language.
  init(_ catalogue: ConceptCatalogue) throws {
    self.catalogue = catalogue
    var patterns: [String: ListPattern] = [:]
    for language in catalogue.languages {
      let locale = String(language.map { $0 == "-" ? "_" : $0 })
      patterns[language] = try ListPattern(locale: locale)
    }
    self.patterns = patterns
    keywords = Self.usableKeywords(catalogue)
  }

  private static func usableKeywords(_ catalogue: ConceptCatalogue) -> [[String]] {
    let names = Set(catalogue.scenes.map { $0.name.lowercased() })
    let lists = catalogue.scenes.map { catalogue.keywords($0.id, in: "en") }
    var sharing: [String: Int] = [:]
    for keyword in lists.joined() { sharing[keyword.lowercased(), default: 0] += 1 }
    return lists.map { list in
      list.filter {
        let folded = $0.lowercased()
        return !names.contains(folded) && sharing[folded, default: 0] <= mostSharing
      }
    }
  }

  /// language -> captions of a scene. `ordered`: scene concept indices from left to right. A
  /// language that lacks one of the names has no caption. English has five: the first tells the
  /// order as seen, the others shuffle it and now and then say a keyword for a name.
  func captions(_ ordered: [Int], scene: Int, seed: UInt64) -> [String: [String]] {
    var captions: [String: [String]] = [:]
    for language in catalogue.languages {
      guard let pattern = patterns[language] else { continue }
      let names = ordered.compactMap { catalogue.name(catalogue.scenes[$0].id, in: language) }
      guard names.count == ordered.count else { continue }
      captions[language] = [names.count == 1 ? names[0] : pattern.join(names)]
    }
    if let pattern = patterns["en"] {
      for variant in 1..<Self.englishCaptions {
        var stream = RandomStream(seed: seed, "scenes/captions", scene, variant)
        captions["en", default: []].append(pattern.join(english(ordered, &stream)))
      }
    }
    return captions
  }

  private func english(_ ordered: [Int], _ stream: inout RandomStream) -> [String] {
    var order = ordered
    stream.shuffle(&order)
    let chance = ordered.count == 1 ? Self.keywordChanceAlone : Self.keywordChance
    return order.map { concept in
      let choices = keywords[concept]
      guard stream.uniform() < chance, !choices.isEmpty else {
        return catalogue.scenes[concept].name
      }
      return choices[stream.index(choices.count)]
    }
  }
}
