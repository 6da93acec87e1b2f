import Foundation
import XlingCore
import XlingExperiments
import XlingLanguages

/// What MTEB stores of one task: `TaskResult` with its scores as fractions, by split, one entry a
/// language. One direction is one task there, and a subset of the queries another. Intervals, for which
/// MTEB has no place, stay in our own JSON; the protocol's hash is the data's revision.
struct MTEBTaskResult: Encodable {
  let taskName: String
  let model: String
  /// The protocol's hash, in which the data's is: MTEB takes no task without a revision.
  let revision: String
  let scores: [String: [Entry]]

  enum CodingKeys: String, CodingKey {
    case taskName = "task_name"
    case model = "model_name"
    case revision = "dataset_revision"
    case version = "mteb_version"
    case time = "evaluation_time"
    case emissions = "kg_co2_emissions"
    case scores
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(taskName, forKey: .taskName)
    try container.encode(model, forKey: .model)
    try container.encode(revision, forKey: .revision)
    try container.encode(scores, forKey: .scores)
    // Keys that its reader asks for; nothing was measured with MTEB itself.
    for key in [CodingKeys.version, .time, .emissions] {
      try container.encodeNil(forKey: key)
    }
  }

  /// One language.
  struct Entry: Encodable {
    let language: String
    let metrics: [String: Double]

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(language, forKey: Key(stringValue: "hf_subset"))
      try container.encode([Self.tag(language)], forKey: Key(stringValue: "languages"))
      for (name, value) in metrics { try container.encode(value, forKey: Key(stringValue: name)) }
    }

    /// MTEB names languages by ISO 639-3 and ISO 15924: `tur-Latn`. As the language's card has them; of a
    /// tag without a card as CLDR has them.
    static func tag(_ code: String) -> String {
      if let card = (try? Languages.load())?[code: code], let letters = card.codes.iso639Part3 {
        return "\(letters)-\(card.writing.main)"
      }
      let language = Locale.Language(identifier: code)
      let likely = Locale.Language(identifier: language.maximalIdentifier)
      let own = language.languageCode?.identifier
      let letters =
        language.languageCode?.identifier(.alpha3) ?? own.flatMap { $0.count == 3 ? $0 : nil }
        ?? "und"
      return likely.script.map { "\(letters)-\($0.identifier)" } ?? letters
    }
  }

  /// Our `R@k`, any correct item among the first k, is MTEB's `hit_rate_at_k`, which before its version 2 was
  /// `cv_recall_at_k`; its `recall_at_k` is our `recall fraction@k`. Its MRR and MAP are cut at k, ours are
  /// not, so they have no key.
  static func keys(_ metric: String) -> [String] {
    for (prefix, keys) in [
      ("R@", ["cv_recall_at_", "hit_rate_at_"]), ("recall fraction@", ["recall_at_"]),
      ("nDCG@", ["ndcg_at_"]), ("P@", ["precision_at_"]),
    ] where metric.hasPrefix(prefix) {
      return Int(metric.dropFirst(prefix.count)).map { depth in keys.map { $0 + "\(depth)" } } ?? []
    }
    return []
  }

  /// Throws ``ExchangeFailure/noMainScore(found:)`` without nDCG@10.
  static func lines(_ rows: [ResultRow]) throws -> String {
    struct Task: Hashable {
      let run: String
      let name: String
      let split: String
      let revision: String
    }
    var tasks: [Task] = []
    var scores: [Task: [(language: String, metrics: [String: Double])]] = [:]
    for row in rows where row.direction != "both" && row.language != "mean" {
      let keys = keys(row.metric)
      guard !keys.isEmpty else { continue }
      let side = row.direction == "text-to-image" ? "T2I" : "I2T"
      let subset = row.subset == "all" ? "" : ", " + row.subset
      let task = Task(
        run: row.model, name: "xling \(row.dataset)\(subset) \(side)Retrieval",
        split: row.split, revision: row.protocol)
      if scores[task] == nil { tasks.append(task) }
      var entries = scores[task] ?? []
      if entries.last?.language != row.language { entries.append((row.language, [:])) }
      for key in keys { entries[entries.count - 1].metrics[key] = row.value / 100 }
      scores[task] = entries
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try tasks.map { task in
      let entries = try (scores[task] ?? []).map { language, metrics in
        guard let main = metrics["ndcg_at_10"] else {
          throw ExchangeFailure.noMainScore(found: metrics.keys.sorted())
        }
        return Entry(language: language, metrics: metrics.merging(["main_score": main]) { $1 })
      }
      let result = MTEBTaskResult(
        taskName: task.name, model: task.run, revision: task.revision,
        scores: [task.split: entries])
      return String(decoding: try encoder.encode(result), as: UTF8.self)
    }.joined(separator: "\n")
  }
}

/// What a form of results cannot do without.
public enum ExchangeFailure: Failure, Equatable {
  case noMainScore(found: [String])

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .noMainScore(let found):
      "MTEB's main score of a retrieval task is nDCG@10, which was not measured (found: "
        + found.joined(separator: ", ") + "). Add --metric nDCG@10."
    }
  }
}
