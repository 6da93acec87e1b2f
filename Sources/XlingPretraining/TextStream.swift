import XlingCore
import XlingData
import XlingTokenizers
import XlingUnicode

/// Text for pretraining that never ends: translation pairs, monolingual pairs of a name and its
/// keywords, and texts to mask, drawn from CLDR and, where they are given, from sentences.
///
/// Held-out words and the names of unseen emoji occur in monolingual material only
/// (``PairRule``, through `pairTexts`).
struct TextStream: Sendable {
  /// Two texts that mean the same.
  struct Pair {
    /// Pairs of one batch have different keys, so that no negative is a positive in disguise.
    let key: String
    let first: [Int32]
    let second: [Int32]
    /// Of the two texts; the same in a monolingual pair.
    let languages: (String, String)
  }

  /// How often each kind of pair is drawn; the shares add up to 1.
  static let mixture: [(kind: Kind, share: Double)] = [
    (.name, 0.2), (.list, 0.25), (.display, 0.05), (.keywords, 0.2), (.definition, 0.3),
  ]

  enum Kind { case name, list, display, keywords, definition }

  /// How many of the pairs are translated sentences, and of the texts to mask sentences, where there are
  /// any; the rest is drawn as without them.
  static let sentenceShare = 0.5
  static let maskedSentenceShare = 0.8

  private typealias Definition = (name: MultilingualItem, keywords: MultilingualItem)

  /// How often each kind of display name is drawn. Drawn by item, the thousands of subdivisions
  /// would leave a territory, which names a flag, one pair in a hundred.
  static let displayMixture: [(kind: MultilingualItem.Kind, share: Double)] = [
    (.territory, 0.35), (.language, 0.25), (.subdivision, 0.2), (.currency, 0.1), (.unit, 0.1),
  ]

  /// How many monolingual pairs are of names that are never translated.
  static let unseenShare = 0.65

  /// Concepts that the lists of a batch with close lists are made of.
  static let closeConcepts = 24
  /// How many of them are neighbours.
  static let closeRun = 8

  /// Languages with a weight of 12 and of 3; all others have 1.
  static let evaluated: Set<String> = ["en", "ru", "pl", "tr", "zh", "ko", "it", "es"]
  static let frequent: Set<String> = [
    "de", "fr", "pt", "nl", "cs", "uk", "sv", "fi", "hu", "ro", "el", "bg", "ar", "he", "fa", "hi",
    "bn", "ja", "vi", "id", "th", "sw",
  ]

  let seed: UInt64
  let tokenizer: any Tokenizer
  /// What hides a token.
  let mask: Int32
  let corpus: TranslationCorpus
  let sentences: SentenceCorpus?
  let maximumLength: Int
  /// Languages with sentences to mask, sorted.
  private let sentenceLanguages: [String]
  private let names: [MultilingualItem]
  private let keywords: [MultilingualItem]
  private let displays: [MultilingualItem.Kind: [MultilingualItem]]
  /// All texts of names and of keywords by concept, for monolingual use.
  private let definitions: [Definition]
  /// Those whose names are never translated: their meaning comes from monolingual pairs alone, so
  /// most of these pairs are theirs (``unseenShare``).
  private let unseenDefinitions: [Definition]
  /// Scene concepts that may be translated.
  private let scenes: [Concept]
  private let patterns: [String: ListPattern]
  private let rule: PairRule

  init(
    seed: UInt64, tokenizer: any Tokenizer, corpus: TranslationCorpus,
    sentences: SentenceCorpus? = nil, maximumLength: Int
  ) throws {
    guard let mask = tokenizer.special.mask else { throw PretrainingFailure.noMaskToken }
    self.seed = seed
    self.tokenizer = tokenizer
    self.mask = mask
    self.corpus = corpus
    self.sentences = sentences
    sentenceLanguages = (sentences?.sentences ?? [:]).filter { !$0.value.isEmpty }.keys.sorted()
    self.maximumLength = maximumLength
    let pairable = corpus.items.filter(corpus.mayPair)
    names = pairable.filter { $0.kind == .name }
    keywords = pairable.filter { $0.kind == .keywords }
    displays = Dictionary(grouping: pairable, by: \.kind)
    let all = Dictionary(uniqueKeysWithValues: corpus.items.map { ($0.id, $0) })
    definitions = corpus.items.compactMap { item in
      guard item.kind == .name, let words = all["keywords/" + item.id.dropFirst(5)] else {
        return nil
      }
      return (item, words)
    }
    unseenDefinitions = definitions.filter { $0.name.pairTexts.isEmpty }
    let catalogue = corpus.catalogue
    scenes = catalogue.scenes.filter { !catalogue.heldOut.contains($0.id) }
    rule = PairRule(catalogue)
    var patterns: [String: ListPattern] = [:]
    for language in corpus.languages { patterns[language] = try ListPattern(locale: language) }
    self.patterns = patterns
  }

