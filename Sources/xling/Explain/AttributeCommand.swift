import ArgumentParser
import Foundation
import XlingCore
import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval

struct AttributeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attribute",
    abstract: "Which captions a run loses, by what its tokenizer made of them.",
    discussion: """
      Captions of a language are sorted by pieces a character into ten groups of one size; recall \
      follows for each, and for captions with and without unknown pieces, cut and whole.
      """)

  @OptionGroup var subject: EvalSubject

  @Option(help: "A metric that is a mean over queries, text to image.")
  var metric = "R@10"

  @Flag(help: "Print the groups as JSON.")
  var json = false

  struct Row: Encodable {
    let schema = "xling.attribution/1"
    let run: String
    let language: String
    let group: String
    let metric: String
    /// Percent.
    let value: Double
    let low: Double
    let high: Double
    let n: Int
    /// Percent; nil where it has no closed form.
    let chance: Double?
    let piecesPerWord: Double
    let piecesPerCharacterLow: Double
    let piecesPerCharacterHigh: Double
    /// Percent of the captions.
    let withUnknown: Double
    let cut: Double
    let coversChance: Bool

    init(_ group: TokenAttribution.Group, _ attribution: TokenAttribution, run: String) {
      self.run = run
      language = attribution.language
      self.group = group.name
      metric = attribution.metric
      value = 100 * group.estimate.value
      low = 100 * group.estimate.low
      high = 100 * group.estimate.high
      n = group.estimate.n
      chance = group.chance.map { 100 * $0 }
      coversChance = group.chance.map(group.estimate.covers) == true
      piecesPerWord = group.piecesPerWord
      piecesPerCharacterLow = group.piecesPerCharacter.lowerBound
      piecesPerCharacterHigh = group.piecesPerCharacter.upperBound
      withUnknown = 100 * group.withUnknown
      cut = 100 * group.cut
    }
  }

  func run() throws {
    guard let metric = Metric.named(metric), metric.aggregation == .mean, metric.isRate else {
      let known = Metric.standard.filter { $0.aggregation == .mean && $0.isRate }.map(\.name)
      throw MetricFailure.unknown(
        given: self.metric, nearest: Spelling.nearest(to: self.metric, among: known), known: known)
    }
    let (run, evaluator, languages) = try subject.load()
    var bar = ProgressBar("attribute \(run.name)", total: languages.count, unit: "languages")
    var rows: [Row] = []
    for (index, language) in languages.enumerated() {
      let attribution = try evaluator.attribution(language, metric: metric)
      rows += attribution.groups.map { Row($0, attribution, run: run.name) }
      bar.advance(to: index + 1, language)
    }
    bar.finish()
    print(json ? try JSONText.encode(rows) : Self.text(rows, metric))
  }

  private static func text(_ rows: [Row], _ metric: Metric) -> String {
    let table = rows.map { row in
      [
        row.language, row.group, "\(row.n)",
        String(format: "%.1f [%.1f, %.1f]", row.value, row.low, row.high)
          + (row.coversChance ? ChanceText.mark : ""), ChanceText.figure(row.chance),
        String(format: "%.2f", row.piecesPerWord),
        String(format: "%.2f–%.2f", row.piecesPerCharacterLow, row.piecesPerCharacterHigh),
        String(format: "%.1f", row.withUnknown), String(format: "%.1f", row.cut),
      ]
    }
    let header = [
      "language", "captions", "n", metric.name, "chance", "pieces/word", "pieces/character",
      "unknown",
      "cut",
    ]
    return TextTable([header] + table, leading: 2).text
      + "\n\nText to image, percent [95 % interval]. Tenths: by pieces a character, fewest first. "
      + "unknown, cut: percent of the captions. "
      + ChanceText.note(metrics: 1, marked: rows.contains(where: \.coversChance))
  }
}
