import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingLanguages
import XlingReports
import XlingRetrieval

/// From ranks to the figures of the report.
struct QuickstartFigures {
  private let quickstart: Quickstart
  private let results: [Quickstart.MethodResult]
  private let resamples: Resamples
  private let metric = Metric.recall(at: 10)
  private let others = QuickstartPlan.headline + QuickstartPlan.further

  init(_ quickstart: Quickstart, _ results: [Quickstart.MethodResult]) {
    self.quickstart = quickstart
    self.results = results
    resamples = Resamples(
      clusterCount: quickstart.dataset.items(in: quickstart.split).count, seed: 0)
  }

  func report(seconds: Double) throws -> QuickstartReport {
    let evaluator = results[0].evaluator
    return QuickstartReport(
      title: "Image search in thirty languages, aligned in one",
      summary: """
        Two small pretrained towers, one for \(quickstart.dataset.languages.count) languages and \
        one for pictures, were aligned on English captions only, by five methods. Each test scene \
        shows one to four emoji; its caption lists their names. \
        \(evaluator.items.count) pictures are ranked for every caption, so that chance finds \
        \(String(format: "%.1f", 1000 / Double(evaluator.items.count))) % within the first ten.
        """,
      reference: QuickstartPlan.reference, languages: try languages(),
      headlineLanguages: QuickstartPlan.headline,
      methods: results.map(method), results: try estimates(), pairedTests: try pairedTests(),
      overallTests: try overallTests(), splitResults: try splitResults(),
      examples: try QuickstartExamples(quickstart, results).examples(),
      measured: evaluator.measured(),
      provenance: provenance(seconds))
  }

  private func languages() throws -> [QuickstartReport.Language] {
    let cards = try Languages.load()
    return QuickstartPlan.languages.map { code in
      let card = cards[code: code]
      return .init(
        code: code, name: card?.name ?? code, endonym: card?.nativeName,
        isPartial: results[0].languages[code]?.coverage.isPartial ?? false)
    }
  }

  private func method(_ result: Quickstart.MethodResult) -> QuickstartReport.Method {
    .init(
      id: result.method, label: result.method, trainableCount: result.record.trainedParameters,
      parameterCount: result.record.allParameters, seconds: result.record.seconds)
  }

  private func estimates() throws -> [QuickstartReport.Result] {
    try results.flatMap { result in
      try QuickstartPlan.languages.flatMap { language in
        try Direction.allCases.compactMap { direction in
          guard let queries = result.languages[language]?[direction] else { return nil }
          return .init(
            method: result.method, language: language, direction: direction,
            estimate: try result.evaluator.estimate(metric, queries))
        }
      }
    }
  }

  private var reference: Quickstart.MethodResult? {
    results.first { $0.method == QuickstartPlan.reference }
  }

  /// Every method against full training, language by language; Holm over all of them.
  private func pairedTests() throws -> [QuickstartReport.PairedTest] {
    guard let reference else { return [] }
    var tests: [(String, String, Direction, Comparison)] = []
    for result in results where result.method != reference.method {
      for language in QuickstartPlan.languages {
        for direction in Direction.allCases {
          guard let one = result.languages[language]?[direction],
            let other = reference.languages[language]?[direction]
          else { continue }
          let comparison = try Comparison(
            metric, of: one.ranking, minus: other.ranking,
            clusters: try Clusters(
              numbered: one.pictures, count: result.evaluator.items.count),
            resamples: resamples, seed: 0)
          tests.append((result.method, language, direction, comparison))
        }
      }
    }
    let adjusted = Holm.adjusted(tests.map(\.3.pValue))
    return zip(tests, adjusted).map { test, p in
      .init(
        first: test.0, second: reference.method, language: test.1, direction: test.2,
        comparison: test.3, adjustedP: p)
    }
  }

  private func parts(
    _ result: Quickstart.MethodResult, _ languages: [String]
  ) throws -> [RankedQueries] {
    try languages.compactMap { language in
      guard let queries = result.languages[language]?.textToImage else { return nil }
      return RankedQueries(
        queries.ranking,
        clusters: try Clusters(numbered: queries.pictures, count: result.evaluator.items.count))
    }
  }

  /// Text to image, mean over all languages but English.
  private func overallTests() throws -> [QuickstartReport.OverallTest] {
    guard let reference else { return [] }
    let baseline = try parts(reference, others)
    let mean = try resamples.macroAverage(metric, of: baseline)
    return try results.filter { $0.method != reference.method }.map { result in
      let own = try parts(result, others)
      return .init(
        first: result.method, second: reference.method,
        firstMean: try resamples.macroAverage(metric, of: own), secondMean: mean,
        comparison: try Comparison(
          macro: metric, of: own, minus: baseline, resamples: resamples, seed: 0),
        languageCount: own.count)
    }
  }

  /// Scenes with and without words that pretraining never saw translated; the seven languages.
  private func splitResults() throws -> [QuickstartReport.SplitResult] {
    let items = results[0].evaluator.items
    let subsets: [(String, Bool)] = [
      ("with held-out words", true), ("without held-out words", false),
    ]
    return try subsets.flatMap { name, heldOut in
      try results.compactMap { result in
        let parts = try QuickstartPlan.headline.compactMap { language -> RankedQueries? in
          guard let queries = result.languages[language]?.textToImage else { return nil }
          let kept = queries.pictures.indices.filter {
            items[Int(queries.pictures[$0])].isHeldOut == heldOut
          }
          guard !kept.isEmpty else { return nil }
          return RankedQueries(
            queries.ranking.subset(kept),
            clusters: try Clusters(
              numbered: kept.map { queries.pictures[$0] }, count: items.count))
        }
        guard !parts.isEmpty else { return nil }
        return .init(
          subset: name, method: result.method, direction: .textToImage,
          estimate: try resamples.macroAverage(metric, of: parts))
      }
    }
  }

  private func provenance(_ seconds: Double) -> [(name: String, value: String)] {
    let record = results[0].record
    return [
      (
        "towers",
        "mini-text \(record.identity.text.weightsHash.prefix(12)), mini-image "
          + "\(record.identity.image.weightsHash.prefix(12))"
      ),
      ("seed", "\(quickstart.seed)"),
      ("steps", "\(quickstart.steps), batches of \(record.identity.configuration.batchSize)"),
      (
        "learning rates",
        QuickstartPlan.methods.map {
          "\($0) \(QuickstartPlan.rates[$0] ?? 0)"
        }.joined(separator: ", ")
      ),
      ("data", "CLDR \(quickstart.summary.cldr), font \(quickstart.summary.font.prefix(12))"),
      ("BLAS core", record.blasCore),
      ("whole run", ProgressBar.duration(seconds)),
    ]
  }
}
