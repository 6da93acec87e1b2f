import ArgumentParser
import XlingCore

/// Rankings for other programs.
struct EvalTRECOptions: ParsableArguments {
  @Option(
    help: "Write LANG.text-to-image.run, .qrels and the other direction into this folder.")
  var trec: String?

  @Option(help: "Items of each query in the runs.", transform: NumberRange.whole(from: 1))
  var trecDepth = 100
}
