import ArgumentParser

/// Rankings for other programs.
struct EvalTRECOptions: ParsableArguments {
  @Option(
    help: "Write LANG.text-to-image.run, .qrels and the other direction into this folder.")
  var trec: String?

  @Option(help: "Items of each query in the runs.")
  var trecDepth = 100

  func validate() throws {
    if trecDepth < 1 {
      throw ValidationError("--trec-depth must be at least 1, found \(trecDepth)")
    }
  }
}
