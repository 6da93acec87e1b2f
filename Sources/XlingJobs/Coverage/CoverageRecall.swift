import XlingExperiments
import XlingRetrieval
import XlingRuns

/// What a store knows of a run that reads by a tokenizer: how often captions find their picture.
struct CoverageRecall {
  let run: String
  let folder: String
  let measured: EvaluationProtocol
  /// By language, text to image, all queries.
  let evaluations: [String: Evaluation]

  /// The newest finished run that was trained with the tokenizer and evaluated, under its newest protocol, on
  /// test before others; of several the one that is `named`. Nil without any. Throws `ExperimentFailure`.
  init?(tokenizerHash: String, named: String, in store: ExperimentStore) throws {
    let runs = try store.runs().filter {
      $0.status == .finished && $0.key.tokenizerHash == tokenizerHash
    }
    var found: [(run: Run, evaluations: [Evaluation])] = []
    for run in runs {
      let own = try store.evaluations(of: run.name).filter {
        $0.measured.subset == "all" && $0.direction == .textToImage
      }
      if !own.isEmpty { found.append((run, own)) }
    }
    let name = LoadedRun.name(of: named)
    let newest = RunLookup.newest(of: found.map(\.run))
    guard
      let chosen = found.first(where: { $0.run.name == name })
        ?? found.first(where: { $0.run.name == newest?.name }),
      let measured = ComparableRuns.measured(of: chosen.evaluations)
    else { return nil }
    (run, folder) = (chosen.run.name, chosen.run.folder)
    self.measured = measured
    let own = chosen.evaluations.filter { $0.measured.hash == measured.hash }
    evaluations = Dictionary(own.map { ($0.language, $0) }) { $1 }
  }

  static let metric = "R@10"
}
