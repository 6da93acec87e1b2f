import Foundation
import XlingCore

/// The pairs of other languages that a training mixes into its batches, drawn of the training split alone.
public struct FewShotDraw: Sendable {
  /// A picture and its first caption in the language.
  public struct Pair: Codable, Sendable, Equatable {
    public let picture: String
    /// Of the picture's bytes.
    public let sha256: String
    public let caption: String
  }

  /// Of one language.
  public struct Part: Sendable {
    /// The dataset's code.
    public let language: String
    /// In the order in which they were drawn.
    public let pairs: [Pair]
    public let items: [Dataset.Item]

    /// SHA-256 over language, pictures and captions.
    public var hash: String {
      Digest.of(language + "\n" + pairs.map { "\($0.sha256)\t\($0.caption)\n" }.joined())
    }
  }

  /// By code; none without pairs.
  public let parts: [Part]
  /// Where the order of pictures is from: "the rule, seed 0" or a file.
  public let origin: String

  /// The first so many pairs of each language in the order of `file`; without one, in that of the file that
  /// ships for the dataset's name, if its pictures are these and it has enough, else of the rule
  /// (``FewShotOrder``). `aligned` is the language of all other captions. Throws ``FewShotFailure``, as
  /// `DatasetLanguages.resolve`, and what reading files throws.
  public init(
    _ wanted: FewShotCounts, in dataset: Dataset, aligned: String, seed: UInt64,
    file: String? = nil
  ) throws {
    let counts = try Self.resolved(wanted, in: dataset, aligned: aligned)
    let digests = dataset.pictureDigests()
    func parts(_ order: [Dataset.Item], _ origin: String) throws(FewShotFailure) -> [Part] {
      var parts: [Part] = []
      for (language, count) in counts {
        parts.append(try Self.part(language, count, of: order, digests, origin: origin))
      }
      return parts
    }
    if let file {
      let order = try FewShotOrder(reading: file).items(in: dataset, file: file)
      (self.parts, origin) = (try parts(order, "in \(file)"), file)
      return
    }
    let name = FewShotOrder.shippedName(dataset.name, seed)
    if let shipped = try FewShotOrder.shipped(dataset.name, seed: seed),
      let order = try? shipped.items(in: dataset, file: name),
      let found = try? parts(order, "in \(name)")
    {
      (self.parts, origin) = (found, name)
      return
    }
    let order = try FewShotOrder.byRule(dataset, seed: seed)
    (self.parts, origin) = (try parts(order, "in \(dataset.folder)"), "the rule, seed \(seed)")
  }

  /// Codes and counts above 0, by code.
  private static func resolved(
    _ wanted: FewShotCounts, in dataset: Dataset, aligned: String
  ) throws -> [(language: String, count: Int)] {
    var given: [String: [String]] = [:]
    var counts: [(language: String, count: Int)] = []
    for one in wanted.counts {
      let code = try DatasetLanguages.resolve(one.language, in: dataset, split: .train)
      given[code, default: []].append(one.language)
      guard code != aligned else { throw FewShotFailure.aligned(language: code) }
      if one.pairs > 0 { counts.append((code, one.pairs)) }
    }
    if let twice = given.filter({ $0.value.count > 1 }).min(by: { $0.key < $1.key }) {
      throw FewShotFailure.twice(language: twice.key, given: twice.value)
    }
    return counts.sorted { $0.language < $1.language }
  }

  private static func part(
    _ language: String, _ count: Int, of order: [Dataset.Item], _ digests: [String: String],
    origin: String
  ) throws(FewShotFailure) -> Part {
    var items: [Dataset.Item] = []
    var pairs: [Pair] = []
    for item in order where pairs.count < count {
      guard let caption = item.captions[language]?.first else { continue }
      items.append(item)
      pairs.append(
        Pair(picture: item.image, sha256: digests[item.image] ?? "", caption: caption))
    }
    guard pairs.count == count else {
      throw .fewPairs(language: language, wanted: count, found: pairs.count, origin: origin)
    }
    return Part(language: language, pairs: pairs, items: items)
  }
}

extension FewShotDraw {
  /// `mix.json` of a run: which pairs were mixed in.
  public struct Record: Codable, Sendable, Equatable {
    public struct Language: Codable, Sendable, Equatable {
      public let sha256: String
      public let pairs: [Pair]
    }

    public var version = 1
    public let origin: String
    public let languages: [String: Language]
  }

  public var record: Record {
    Record(
      origin: origin,
      languages: Dictionary(
        uniqueKeysWithValues: parts.map { ($0.language, .init(sha256: $0.hash, pairs: $0.pairs)) }))
  }
}
