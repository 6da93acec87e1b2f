import XlingCore

/// The words of captions as labels of their pictures (Joulin et al. 2016, Learning Visual Features from
/// Large Weakly Supervised Data): what a picture is recognized by where nobody labelled it.
public struct CaptionWords: Sendable, Equatable {
  /// Sorted.
  public let words: [String]
  private let index: [String: Int]

  /// The lower-cased words that at least `minimumPictures` pictures have in a caption and at most
  /// `maximumShare` of all: others say too little. `captions` has one list a picture.
  public init(captions: [[String]], minimumPictures: Int = 20, maximumShare: Double = 0.45) {
    var pictures: [String: Int] = [:]
    for list in captions {
      for word in Self.words(of: list) { pictures[word, default: 0] += 1 }
    }
    let most = maximumShare * Double(captions.count)
    words = pictures.filter { $0.value >= minimumPictures && Double($0.value) <= most }.keys
      .sorted()
    index = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
  }

  /// Ascending places in ``words``, each once.
  public func labels(of captions: [String]) -> [Int] {
    Self.words(of: captions).compactMap { index[$0] }.sorted()
  }

  private static func words(of captions: [String]) -> Set<String> {
    Set(captions.flatMap { $0.lowercased().split { !$0.isLetter }.map(String.init) })
  }
}
