import XlingCore
import XlingCoverage
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval
import XlingUnicode

/// Where the right pictures stand for captions that hold a word.
struct WordPlaces {
  private let ranks: [Double]
  private let pictures: [Int32]
  /// By word, the captions that hold it.
  private let captions: [[UInt8]: [Int]]

  /// Nil where the dataset's captions are not the queries that were asked. Throws `DataFailure`,
  /// `UnicodeFailure`.
  init?(_ evaluation: Evaluation, in dataset: Dataset, words: [String]) throws {
    guard let split = Split(rawValue: evaluation.measured.split) else { return nil }
    let gold = try dataset.gold(
      evaluation.language, split, perImage: Self.perImage(evaluation.measured.captions))
    guard Evaluator.hash(captions: gold) == evaluation.queriesHash,
      gold.captions.count == evaluation.ranking.count
    else { return nil }
    let ties = TieBreaking(rawValue: evaluation.measured.ties) ?? .pessimistic
    ranks = gold.captions.indices.map { evaluation.ranking.rank($0, ties) }
    pictures = evaluation.pictures
    captions = try Self.captions(gold.captions, evaluation.language, words)
  }

  /// "first 5, at most 30 tokens": five; "all": no end.
  private static func perImage(_ words: String) -> Int {
    guard words.hasPrefix("first "),
      let count = Int(words.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
    else { return .max }
    return count
  }

  /// Words are ICU's, as they are counted, and those between spaces.
  private static func captions(
    _ captions: [String], _ language: String, _ words: [String]
  ) throws -> [[UInt8]: [Int]] {
    let wanted = Set(words.map { Array($0.utf8) })
    let breaker = try WordBreaker(locale: CoverageMeter.locale(of: language))
    var found: [[UInt8]: [Int]] = [:]
    for (number, caption) in captions.enumerated() {
      let bytes = Array(caption.utf8)
      var seen: Set<[UInt8]> = []
      func take(_ word: ArraySlice<UInt8>) {
        let word = Array(word)
        if wanted.contains(word), seen.insert(word).inserted {
          found[word, default: []].append(number)
        }
      }
      try bytes.withUnsafeBytes { text in
        try breaker.forEachWord(of: text) { take(bytes[$0]) }
      }
      for word in bytes.split(separator: 0x20) { take(word) }
    }
    return found
  }

  subscript(word: String) -> CoverageReport.Place? {
    captions[Array(word.utf8)].map { place(of: $0) }
  }

  /// Of all captions.
  var all: CoverageReport.Place { place(of: Array(ranks.indices)) }

  /// The median, and its 95 % interval by order statistics (Conover 1999, section 3.2) where enough pictures
  /// lie behind it; captions of one picture count as one for that.
  private func place(of some: [Int]) -> CoverageReport.Place {
    let sorted = some.map { ranks[$0] }.sorted()
    let half = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    let independent = Set(some.map { pictures[$0] }).count
    guard independent >= Clusters.fewest else {
      return .init(median: median, low: nil, high: nil, captions: some.count)
    }
    let share = 0.98 / Double(independent).squareRoot()
    let count = Double(sorted.count)
    let low = max(0, Int((count * (0.5 - share)).rounded(.down)))
    let high = min(sorted.count - 1, Int((count * (0.5 + share)).rounded(.up)))
    return .init(median: median, low: sorted[low], high: sorted[high], captions: some.count)
  }
}
