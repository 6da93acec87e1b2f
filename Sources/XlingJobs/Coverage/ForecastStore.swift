import Foundation
import XlingExperiments
import XlingRetrieval
import XlingRuns

/// What a store has measured that a forecast builds on: R@10, text to image, of all queries of one protocol.
struct MeasuredRun {
  static let k = 10

  struct Recall {
    let estimate: Estimate
    /// Ties aside, a share of so many queries.
    var queries: Int { estimate.n }
  }

  let name: String
  let measured: EvaluationProtocol
  let gallery: Int
  /// By the dataset's code.
  let recalls: [String: Recall]

  /// The protocol of a run under which most languages were measured; nil where nothing was. `dataset`: only of
  /// this one. Perturbed and centred captions and parts of the queries do not count.
  static func read(
    _ run: String, dataset: String?, in store: ExperimentStore
  ) throws -> MeasuredRun? {
    let found = try store.protocols(of: run, direction: .textToImage).first {
      isPlain($0.measured) && (dataset == nil || $0.measured.dataset == dataset)
    }
    return try found.map { try MeasuredRun(run, $0.measured, in: store) }
  }

  private static func isPlain(_ measured: EvaluationProtocol) -> Bool {
    measured.subset == "all" && measured.centred.isEmpty
  }

  private init(
    _ run: String, _ measured: EvaluationProtocol, in store: ExperimentStore
  ) throws {
    (name, self.measured) = (run, measured)
    let metric = Metric.recall(at: Self.k)
    let ties = TieBreaking(rawValue: measured.ties) ?? .pessimistic
    var recalls: [String: Recall] = [:]
    var gallery = 0
    // What a run was shown pairs of was not transferred to.
    let shown = Set(try store.run(named: run).fewShot.parts.map(\.language))
    for result in try store.evaluations(of: run, under: measured)
    where result.direction == .textToImage && !shown.contains(result.language) {
      gallery = result.ranking.gallerySize
      let value = try metric.value(result.ranking, ties: ties)
      let stored = result.metrics[metric.name]
      recalls[result.language] = Recall(
        estimate: stored
          ?? Estimate(
            value: value, low: nil, high: nil, n: result.ranking.count, method: "stored ranks"))
    }
    (self.recalls, self.gallery) = (recalls, gallery)
  }

  /// What other runs measured on the same pictures, the logit of each language less its run's mean over the
  /// languages of this run, mean over the runs that have the language; how many runs there are.
  func otherRuns(in store: ExperimentStore) throws -> (recalls: [String: Double], runs: Int) {
    var sums: [String: (sum: Double, runs: Int)] = [:]
    var count = 0
    for run in try store.runs() where run.name != name {
      let found = try store.protocols(of: run.name, direction: .textToImage).first { other in
        Self.isPlain(other.measured) && other.measured.dataset == measured.dataset
          && other.measured.datasetHash == measured.datasetHash
          && other.measured.split == measured.split
      }
      guard let found else { continue }
      let other = try MeasuredRun(run.name, found.measured, in: store)
      let logits = other.recalls.mapValues { RateScale.logit($0.estimate.value, n: $0.queries) }
      let shared = logits.filter { recalls[$0.key] != nil }.sorted { $0.key < $1.key }
      guard shared.count > 1 else { continue }
      count += 1
      let mean = shared.reduce(0) { $0 + $1.value } / Double(shared.count)
      for (language, logit) in logits {
        let before = sums[language] ?? (0, 0)
        sums[language] = (before.sum + logit - mean, before.runs + 1)
      }
    }
    return (sums.mapValues { $0.sum / Double($0.runs) }, count)
  }
}
