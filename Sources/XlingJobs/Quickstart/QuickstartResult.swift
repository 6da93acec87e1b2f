import XlingEvaluation
import XlingRuns

/// One method, aligned and evaluated with every seed.
struct QuickstartResult {
  /// A run and what it reached.
  struct Seed {
    let record: RunRecord
    /// The stored name.
    let run: String
    let evaluator: Evaluator
    let languages: [LanguageResult]
  }

  let method: String
  let records: [RunRecord]
  /// The stored name, and the evaluator, of the first seed.
  let run: String
  let evaluator: Evaluator
  /// By language, one a seed.
  let languages: [String: [LanguageResult]]

  init(_ method: String, of seeds: [Seed]) {
    precondition(!seeds.isEmpty)
    self.method = method
    records = seeds.map(\.record)
    (run, evaluator) = (seeds[0].run, seeds[0].evaluator)
    languages = Dictionary(grouping: seeds.flatMap(\.languages), by: \.language)
  }
}
