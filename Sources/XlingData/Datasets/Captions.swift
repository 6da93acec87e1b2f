/// The captions of one picture: language (BCP 47) -> at least one text. Read from a file, the texts stay
/// bytes until they are asked for: of a hundred languages an evaluation needs one.
public struct Captions: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  private enum Source: Sendable {
    case texts([String: [String]])
    /// A line's entries in an index, ordered by the languages' numbers.
    case index(CaptionIndex, Range<Int>)
  }

  private let source: Source

  public init(_ texts: [String: [String]]) { source = .texts(texts) }

  public init(dictionaryLiteral elements: (String, [String])...) {
    self.init(Dictionary(elements) { $1 })
  }

  init(_ index: CaptionIndex, _ entries: Range<Int>) { source = .index(index, entries) }

  /// In the order of the file; nil where there is none.
  public subscript(language: String) -> [String]? {
    switch source {
    case .texts(let texts): texts[language]
    case .index(let index, let entries): index.place(of: language, in: entries).map(index.texts)
    }
  }

  /// The languages, in no order.
  public var keys: [String] {
    switch source {
    case .texts(let texts): Array(texts.keys)
    case .index(let index, let entries): index.entries[entries].map { index.languages[Int($0.language)] }
    }
  }

  /// All of them at once.
  public var texts: [String: [String]] {
    switch source {
    case .texts(let texts): texts
    case .index(let index, let entries):
      Dictionary(
        entries.map { (index.languages[Int(index.entries[$0].language)], index.texts(at: $0)) }
      ) { $1 }
    }
  }

  /// Without the texts. Many languages of one file are counted by their numbers.
  func count(into counts: inout CaptionCounts) {
    switch source {
    case .texts(let texts): for language in texts.keys { counts.byName[language, default: 0] += 1 }
    case .index(let index, let entries): counts.add(index, entries)
    }
  }

  public static func == (left: Captions, right: Captions) -> Bool { left.texts == right.texts }
}

/// Pictures with a caption, by language.
struct CaptionCounts {
  fileprivate(set) var byName: [String: Int] = [:]
  private var index: CaptionIndex?
  private var byNumber: [Int] = []

  fileprivate mutating func add(_ index: CaptionIndex, _ entries: Range<Int>) {
    if self.index !== index {
      flush()
      self.index = index
      byNumber = [Int](repeating: 0, count: index.languages.count)
    }
    for entry in entries { byNumber[Int(index.entries[entry].language)] += 1 }
  }

  /// To be called after the last.
  mutating func flush() {
    if let index {
      for (number, count) in byNumber.enumerated() where count > 0 {
        byName[index.languages[number], default: 0] += count
      }
    }
    (index, byNumber) = (nil, [])
  }
}
