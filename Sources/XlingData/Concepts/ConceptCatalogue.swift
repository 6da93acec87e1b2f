import XlingCore

/// All emoji concepts, their names and keywords in every covered language.
public struct ConceptCatalogue: Sendable {
  /// Every emoji with an English name, sorted by id.
  public let concepts: [Concept]
  /// The concepts of the `scenes` dataset, sorted by id: a part of the emoji dataset's train
  /// concepts, so that its val and test concepts are in no scene.
  public let scenes: [Concept]
  /// Ids of scene concepts whose names are never half of a translation pair.
  public let heldOut: Set<String>
  /// Covered languages (BCP 47), sorted: base languages that name at least half of the scene
  /// concepts.
  public let languages: [String]
  /// language -> share of scene concepts with a name, of the covered languages.
  public let coverage: [String: Double]
  /// language -> annotations, of the covered languages.
  public let annotations: [String: Annotations]
  /// Emoji sequences with skin tones, sorted.
  public let tonedSequences: [String]
  /// Concept id -> concept.
  public let byID: [String: Concept]

  /// Scene concepts wanted; the rule leaves more, and a stable hash picks.
  static let sceneCount = 640
  /// Languages under this share of scene concept names are left out.
  static let leastCoverage = 0.5

  /// Throws ``DataFailure`` (broken files, no English names).
  public init(cldr: CLDR) throws {
    try self.init(annotations: Annotations.load(cldr.baseLocales(), from: cldr))
  }

  /// From annotations of several languages, "en" among them.
  public init(annotations all: [Annotations]) throws(DataFailure) {
    guard let english = all.first(where: { $0.language == "en" }) else {
      throw .cannotBuild(what: "concepts", reason: "CLDR has no English annotations.")
    }
    concepts = english.byConcept.compactMap { id, annotation in
      guard let name = annotation.name, ConceptRule.isEmoji(id) else { return nil }
      return Concept(id: id, name: name)
    }.sorted { $0.id < $1.id }
    let scenes = Self.chooseScenes(concepts)
    self.scenes = scenes
    heldOut = Set(scenes.map(\.id).filter(Concept.isHeldOut))
    var coverage: [String: Double] = [:]
    var annotations: [String: Annotations] = [:]
    for language in all {
      let named = scenes.count { language.name($0.id) != nil }
      let share = Double(named) / Double(max(1, scenes.count))
      guard share >= Self.leastCoverage else { continue }
      coverage[language.language] = share
      annotations[language.language] = language
    }
    self.coverage = coverage
    self.annotations = annotations
    languages = annotations.keys.sorted()
    tonedSequences = english.toned
    byID = Dictionary(concepts.map { ($0.id, $0) }) { first, _ in first }
  }

  private static func chooseScenes(_ concepts: [Concept]) -> [Concept] {
    var names: Set<String> = []
    let fit = concepts.filter { $0.split == .train && ConceptRule.fitsScene($0) }
      .filter { names.insert($0.name.lowercased()).inserted }
    let keyed = fit.map { (key: Digest.key("xling/scene/" + $0.id), concept: $0) }
      .sorted { ($0.key, $0.concept.id) < ($1.key, $1.concept.id) }
    return keyed.prefix(sceneCount).map(\.concept).sorted { $0.id < $1.id }
  }

  public func name(_ concept: String, in language: String) -> String? {
    annotations[language]?.name(concept)
  }

  public func keywords(_ concept: String, in language: String) -> [String] {
    annotations[language]?.keywords(concept) ?? []
  }
}
