import XlingExperiments
import XlingRetrieval
import XlingRuns

/// The finished runs of a store that share data and protocol, for whoever names none.
public struct ComparableRuns: Sendable, Equatable {
  /// The first is what the others are held against: the newest of full training, where there is one.
  public let runs: [Run]
  public let measured: EvaluationProtocol

  /// Those that were measured as the newest finished run was, on test where it was; nil without any. Throws
  /// `ExperimentFailure`.
  public init?(in store: ExperimentStore) throws {
    let finished = try store.runs().filter { $0.status == .finished }
    var evaluations: [String: [Evaluation]] = [:]
    for run in finished {
      evaluations[run.name] = try store.evaluations(of: run.name)
        .filter { $0.measured.subset == "all" }
    }
    let evaluated = finished.filter { evaluations[$0.name]?.isEmpty == false }
    guard let newest = RunLookup.newest(of: evaluated),
      let measured = Self.measured(of: evaluations[newest.name] ?? [])
    else { return nil }
    let shared = evaluated.filter { run in
      evaluations[run.name]?.contains { $0.measured.hash == measured.hash } == true
    }
    let reference = RunLookup.newest(
      of: shared.filter { $0.key.method == QuickstartPlan.reference })
    runs = (reference.map { [$0] } ?? []) + shared.filter { $0.name != reference?.name }
    self.measured = measured
  }

  /// The protocol of the newest evaluation, on test before others.
  static func measured(of evaluations: [Evaluation]) -> EvaluationProtocol? {
    evaluations.max { one, other in
      let (first, second) = (one.measured.split == "test", other.measured.split == "test")
      return first == second ? one.started < other.started : second
    }?.measured
  }
}

extension EvaluateJob.Result {
  /// What the store has of a run under one protocol, without averages. Throws `ExperimentFailure`.
  public init(
    stored run: String, under measured: EvaluationProtocol, in store: ExperimentStore
  ) throws {
    let evaluations = try store.evaluations(of: run, under: measured)
    self.init(
      run: run, dataset: measured.dataset, split: measured.split,
      pictures: evaluations.first { $0.direction == .textToImage }?.ranking.gallerySize ?? 0,
      languages: evaluations.flatMap { ResultRow.rows($0, Metric.standard, partial: false) },
      averages: [], repeated: [])
    note(fewShot: try store.run(named: run).fewShot.words)
  }
}
