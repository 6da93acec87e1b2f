import XlingAlignment
import XlingCore
import XlingData
import XlingRetrieval

/// A classifier on one set of pictures: where each picture's class came among all.
public struct ClassMeasurement: Codable, Sendable, Equatable {
  /// Which classes are told apart.
  public enum Part: String, Codable, Sendable {
    /// Those that were trained on.
    case seen
    /// Those that were held out, among themselves.
    case unseen
  }

  public enum Phase: String, Codable, Sendable {
    /// Zero-shot: by the sentences of the classes and the run as it was aligned.
    case before
    case after
  }

  public let data: String
  public let part: Part
  public let phase: Phase
  /// Classes among which a picture's is looked for.
  public let classes: Int
  /// Classes of the data that the classifier does not have, whose pictures are left out.
  public let leftOut: [String]
  /// SHA-256 of pictures, labels and classes: measurements of equal hashes are paired.
  public let protocolHash: String
  /// Of each picture: classes that score higher than its own, and others that score the same.
  public let above: [Int32]
  public let tied: [Int32]

  /// Scores `pictures`, whose classes are those of the head's rows `rows`, among these. Throws what reading
  /// pictures throws, `RetrievalFailure`.
  public init(
    _ classifier: PictureClassifier, on pictures: LabelledPictures, rows: [Int], part: Part,
    phase: Phase, leftOut: [String], input: PictureInput, damage: PictureDamage
  ) throws {
    let all = classifier.head.classes
    let source = LabelledPictureSource(
      pictures, reading: input.reading, damage: damage, cacheBytes: 0)
    let scores = try classifier.scores(
      source.count, preprocessing: input.preprocessing, picture: source.picture)
    var own: [Float] = []
    own.reserveCapacity(source.count * rows.count)
    for picture in 0..<source.count { own += rows.map { scores[picture * all + $0] } }
    let ranking = try Ranking(
      scores: own, gallerySize: rows.count, gold: GoldRelation(single: pictures.labels))
    data = pictures.name
    (self.part, self.phase, self.leftOut) = (part, phase, leftOut)
    classes = rows.count
    (above, tied) = (ranking.above, ranking.tiedWrong)
    protocolHash = Digest.of(
      (["\(pictures.contentHash) \(part.rawValue) \(input.description)"] + pictures.classes)
        .joined(separator: "\n"))
  }

  /// Throws `RetrievalFailure` for columns of two lengths.
  public func ranking() throws(RetrievalFailure) -> Ranking {
    let ones = [Int32](repeating: 1, count: above.count)
    return try Ranking(
      above: above, tiedWrong: tied, tiedGold: ones, goldCount: ones, gallerySize: classes)
  }

  /// Top-1, and top-5 among more than five classes; ties count against the system. The interval is a
  /// bootstrap over pictures, nil under 30 of them. Throws `RetrievalFailure`.
  public func accuracies(
    resamples: Int, seed: UInt64
  ) throws -> [ClassificationResult.Accuracy] {
    let ranking = try ranking()
    let clusters = Clusters(independent: above.count)
    let draws = Resamples(clusterCount: above.count, count: resamples, seed: seed)
    return try [1, 5].filter { $0 == 1 || $0 < classes }.map { k in
      ClassificationResult.Accuracy(
        k: k, estimate: try draws.estimate(.recall(at: k), of: ranking, clusters: clusters))
    }
  }

  /// Whether each picture's class came first.
  public var isFirst: [Bool] { zip(above, tied).map { $0 == 0 && $1 == 0 } }
}

/// Two classifiers on the same pictures.
public struct ClassComparison: Sendable {
  /// Top-1, first minus second: paired bootstrap interval and randomization test over pictures.
  public let comparison: Comparison
  /// Pictures that only the first classifies rightly, and only the second: the two counts of McNemar's test
  /// (1947).
  public let onlyFirst: Int
  public let onlySecond: Int

  /// `first` and `second` have one protocol. Throws `RetrievalFailure`.
  public init(
    _ first: ClassMeasurement, _ second: ClassMeasurement, resamples: Int, seed: UInt64
  ) throws {
    let count = first.above.count
    comparison = try Comparison(
      .recall(at: 1), of: try first.ranking(), minus: try second.ranking(),
      clusters: Clusters(independent: count),
      resamples: Resamples(clusterCount: count, count: resamples, seed: seed), seed: seed)
    let pairs = zip(first.isFirst, second.isFirst)
    onlyFirst = pairs.count { $0 && !$1 }
    onlySecond = pairs.count { !$0 && $1 }
  }
}
