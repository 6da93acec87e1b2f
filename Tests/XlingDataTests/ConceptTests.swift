import Testing

@testable import XlingData

@Suite struct ConceptTests {
  /// Sixty emoji from U+1F400 (animals) with names in two languages.
  private static func catalogue() throws -> ConceptCatalogue {
    var english: [String: Annotation] = [:]
    var turkish: [String: Annotation] = [:]
    for value in 0x1F400..<0x1F43C {
      let id = String(value, radix: 16)
      english[id] = Annotation(name: "thing \(id)", keywords: ["thing \(id)", "Animal", "k\(id)"])
      turkish[id] = Annotation(name: "şey \(id)", keywords: ["şey \(id)", "hayvan"])
    }
    english["2b"] = Annotation(name: "plus sign", keywords: [])
    english["1f1f9-1f1f7"] = Annotation(name: "flag: Turkey", keywords: ["flag"])
    let sparse = Annotations(language: "xx", byConcept: [:], toned: [])
    return try ConceptCatalogue(annotations: [
      Annotations(language: "en", byConcept: english, toned: ["👋🏽"]),
      Annotations(language: "tr", byConcept: turkish, toned: []), sparse,
    ])
  }

  @Test func conceptIDs() {
    #expect(ConceptID.of("👩🏽‍🚀") == "1f469-200d-1f680")
    #expect(ConceptID.of("☠️") == "2620")
    #expect(ConceptID.sequence("1f469-200d-1f680") == "👩‍🚀")
  }

  @Test func splitsAreStable() {
    // Changing the hash would put seen concepts into the test gallery of earlier towers.
    let splits = (0x1F400..<0x1F500).map { Concept.split(String($0, radix: 16)) }
    #expect(Split.allCases.map { split in splits.count { $0 == split } } == [185, 20, 51])
  }

  @Test func onlyEmojiAndOnlyCoveredLanguages() throws {
    let catalogue = try Self.catalogue()
    #expect(catalogue.byID["2b"] == nil)
    #expect(catalogue.byID["1f1f9-1f1f7"] != nil)
    #expect(catalogue.languages == ["en", "tr"])
    #expect(catalogue.coverage["tr"] == 1)
    #expect(!catalogue.scenes.isEmpty)
    #expect(catalogue.scenes.allSatisfy { $0.split == .train && !$0.name.contains("flag") })
  }

  @Test(arguments: [
    ("1f6b2", "bicycle", true), ("1f9d1-200d-1f680", "astronaut", true),
    ("1f469-200d-1f680", "woman astronaut", false), ("1f3c3-200d-2640", "woman running", false),
    ("1f1f9-1f1f7", "flag: Turkey", false), ("31-20e3", "keycap: 1", false),
    ("27a1", "right arrow", false), ("1f552", "three o’clock", false),
    ("1f468-200d-1f466", "family: man, boy", false),
    ("1f3f3-200d-1f308", "rainbow flag", false),
  ])
  func sceneRule(id: String, name: String, fits: Bool) {
    #expect(ConceptRule.fitsScene(Concept(id: id, name: name)) == fits)
  }

  @Test func heldOutWordsAreNeverPaired() throws {
    let catalogue = try Self.catalogue()
    let held = try #require(catalogue.scenes.first { catalogue.heldOut.contains($0.id) })
    let unseen = try #require(catalogue.concepts.first { $0.split == .test })
    let seen = try #require(catalogue.scenes.first { !catalogue.heldOut.contains($0.id) })
    let names = DisplayNames(
      language: "en",
      names: [
        .unit: ["a": held.name.uppercased(), "b": "big \(held.name)s", "c": "big \(held.name) x"]
      ])
    let turkish = DisplayNames(
      language: "tr", names: [.unit: ["a": "p", "b": "q", "c": "r", "d": "Şey \(held.id)"]])
    let corpus = TranslationCorpus(catalogue: catalogue, displayNames: [names, turkish])
    let items = Dictionary(uniqueKeysWithValues: corpus.items.map { ($0.id, $0) })
    for id in ["name/\(held.id)", "keywords/\(held.id)", "name/\(unseen.id)", "unit/a", "unit/c"] {
      let item = try #require(items[id])
      #expect(!corpus.mayPair(item) && item.pairTexts.isEmpty, "\(id)")
      #expect(!item.texts.isEmpty, "\(id) stays for masked-language modelling")
    }
    #expect(corpus.mayPair(try #require(items["name/\(seen.id)"])))
    #expect(corpus.mayPair(try #require(items["unit/b"])), "a longer word is another word")
    #expect(try #require(items["unit/d"]).pairTexts.isEmpty, "equal in its own language")
  }

  @Test func heldOutKeywordsLeaveBothSides() throws {
    let catalogue = try Self.catalogue()
    let held = try #require(catalogue.scenes.first { catalogue.heldOut.contains($0.id) })
    let rule = PairRule(catalogue)
    #expect(rule.keywords("en", ["a", held.name, "a \(held.name) b"]) == ["a"])
    #expect(rule.keywords("tr", ["ŞEY \(held.id)", "b"]) == ["b"])
    #expect(PairRule.words("Ice-cream, TWO!") == ["ice", "cream", "two"])
  }
}
