import XlingCore
import XlingCoverage
import XlingData
import XlingExperiments
import XlingLanguages
import XlingReports
import XlingRetrieval

/// From a coverage to its page: names of languages, and what a store knows of runs that read by the same
/// tokenizers.
public struct CoverageReportJob {
  public let result: CoverageResult
  /// Columns of the heat map.
  public let metrics: [CoverageMetric]
  /// Nil: there is none.
  public let store: ExperimentStore?
  /// The dataset that was measured, where it was one.
  public let data: DataSource?

  /// Where no metric is named.
  public static let usual = [
    "fertility_ws", "fertility_icu_isolated", "continued_words_icu", "strr_types_icu_known",
    "premium",
    "premium_unk_adjusted", "unk_words", "char_coverage", "byte_tokens", "renyi_efficiency_2_5",
    "jsd_english", "truncated_77", "changed_lines", "not_decoded_back",
  ]
  /// Of each language and tokenizer.
  private static let words = 8

  public init(
    _ result: CoverageResult, metrics: [CoverageMetric], store: ExperimentStore?, data: DataSource?
  ) {
    self.result = result
    self.metrics = metrics
    self.store = store
    self.data = data
  }

  /// Throws `ExperimentFailure`, `LanguageFailure`, `UnicodeFailure`.
  public func report() throws -> CoverageReport {
    let cards = try Languages.load()
    var seen: Set<String> = []
    let codes = result.rows.map(\.language).filter { seen.insert($0).inserted }
    var recalls: [String: CoverageRecall] = [:]
    for vocabulary in result.vocabularies {
      recalls[vocabulary.tokenizer] = try store.flatMap {
        try CoverageRecall(
          tokenizerHash: vocabulary.contentHash, named: vocabulary.tokenizer, in: $0)
      }
    }
    var notes: Set<String> = []
    let places = try places(recalls, &notes)
    var report = CoverageReport(
      languages: codes.map { Self.language($0, cards[code: $0]) },
      tokenizers: result.vocabularies.map(\.tokenizer), metrics: metrics.map(Self.metric),
      rows: result.rows.map { row($0, places) },
      vocabularies: result.vocabularies.map { vocabulary in
        .init(
          tokenizer: vocabulary.tokenizer, hash: vocabulary.contentHash, size: vocabulary.size,
          scripts: vocabulary.scripts.map { ($0.script, $0.name, $0.pieces) },
          mixed: vocabulary.mixed)
      })
    report.spreads = result.spreads.map {
      .init(
        tokenizer: $0.tokenizer, languages: $0.languages.count, gini: $0.gini,
        giniUnknownAdjusted: $0.giniUnknownAdjusted)
    }
    report.differences = result.differences.map {
      .init(
        tokenizer: $0.tokenizer, against: $0.against, language: $0.language,
        figures: Self.figures($0.figures))
    }
    report.recalls = result.vocabularies.compactMap { vocabulary in
      recalls[vocabulary.tokenizer].map { Self.recall($0, vocabulary.tokenizer) }
    }
    report.recallNotes = recallNotes(recalls, codes)
    report.wordNotes = notes.sorted()
    report.provenance = [("xling", Version.current)]
    return report
  }

  private static func language(_ code: String, _ card: Language?) -> CoverageReport.Language {
    .init(
      code: code, name: card?.name ?? code, nativeName: card?.nativeName,
      isRightToLeft: card?.direction == .rightToLeft)
  }

  private static func metric(_ metric: CoverageMetric) -> CoverageReport.Metric {
    let unit: CoverageReport.Metric.Unit =
      switch metric.unit {
      case .ratio: .ratio
      case .share: .share
      case .percent: .percent
      case .nats: .nats
      case .bits: .bits
      case .count: .count
      }
    let better: CoverageReport.Metric.Better =
      switch metric.better {
      case .low: .low
      case .high: .high
      case .neither: .neither
      }
    return .init(
      name: metric.name, title: metric.title, formula: metric.formula, citation: metric.citation,
      unit: unit, better: better)
  }

  private static func figures(
    _ figures: [CoverageRow.Figure]
  ) -> [String: CoverageReport.Figure] {
    Dictionary(figures.map { ($0.metric, .init($0.value, low: $0.low, high: $0.high)) }) { $1 }
  }

