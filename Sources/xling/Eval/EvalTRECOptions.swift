import ArgumentParser
import XlingCore

/// Rankings for other programs.
struct EvalTRECOptions: ParsableArguments {
  @Option(
    help: "Write LANG.text-to-image.run, .qrels and the other direction into this folder.")
  var trec: String?

  @Option(
    name: .customLong("trec-depth"), help: "Items of each query in the runs (default: 100).",
    transform: NumberRange.whole(from: 1))
  var givenDepth: Int?

  var trecDepth: Int { givenDepth ?? 100 }

  /// Names of the options that were given.
  var given: [String] {
    GivenOptions.names([("--trec", trec != nil), ("--trec-depth", givenDepth != nil)])
  }

  func validate() throws {
    if trec == nil, givenDepth != nil {
      throw ValidationError("--trec-depth has no use without --trec")
    }
  }
}
