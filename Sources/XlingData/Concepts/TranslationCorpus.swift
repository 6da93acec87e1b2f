import XlingCore

/// One meaning in many languages.
public struct MultilingualItem: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    case name, keywords, language, territory, currency, unit, subdivision
  }

  /// "name/1f6b2", "territory/TR".
  public let id: String
  public let kind: Kind
  /// language (BCP 47) -> text; for masked-language modelling, one text at a time.
  public let texts: [String: String]
  /// The texts that may stand in a translation pair; empty when the item may not be paired.
  public let pairTexts: [String: String]
}

/// What the text tower is pretrained on: CLDR's names and keywords in all covered languages.
///
/// The names of held-out words and of the `emoji` dataset's val and test concepts occur in
/// ``MultilingualItem/texts`` only, so no translation of them is ever shown (``PairRule``).
public struct TranslationCorpus: Sendable {
  /// Sorted by kind, then id.
  public let items: [MultilingualItem]
  /// Covered languages, sorted.
  public let languages: [String]
  public let catalogue: ConceptCatalogue
  /// SHA-256 over all ids, languages and texts: names the corpus in a tower's card.
  public var contentHash: String {
    let digest = Digest()
    for item in items {
      digest.update(item.id + "\n")
      for (language, text) in item.texts.sorted(by: { $0.key < $1.key }) {
        digest.update("\(language)\t\(text)\t\(item.pairTexts[language] ?? "")\n")
      }
    }
    return digest.hexadecimal()
  }

  /// Reads the installed CLDR (a few seconds). Throws ``DataFailure``.
  public static func load() throws -> TranslationCorpus {
    let cldr = try CLDR()
    return try TranslationCorpus(cldr: cldr, catalogue: ConceptCatalogue(cldr: cldr))
  }

  /// Throws ``DataFailure``.
  public init(cldr: CLDR, catalogue: ConceptCatalogue) throws {
    let locales = cldr.baseLocales().filter {
      catalogue.annotations[CLDR.languageCode($0)] != nil
    }
    try self.init(catalogue: catalogue, displayNames: DisplayNames.load(locales, from: cldr))
  }

  public init(catalogue: ConceptCatalogue, displayNames: [DisplayNames]) {
    let rule = PairRule(catalogue)
    var items: [MultilingualItem] = []
    for concept in catalogue.concepts {
      items.append(Self.nameItem(concept, catalogue, rule))
      items.append(Self.keywordsItem(concept, catalogue, rule))
    }
    for kind in DisplayNames.Kind.allCases {
      items += Self.displayItems(kind, displayNames, rule)
    }
    self.items = items.filter { !$0.texts.isEmpty }
      .sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }
    languages = catalogue.languages
    self.catalogue = catalogue
  }

  /// Whether any two texts of the item may be shown as translations of each other.
  public func mayPair(_ item: MultilingualItem) -> Bool { item.pairTexts.count > 1 }

  private static func nameItem(
    _ concept: Concept, _ catalogue: ConceptCatalogue, _ rule: PairRule
  ) -> MultilingualItem {
    let texts = catalogue.annotations.compactMapValues { $0.name(concept.id) }
    return MultilingualItem(
      id: "name/" + concept.id, kind: .name, texts: texts,
      pairTexts: rule.isForbidden(concept.id) ? [:] : rule.pairTexts(texts))
  }

  private static func keywordsItem(
    _ concept: Concept, _ catalogue: ConceptCatalogue, _ rule: PairRule
  ) -> MultilingualItem {
    let lists = catalogue.annotations.mapValues { $0.keywords(concept.id) }
    var filtered: [String: [String]] = [:]
    if !rule.isForbidden(concept.id) {
      for (language, list) in lists { filtered[language] = rule.keywords(language, list) }
    }
    return MultilingualItem(
      id: "keywords/" + concept.id, kind: .keywords, texts: lists.compactMapValues(joined),
      pairTexts: filtered.compactMapValues(joined))
  }

  private static func joined(_ keywords: [String]) -> String? {
    keywords.isEmpty ? nil : keywords.joined(separator: ", ")
  }

  private static func displayItems(
    _ kind: DisplayNames.Kind, _ displayNames: [DisplayNames], _ rule: PairRule
  ) -> [MultilingualItem] {
    guard let itemKind = MultilingualItem.Kind(rawValue: kind.rawValue) else { return [] }
    var texts: [String: [String: String]] = [:]
    for names in displayNames {
      for (code, name) in names.names[kind] ?? [:] {
        texts[code, default: [:]][names.language] = name
      }
    }
    return texts.map { code, texts in
      MultilingualItem(
        id: "\(kind.rawValue)/\(code)", kind: itemKind, texts: texts,
        pairTexts: rule.pairTexts(texts))
    }
  }
}
