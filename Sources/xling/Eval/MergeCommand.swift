import ArgumentParser
import XlingEvaluation

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Put the shards of `xling eval --shard i/n` together and print the result.",
    discussion: """
      All n shards are needed, in any order. The result has the bits of an evaluation in one piece.
      """)

  @Argument(help: "The files that --shard i/n --output wrote.")
  var shards: [String]

  @Option(help: "The language's code or name, a label.")
  var lang: String?

  @OptionGroup(title: "What is measured")
  var measure: EvalMeasureOptions

  func run() throws {
    let metrics = try measure.metrics()
    let language = try LanguageLabel.code(lang)
    let merged = try RankShard.merged(try shards.map { ($0, try RankShard.read($0)) })
    try EvalEmbeddingReport(merged, measure, metrics, language: language).print()
  }
}
