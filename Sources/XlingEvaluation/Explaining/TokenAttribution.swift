import XlingRetrieval
import XlingTokenizers

/// How the tokenizer cut one caption, before truncation.
public struct CaptionPieces: Sendable, Equatable {
  public let pieces: Int
  /// Parted by white space; at least 1.
  public let words: Int
  /// Unicode scalars that are no white space; at least 1.
  public let characters: Int
  public let unknown: Int
  /// The model does not see its end.
  public let isCut: Bool

  /// Pieces a character: fertility that means something in scripts without spaces too.
  public var density: Double { Double(pieces) / Double(characters) }

  /// `room`: pieces that the model takes besides the frame.
  public init(_ caption: String, _ encoding: Encoding, room: Int) {
    let scalars = caption.unicodeScalars
    pieces = encoding.ids.count
    words = max(1, scalars.split(whereSeparator: \.properties.isWhitespace).count)
    characters = max(1, scalars.count { !$0.properties.isWhitespace })
    unknown = encoding.unknownCount
    isCut = pieces > room
  }
}

/// Which captions a system loses, by what its tokenizer made of them.
public struct TokenAttribution: Sendable {
  /// Captions of one kind, and how many of them find their picture.
  public struct Group: Sendable {
    /// "all", "tenth 1" (the fewest pieces a character) to "tenth 10", "unknown pieces", "none unknown",
    /// "cut", "whole".
    public let name: String
    public let piecesPerWord: Double
    public let piecesPerCharacter: ClosedRange<Double>
    /// Shares of the group's captions.
    public let withUnknown: Double
    public let cut: Double
    /// Of the metric; its n is the number of captions.
    public let estimate: Estimate
    /// What chance is expected to reach; nil where it has no closed form.
    public let chance: Double?
  }

  public let language: String
  public let metric: String
  public let groups: [Group]

  /// `pieces` and `ranking` have one entry a caption, `clusters` says which show one picture. Throws
  /// ``RetrievalFailure`` when they do not fit together.
  public init(
    language: String, pieces: [CaptionPieces], ranking: Ranking, clusters: [Int32],
    metric: Metric, ties: TieBreaking, resamples: Resamples
  ) throws(RetrievalFailure) {
    self.language = language
    self.metric = metric.name
    var groups: [Group] = []
    for (name, members) in Self.members(pieces) where !members.isEmpty {
      let kept = members.map { pieces[$0] }
      let all = kept.reduce(0) { $0 + $1.pieces }
      let densities = kept.map(\.density)
      let part = ranking.subset(members)
      groups.append(
        Group(
          name: name, piecesPerWord: Double(all) / Double(kept.reduce(0) { $0 + $1.words }),
          piecesPerCharacter: (densities.min() ?? 0)...(densities.max() ?? 0),
          withUnknown: Double(kept.count { $0.unknown > 0 }) / Double(kept.count),
          cut: Double(kept.count { $0.isCut }) / Double(kept.count),
          estimate: try resamples.estimate(
            metric, of: part, ties: ties,
            clusters: try Clusters(
              numbered: members.map { clusters[$0] }, count: resamples.clusterCount)),
          chance: metric.chance(part)))
    }
    self.groups = groups
  }

  /// Tenths are of equal size as nearly as can be; captions of one density stay in their order.
  private static func members(_ pieces: [CaptionPieces]) -> [(String, [Int])] {
    let order = pieces.indices.sorted { (pieces[$0].density, $0) < (pieces[$1].density, $1) }
    let count = order.count
    let tenths = (0..<10).map { tenth in
      ("tenth \(tenth + 1)", order[count * tenth / 10..<count * (tenth + 1) / 10].sorted())
    }
    func part(_ name: String, _ belongs: (CaptionPieces) -> Bool) -> (String, [Int]) {
      (name, pieces.indices.filter { belongs(pieces[$0]) })
    }
    return [("all", Array(pieces.indices))] + tenths + [
      part("unknown pieces") { $0.unknown > 0 }, part("none unknown") { $0.unknown == 0 },
      part("cut") { $0.isCut }, part("whole") { !$0.isCut },
    ]
  }
}

extension Evaluator {
  /// Captions finding their pictures in one language, by what the tokenizer made of them. Throws what
  /// ``evaluate(_:)`` throws, and ``RetrievalFailure`` for a metric that needs more than is known.
  public func attribution(
    _ language: String, metric: Metric = .recall(at: 10)
  ) throws -> TokenAttribution {
    let result = try evaluate(language)
    let frame =
      (plan.reading.hasEndToken ? 1 : 0) + max(1, plan.reading.promptTokens(by: tokenizer))
    let room = max(0, plan.maximumTokens - frame)
    let pieces = try result.captions.map { caption in
      let text = try plan.reading.text(of: caption, language: language)
      return CaptionPieces(text, tokenizer.encode(text), room: room)
    }
    return try TokenAttribution(
      language: language, pieces: pieces, ranking: result.textToImage.ranking,
      clusters: result.textToImage.pictures, metric: metric, ties: plan.ties, resamples: resamples)
  }
}
