import ArgumentParser
import XlingCore
import XlingEvaluation
import XlingRuns

/// For commands that hold languages against one of them.
struct EvalPivotOptions: ParsableArguments {
  @Option(
    name: .customShort("k"), help: "Places that count as found.",
    transform: NumberRange.whole(from: 1))
  var k = 10

  @Option(help: "The language to hold the others against (default: the one aligned on).")
  var against: String?

  @Flag(help: "Print the results as JSON.")
  var json = false

  /// The language, as the dataset calls it. Throws what resolving languages throws.
  func pivot(_ run: LoadedRun, _ evaluator: Evaluator) throws -> String {
    try EvalLanguages.resolve(
      against ?? run.record.identity.configuration.language, in: evaluator.dataset,
      split: evaluator.plan.split)
  }
}