  static func weight(_ language: String) -> Double {
    evaluated.contains(language) ? 12 : frequent.contains(language) ? 3 : 1
  }

  /// Of each language the texts there are, CLDR's times its weight.
  var amounts: [String: Double] {
    var amounts: [String: Double] = [:]
    for item in corpus.items {
      for language in item.texts.keys { amounts[language, default: 0] += Self.weight(language) }
    }
    for (language, lines) in sentences?.sentences ?? [:] {
      amounts[language, default: 0] += Double(lines.count)
    }
    for texts in sentences?.translations ?? [] {
      for language in texts.keys { amounts[language, default: 0] += 1 }
    }
    return amounts
  }

  func tokens(_ text: String) -> [Int32] { tokenizer.ids(of: text, maximumLength: maximumLength) }

  /// `count` pairs with different keys. With `closeLists` the batch's lists are made of few concepts,
  /// so that many differ by one name only: hard negatives, as scenes are to each other.
  func pairs(step: Int, count: Int, closeLists: Bool = false) -> [Pair] {
    var stream = RandomStream(seed: seed, "pretrain/text/pairs", step)
    let concepts = closeLists ? neighbours(&stream) : scenes
    var pairs: [Pair] = []
    var keys: Set<String> = []
    while pairs.count < count {
      guard let pair = pair(concepts, &stream), keys.insert(pair.key).inserted else { continue }
      pairs.append(pair)
    }
    return pairs
  }

  /// ``closeConcepts`` concepts in runs that lie side by side in Unicode, where like stands beside
  /// like.
  private func neighbours(_ stream: inout RandomStream) -> [Concept] {
    var chosen: Set<Int> = []
    while chosen.count < min(Self.closeConcepts, scenes.count) {
      let first = stream.index(scenes.count)
      let run = first..<min(first + Self.closeRun, scenes.count)
      chosen.formUnion(run.prefix(Self.closeConcepts - chosen.count))
    }
    return chosen.sorted().map { scenes[$0] }
  }

  private func pair(_ concepts: [Concept], _ stream: inout RandomStream) -> Pair? {
    if let translations = sentences?.translations, !translations.isEmpty,
      stream.uniform() < Self.sentenceShare
    {
      return sentence(translations, &stream)
    }
    return switch Self.draw(Self.mixture, &stream) {
    case .name: translation(names, &stream)
    case .display: translation(displayItems(&stream), &stream)
    case .keywords: translation(keywords, &stream)
    case .definition: definition(&stream)
    case .list: list(concepts, &stream)
    }
  }

  private func displayItems(_ stream: inout RandomStream) -> [MultilingualItem] {
    displays[Self.draw(Self.displayMixture, &stream)] ?? []
  }

  private static func draw<Choice>(
    _ mixture: [(kind: Choice, share: Double)], _ stream: inout RandomStream
  ) -> Choice {
    var draw = stream.uniform()
    for (kind, share) in mixture {
      if draw < share { return kind }
      draw -= share
    }
    return mixture[mixture.count - 1].kind
  }

  private func translation(
    _ items: [MultilingualItem], _ stream: inout RandomStream
  ) -> Pair? {
    guard !items.isEmpty else { return nil }
    let item = items[stream.index(items.count)]
    guard let (first, second) = languages(Array(item.pairTexts.keys), &stream),
      let one = item.pairTexts[first], let other = item.pairTexts[second]
    else { return nil }
    // English is the key where there is one: a name and a territory may be the same word.
    let key = (item.pairTexts["en"] ?? item.id).lowercased()
    return Pair(
      key: key, first: tokens(one), second: tokens(other), languages: (first, second))
  }

  /// English and another language seven times of ten, else any two; weighted.
  private func languages(
    _ codes: [String], _ stream: inout RandomStream
  ) -> (String, String)? {
    guard codes.count > 1 else { return nil }
    var rest = codes.sorted()
    let first: String
    if stream.uniform() < 0.7, rest.contains("en") {
      first = "en"
    } else {
      first = weighted(rest, &stream)
    }
    rest.removeAll { $0 == first }
    let second = weighted(rest, &stream)
    return stream.uniform() < 0.5 ? (first, second) : (second, first)
  }

