/// One piece of work of a study: a run or a classifier that is trained and measured, a try of a learning rate, or what
/// has to be there before.
public struct StudyCell: Sendable, Equatable {
  public enum Kind: String, Sendable, Codable {
    case cell
    /// A run at one rate, measured on val, by which the rate is chosen.
    case attempt = "try"
    /// A text tower that is made before the cells that align it.
    case tower
    /// A run that is aligned before the classifiers that are made of it, and not measured itself.
    case aligned
  }

  /// SHA-256 of what decides its bits: recipe, towers, tokenizer, data, settings, seed, what is measured, and the
  /// program's numerics number. No name and no place.
  public let hash: String
  public let kind: Kind
  /// Values by axis, without the seed.
  public let factors: [String: String]
  public let seed: UInt64
  /// Of a try.
  public let rate: String?
  /// Of the same content but for the seed: they share their tries.
  public let group: String
  /// The tries by which its rate is chosen, by hash.
  public let tries: [String]
  /// The tower that has to be made before it, by hash.
  public let tower: String?
  /// The aligned run that a classifier is made of, by hash.
  public let aligned: String?
  /// The classifier whose weights it starts from, by hash.
  public let start: String?
  /// Of the cells that start from one another, which are kept in one shard; nil: of none.
  let company: String?

  public init(
    hash: String, kind: Kind, factors: [String: String], seed: UInt64, rate: String?,
    group: String, tries: [String], tower: String? = nil, aligned: String? = nil,
    start: String? = nil, company: String? = nil
  ) {
    (self.hash, self.kind, self.factors, self.seed) = (hash, kind, factors, seed)
    (self.rate, self.group, self.tries, self.tower) = (rate, group, tries, tower)
    (self.aligned, self.start, self.company) = (aligned, start, company)
  }

  /// Whatever has to be finished before it, by hash.
  public var needs: [String] { tries + [tower, aligned, start].compactMap { $0 } }

  public var short: String { String(hash.prefix(Self.shortLength)) }
  public static let shortLength = 12

  /// The shard, of 0..<count, that does it: by content, so that another cell more moves no other. Cells that share
  /// tries, or start from one another, stay together.
  public func shard(of count: Int) -> Int {
    let isAlone = kind == .cell && tries.isEmpty
    let key = (company ?? (isAlone ? hash : group)).prefix(15)
    return Int((UInt64(key, radix: 16) ?? 0) % UInt64(max(1, count)))
  }
}
