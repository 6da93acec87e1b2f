import ArgumentParser
import XlingJobs
import XlingLanguages

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
    let plan = try measure.plan()
    let language = try LanguageLabel.code(lang)
    if let lang { GivenLanguages.tell([lang]) }
    let merged = try EvaluatedEmbeddings(shards: shards, plan, language: language)
    Warning.withoutIntervals(of: merged.rows)?.tell()
    try measure.print(merged.rows) { merged.text(measure) }
  }
}
