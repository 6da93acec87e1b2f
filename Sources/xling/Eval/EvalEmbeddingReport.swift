import XlingEvaluation
import XlingExperiments
import XlingReports
import XlingRetrieval

/// The numbers of embeddings that were made elsewhere, as a table or as JSON.
struct EvalEmbeddingReport {
  private let counted: CountedPairs
  private let measure: EvalMeasureOptions
  private let language: String
  private let result: EmbeddingResult
  private var ambiguity: AmbiguityResult?

  /// `counted` must be complete. Throws `RetrievalFailure`.
  init(
    _ counted: CountedPairs, _ measure: EvalMeasureOptions, _ metrics: [Metric], language: String
  ) throws {
    (self.counted, self.measure) = (counted, measure)
    self.language = language
    result = try EmbeddingResult(
      counted.counts, gold: counted.gold, imageCount: counted.imageCount,
      plan: EmbeddingPlan(
        metrics: metrics, ties: measure.ties, resamples: measure.resamples, seed: measure.seed))
  }

  mutating func add(_ ambiguity: Ambiguity, _ pairs: EmbeddingPairs) throws {
    self.ambiguity = try result.ambiguity(ambiguity, in: pairs, ties: measure.ties)
  }

  private var measured: EvaluationProtocol {
    EvaluationProtocol(
      dataset: "given embeddings", datasetHash: counted.goldHash, ties: measure.ties.rawValue,
      captions: "as embedded", imagePreprocessing: "as embedded, \(counted.similarity.rawValue)",
      blasCore: "none", missingAllowed: counted.missingAllowed, resamples: measure.resamples,
      seed: measure.seed)
  }

  func print() throws {
    try measure.print(rows) { text }
  }

  private var rows: [ResultRow] {
    let measured = measured
    return (result.metrics + (ambiguity?.metrics ?? [])).map {
      ResultRow($0, language: language, measured: measured)
    }
  }

  private var text: String {
    let directions: [Direction] = [.textToImage, .imageToText]
    var table = [["metric"] + directions.flatMap { [$0.words, "chance"] }]
    let all = result.metrics + (ambiguity?.metrics ?? [])
    let names = all.filter { $0.direction == .textToImage }.map(\.name)
    for name in names {
      table.append(
        [name]
          + directions.flatMap { direction -> [String] in
            guard let found = all.first(where: { $0.name == name && $0.direction == direction })
            else { return ["-", ""] }
            return [
              Figures.estimate(found.estimate, isRate: found.isRate, chance: found.chance),
              ChanceText.figure(found.chance.map { (found.isRate ? 100 : 1) * $0 }),
            ]
          })
    }
    let rankings = [result.textToImage, result.imageToText]
    table.append(["n"] + rankings.flatMap { ["\($0.count)", ""] })
    table.append(["queries with ties"] + rankings.flatMap { ["\($0.tieCount)", ""] })
    var lines = [
      "\(language): \(counted.gold.queryCount) captions, \(counted.imageCount) pictures; protocol "
        + measured.hash.prefix(12),
      TextTable(table, leading: 1).text,
    ]
    if let sum = result.metrics.first(where: { $0.direction == nil }) {
      lines.append(
        "\(sum.name) \(Figures.estimate(sum.estimate, isRate: true, chance: sum.chance)), n "
          + "\(sum.estimate.n), chance \(ChanceText.figure(sum.chance.map { 100 * $0 }))")
    }
    var note = "Percent, or places for ranks [95 % interval]; \(measure.ties.words)."
    note +=
      "\n"
      + ChanceText.note(
        metrics: 1, marked: all.contains { $0.chance.map($0.estimate.covers) == true })
    let without = (
      counted.gold.queryCount - result.textToImage.count,
      counted.imageCount - result.imageToText.count
    )
    if without != (0, 0) {
      note +=
        "\nLeft out of the queries: \(without.0) captions, \(without.1) pictures without gold."
    }
    if let ambiguity {
      note +=
        "\nRepeated: \(ambiguity.repeatedCaptions) captions, \(ambiguity.repeatedPictures) pictures."
    }
    return lines.joined(separator: "\n") + "\n" + note
  }
}