  private func row(_ row: CoverageRow, _ places: [Key: WordPlaces]) -> CoverageReport.Row {
    let own = places[Key(tokenizer: row.tokenizer, language: row.language)]
    return .init(
      tokenizer: row.tokenizer, language: row.language, text: row.text, lines: row.lines,
      figures: Self.figures(row.figures),
      worst: row.worst.prefix(Self.words).map {
        .init(
          text: $0.word, occurrences: $0.occurrences, pieces: $0.pieces, unknown: $0.unknownPieces,
          place: own?[$0.word])
      }, captionPlace: own?.all)
  }

  private static func recall(
    _ recall: CoverageRecall, _ tokenizer: String
  ) -> CoverageReport.Recall {
    .init(
      tokenizer: tokenizer, run: recall.run, dataset: recall.measured.dataset,
      split: recall.measured.split, metric: CoverageRecall.metric,
      estimates: recall.evaluations.compactMapValues { $0.metrics[CoverageRecall.metric] },
      chance: recall.evaluations.values.first.flatMap { evaluation in
        Metric.standard.first { $0.name == CoverageRecall.metric }?.chance(evaluation.ranking)
      })
  }

  /// What is missing, and what makes it.
  private func recallNotes(_ recalls: [String: CoverageRecall], _ codes: [String]) -> [String] {
    guard let store else {
      return [
        "There is no store of runs here. xling align trains one, xling eval RUN --lang all measures it, and "
          + "--store FILE names a store elsewhere."
      ]
    }
    return result.vocabularies.compactMap { vocabulary in
      let name = vocabulary.tokenizer
      guard let recall = recalls[name] else {
        return
          "\(store.path) has no finished run that reads by \(name) and was evaluated: xling align with a "
          + "text tower of this tokenizer, then xling eval RUN --lang all."
      }
      let missing = codes.filter { recall.evaluations[$0] == nil }
      guard !missing.isEmpty else { return nil }
      return
        "\(recall.run) (\(name)) was not evaluated in \(missing.count) of \(codes.count) languages: "
        + "\(MessageList.of(missing)). xling eval \(recall.run) --lang … measures those that "
        + "\(recall.measured.dataset) has."
    }
  }
}

extension CoverageReportJob {
  struct Key: Hashable {
    let tokenizer: String
    let language: String
  }

  /// Ranks of captions, where the dataset that a run was evaluated on is at hand.
  private func places(
    _ recalls: [String: CoverageRecall], _ notes: inout Set<String>
  ) throws -> [Key: WordPlaces] {
    var places: [Key: WordPlaces] = [:]
    var datasets: [String: Dataset] = [:]
    for vocabulary in result.vocabularies {
      guard let recall = recalls[vocabulary.tokenizer] else {
        notes.insert(
          "No run is known that reads by \(vocabulary.tokenizer): where its words stand in the ranks of "
            + "pictures is left out.")
        continue
      }
      let name = recall.measured.dataset
      datasets[name] = datasets[name] ?? dataset(of: recall)
      guard let dataset = datasets[name] else {
        notes.insert(
          "\(name), on which \(recall.run) was evaluated, is not at hand as it was: places in the ranks of "
            + "pictures are left out. --data names a dataset that lies elsewhere.")
        continue
      }
      for row in result.rows where row.tokenizer == vocabulary.tokenizer {
        guard let evaluation = recall.evaluations[row.language],
          dataset.languages.contains(row.language)
        else { continue }
        places[Key(tokenizer: row.tokenizer, language: row.language)] = try WordPlaces(
          evaluation, in: dataset, words: row.worst.prefix(Self.words).map(\.word))
      }
    }
    return places
  }

  /// Only the very data that was measured: those named, the run's own, or what their name leads to.
  private func dataset(of recall: CoverageRecall) -> Dataset? {
    let own = try? OwnData.source(ofRun: recall.folder)
    for source in [data, own, DataSource(recall.measured.dataset)].compactMap({ $0 }) {
      if let dataset = try? source.load().dataset,
        dataset.contentHash == recall.measured.datasetHash
      {
        return dataset
      }
    }
    return nil
  }
}