  private func weighted(_ codes: [String], _ stream: inout RandomStream) -> String {
    let total = codes.reduce(0) { $0 + Self.weight($1) }
    var draw = stream.uniform() * total
    for code in codes {
      draw -= Self.weight(code)
      if draw < 0 { return code }
    }
    return codes[codes.count - 1]
  }

  /// One sentence in two languages.
  private func sentence(
    _ translations: [[String: String]], _ stream: inout RandomStream
  ) -> Pair? {
    let index = stream.index(translations.count)
    let texts = translations[index]
    guard let (first, second) = languages(Array(texts.keys), &stream),
      let one = texts[first], let other = texts[second]
    else { return nil }
    return Pair(
      key: "sentence/\(index)", first: tokens(one), second: tokens(other),
      languages: (first, second))
  }

  /// A name and up to four of its keywords in one language.
  private func definition(_ stream: inout RandomStream) -> Pair? {
    let unseen = !unseenDefinitions.isEmpty && stream.uniform() < Self.unseenShare
    let list = unseen ? unseenDefinitions : definitions
    let item = list[stream.index(list.count)]
    let shared = item.name.texts.keys.filter { item.keywords.texts[$0] != nil }.sorted()
    guard !shared.isEmpty else { return nil }
    let language = weighted(shared, &stream)
    guard let name = item.name.texts[language], let words = item.keywords.texts[language] else {
      return nil
    }
    var others = words.split(separator: ", ").filter { $0 != name }
    guard !others.isEmpty else { return nil }
    stream.shuffle(&others)
    return Pair(
      key: (item.name.texts["en"] ?? item.name.id).lowercased(), first: tokens(name),
      second: tokens(others.prefix(2 + stream.index(3)).joined(separator: ", ")),
      languages: (language, language))
  }

  /// One to four names joined as each language joins them: what captions of scenes look like.
  private func list(_ concepts: [Concept], _ stream: inout RandomStream) -> Pair? {
    guard let (first, second) = languages(corpus.languages, &stream) else { return nil }
    let count = 1 + stream.index(4)
    var chosen: [Concept] = []
    while chosen.count < count {
      let next = concepts[stream.index(concepts.count)]
      if !chosen.contains(next) { chosen.append(next) }
    }
    guard let one = caption(chosen, first, &stream) else { return nil }
    if stream.uniform() < 0.3 { stream.shuffle(&chosen) }
    guard let other = caption(chosen, second, &stream) else { return nil }
    return Pair(
      key: "list/" + chosen.map(\.id).sorted().joined(separator: "+"), first: tokens(one),
      second: tokens(other), languages: (first, second))
  }

  /// The names in a language, a keyword in place of a name now and then; nil where one is missing.
  private func caption(
    _ concepts: [Concept], _ language: String, _ stream: inout RandomStream
  ) -> String? {
    var words: [String] = []
    for concept in concepts {
      guard let name = corpus.catalogue.name(concept.id, in: language),
        rule.allows(name, in: language)
      else { return nil }
      let replaced = stream.uniform() < 0.1
      let keywords = replaced ? corpus.catalogue.keywords(concept.id, in: language) : []
      let keyword = keywords.isEmpty ? nil : keywords[stream.index(keywords.count)]
      words.append(keyword.flatMap { rule.allows($0, in: language) ? $0 : nil } ?? name)
    }
    return patterns[language]?.join(words)
  }

  /// Texts to mask: a name with its keywords, or a display name, in any language; a sentence where there
  /// are any, each language as often as the other.
  func monolingual(step: Int, count: Int) -> [[Int32]] {
    var stream = RandomStream(seed: seed, "pretrain/text/monolingual", step)
    var texts: [[Int32]] = []
    while texts.count < count {
      if !sentenceLanguages.isEmpty, stream.uniform() < Self.maskedSentenceShare {
        let language = sentenceLanguages[stream.index(sentenceLanguages.count)]
        guard let list = sentences?.sentences[language] else { continue }
        texts.append(tokens(list[stream.index(list.count)]))
      } else if stream.uniform() < 0.75 {
        let item = definitions[stream.index(definitions.count)]
        let language = weighted(item.name.texts.keys.sorted(), &stream)
        guard let name = item.name.texts[language] else { continue }
        let words = item.keywords.texts[language].map { ": " + $0 } ?? ""
        texts.append(tokens(name + words))
      } else {
        let items = displayItems(&stream)
        guard !items.isEmpty else { continue }
        let item = items[stream.index(items.count)]
        let language = weighted(item.texts.keys.sorted(), &stream)
        if let text = item.texts[language] { texts.append(tokens(text)) }
      }
    }
    return texts
  }
}
