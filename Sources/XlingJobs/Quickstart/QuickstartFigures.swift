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
  private let options: QuickstartJob.Options
  private let dataset: Dataset
  private let summary: DatasetSummary
  private let results: [QuickstartResult]
  private let curves: [QuickstartReport.Curve]
  private let resamples: Resamples
  private let metric = Metric.recall(at: 10)

  init(
    _ options: QuickstartJob.Options, _ dataset: Dataset, _ summary: DatasetSummary,
    _ results: [QuickstartResult], curves: [QuickstartReport.Curve]
  ) {
    self.options = options
    self.dataset = dataset
    self.summary = summary
    self.results = results
    self.curves = curves
    resamples = Resamples(clusterCount: dataset.items(in: options.split).count, seed: 0)
  }

  private var plan: QuickstartPlan { options.plan }

  func report(seconds: Double) throws -> QuickstartReport {
    let evaluator = results[0].evaluator
    let examples = QuickstartExamples(plan, results)
    var report = QuickstartReport(
      title: title, summary: summary(evaluator), reference: plan.reference,
      languages: try languages(), headlineLanguages: plan.short,
      methods: results.map(method), plotted: plan.shown, results: try estimates(),
      pairedTests: try pairedTests(),
      overallTests: try overallTests(), splitResults: try splitResults(),
      curves: curves,
      examples: try examples.examples(),
      measured: evaluator.measured(),
      provenance: provenance(seconds))
    report.exampleRule = examples.rule.words
    if plan.kind == .real { report.repeats = try repeats() }
    return report
  }

  private var title: String {
    switch plan.kind {
    case .thorough: "Image search in thirty languages, aligned in one"
    case .usual: "Image search in thirteen languages, aligned in one"
    case .small: "A first try: image search in eight languages, aligned in one"
    case .real:
      "Image search in \(plan.languages.count) languages, real towers aligned in one"
    }
  }

  private func summary(_ evaluator: Evaluator) -> String {
    let pictures = evaluator.items.count
    let chance =
      "\(pictures) pictures are ranked for every caption, so that chance finds "
      + "\(String(format: "%.1f", 1000 / Double(pictures))) % within the first ten."
    switch plan.kind {
    case .usual, .thorough, .small:
      return """
        Two small pretrained towers, one for \(dataset.languages.count) languages and \
        one for pictures, were aligned on English captions only, by five methods. Each test scene \
        shows one to four emoji; its caption lists their names. \(chance)
        """ + (plan.note.map { " " + $0 } ?? "")
    case .real:
      return """
        multilingual-e5-small and a DINOv2-small were aligned on \
        \(dataset.coverage("en", .train).n) photographs and drawings with English sentences only, by \
        four kinds of heads on locked towers, and by training the whole text tower (lit). \(chance) \
        Languages are those that caption at least \(Clusters.fewest) of the test pictures. Some captions \
        stand under several pictures; what forgives that is called lenient below.
        """
    }
  }

  /// Recall where any picture with the caption's text, or the same picture, counts; English and the languages
  /// of the short table, by the first seed.
  private func repeats() throws -> [QuickstartReport.Repeats] {
    try (["en"] + plan.short).flatMap { language in
      try results.compactMap { result -> QuickstartReport.Repeats? in
        guard let found = try result.evaluator.ambiguity(language) else { return nil }
        func estimate(_ name: String) -> Estimate? {
          found.metrics.first {
            $0.direction == .textToImage && $0.name == "\(metric.name) \(name)"
          }?.estimate
        }
        guard let lenient = estimate("lenient"), let bound = estimate("upper bound") else {
          return nil
        }
        return .init(
          language: language, method: result.method, captions: found.repeatedCaptions,
          lenient: lenient, bound: bound)
      }
    }
  }

  private func languages() throws -> [QuickstartReport.Language] {
    let cards = try Languages.load()
    return plan.languages.map { code in
      let card = cards[code: code]
      return .init(
        code: code, name: card?.name ?? code, endonym: card?.nativeName,
        isPartial: results[0].languages[code]?[0].coverage.isPartial ?? false)
    }
  }

  private func method(_ result: QuickstartResult) -> QuickstartReport.Method {
    .init(
      id: result.method, label: result.method,
      trainableCount: result.records[0].trainedParameters,
      parameterCount: result.records[0].allParameters,
      seconds: result.records.reduce(0) { $0 + $1.seconds } / Double(result.records.count))
  }

  /// The queries of some languages in one direction, seed by seed.
  private func parts(
    _ result: QuickstartResult, _ languages: [String], _ direction: Direction = .textToImage
  ) throws -> [RankedQueries] {
    let count = result.evaluator.items.count
    return try languages.flatMap { language in
      try (result.languages[language] ?? []).map { seed in
        RankedQueries(
          seed[direction].ranking,
          clusters: try Clusters(numbered: seed[direction].pictures, count: count))
      }
    }
  }

  private func estimates() throws -> [QuickstartReport.Result] {
    try results.flatMap { result in
      try plan.languages.flatMap { language in
        try Direction.allCases.map { direction in
          let parts = try parts(result, [language], direction)
          return .init(
            method: result.method, language: language, direction: direction,
            estimate: try resamples.macroAverage(metric, of: parts),
            chance: metric.meanChance(parts.map(\.ranking)))
        }
      }
    }
  }

  private var reference: QuickstartResult? {
    results.first { $0.method == plan.reference }
  }

  /// Every method against full training, language by language; Holm over all of them.
  private func pairedTests() throws -> [QuickstartReport.PairedTest] {
    guard let reference else { return [] }
    let pairs = try results.filter { $0.method != reference.method }.flatMap { result in
      try plan.languages.flatMap { language in
        try Direction.allCases.map { direction in
          AskedPair(
            method: result.method, language: language, direction: direction,
            own: try parts(result, [language], direction),
            reference: try parts(reference, [language], direction))
        }
      }
    }
    let comparisons = try concurrently(pairs) { [metric, resamples] pair in
      try Comparison(
        macro: metric, of: pair.own, minus: pair.reference, resamples: resamples,
        flips: Comparison.flips(family: pairs.count), seed: 0)
    }
    // What was not tested is no member of the family.
    var adjusted = Holm.adjusted(comparisons.compactMap(\.pValue))[...]
    return zip(pairs, comparisons).map { pair, comparison in
      let p = comparison.pValue == nil ? nil : adjusted.popFirst()
      return .init(
        first: pair.method, second: reference.method, language: pair.language,
        direction: pair.direction, comparison: comparison, adjustedP: p)
    }
  }

  /// The same queries, asked of two methods.
  private struct AskedPair: Sendable {
    let method: String
    let language: String
    let direction: Direction
    let own: [RankedQueries]
    let reference: [RankedQueries]
  }

  /// Text to image, mean over all languages but English.
  private func overallTests() throws -> [QuickstartReport.OverallTest] {
    guard let reference else { return [] }
    let baseline = try parts(reference, plan.others)
    let mean = try resamples.macroAverage(metric, of: baseline)
    return try results.filter { $0.method != reference.method }.map { result in
      let own = try parts(result, plan.others)
      return .init(
        first: result.method, second: reference.method,
        firstMean: try resamples.macroAverage(metric, of: own), secondMean: mean,
        comparison: try Comparison(
          macro: metric, of: own, minus: baseline, resamples: resamples, seed: 0),
        languageCount: plan.others.count)
    }
  }

  /// Scenes with and without words that pretraining never saw translated; the seven languages.
  private func splitResults() throws -> [QuickstartReport.SplitResult] {
    let items = results[0].evaluator.items
    guard items.contains(where: \.isHeldOut) else { return [] }
    let subsets: [(String, Bool)] = [
      ("with held-out words", true), ("without held-out words", false),
    ]
    return try subsets.flatMap { name, heldOut in
      try results.compactMap { result in
        let kept = try parts(result, plan.short).compactMap {
          part -> RankedQueries? in
          let pictures = part.clusters.ofQuery
          let chosen = pictures.indices.filter { items[Int(pictures[$0])].isHeldOut == heldOut }
          guard !chosen.isEmpty else { return nil }
          return RankedQueries(
            part.ranking.subset(chosen),
            clusters: try Clusters(numbered: chosen.map { pictures[$0] }, count: items.count))
        }
        guard !kept.isEmpty else { return nil }
        return .init(
          subset: name, method: result.method, direction: .textToImage,
          estimate: try resamples.macroAverage(metric, of: kept),
          chance: metric.meanChance(kept.map(\.ranking)))
      }
    }
  }

  /// "80, batches of 64", and what differs from the first method's.
  private var steps: String {
    let all = results.map { result in
      let configuration = result.records[0].identity.configuration
      return "\(configuration.steps), batches of \(configuration.batchSize)"
    }
    let others = zip(results, all).dropFirst().filter { $1 != all[0] }.map {
      "\($0.method) \($1)"
    }
    return ([all[0]] + others).joined(separator: "; ")
  }

  private func provenance(_ seconds: Double) -> [(name: String, value: String)] {
    let record = results[0].records[0]
    return [
      (
        "towers",
        [record.identity.text, record.identity.image].map { tower in
          "\(PathParts.name(of: tower.folder)) \(tower.weightsHash.prefix(12))"
        }.joined(separator: ", ")
      ),
      ("seeds", options.seeds.map(String.init).joined(separator: ", ")),
      ("steps", steps),
      (
        "learning rates",
        results.compactMap { result in
          result.records.first.map {
            "\(result.method) \($0.identity.configuration.peakRate)"
          }
        }.joined(separator: ", ")
      ),
      (
        "data",
        [
          summary.cldr.map { "CLDR \($0)" },
          summary.font.map { "font \($0.prefix(12))" },
          plan.kind == .real ? "stamps \(dataset.contentHash.prefix(14))" : nil,
        ].compactMap { $0 }.joined(separator: ", ")
      ),
      ("BLAS core", record.kernelsText),
      ("whole run", ProgressBar.duration(seconds)),
    ]
  }
}
