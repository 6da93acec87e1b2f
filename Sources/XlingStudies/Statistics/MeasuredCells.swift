import XlingCore
import XlingRetrieval

/// The cells of a study that are finished, by condition, with what each adds by language, direction and metric. Of
/// classifiers a test stands in the place of a language, and there is one direction.
struct MeasuredCells {
  struct Part: Hashable {
    let language: String
    let direction: String
    let metric: String
  }

  struct Condition {
    let factors: [String: String]
    /// By seed; diverged ones too.
    let cells: [UInt64: StudyTables.Cell]

    /// Over which its figures are.
    var seeds: [UInt64] { cells.keys.sorted() }

    /// At which something was trained.
    var rates: Set<Double> {
      Set(cells.values.compactMap(\.result).filter { $0.trained > 0 }.map(\.rate))
    }
  }

  let tables: StudyTables
  /// In the order of the grid.
  let conditions: [Condition]
  let missing: [Condition]
  /// Finished in any of ``conditions``.
  let seeds: [UInt64]
  let languages: [String]
  /// How many pictures figures are of, whichever there are.
  let pictureCounts: Set<Int>
  private let captions: Scores
  private let translations: Scores
  /// Languages that are measured by translations, too.
  var translated: [String] { translations.languages }

  /// What some scores of cells add, by picture.
  private struct Scores {
    /// Counts by part, and chance: the same for all cells.
    var shared: [Part: (counts: [Double], chance: Double?)] = [:]
    /// By cell.
    var sums: [String: [Part: [Double]]] = [:]
    var languages: [String] = []

    init(_ scores: [String: [CellScore]], of cells: [StudyTables.Cell]) {
      for cell in cells {
        for score in scores[cell.hash] ?? [] {
          let part = Part(
            language: score.language, direction: score.direction, metric: score.metric)
          if shared[part] == nil {
            shared[part] = (score.counts, score.chance)
            if !languages.contains(score.language) { languages.append(score.language) }
          }
          sums[cell.hash, default: [:]][part] = score.sums
        }
      }
    }
  }

  init(_ tables: StudyTables) {
    self.tables = tables
    var order: [[String: String]] = []
    var cells: [[String: String]: [UInt64: StudyTables.Cell]] = [:]
    for cell in tables.cells {
      if cells[cell.factors] == nil { order.append(cell.factors) }
      cells[cell.factors, default: [:]][cell.seed] = cell
    }
    let axes = tables.design.axes
    func places(_ factors: [String: String]) -> [Int] {
      axes.map { axis in axis.values.firstIndex(of: factors[axis.name] ?? "") ?? axis.values.count }
    }
    order.sort { places($0).lexicographicallyPrecedes(places($1)) }
    let all = order.map { factors in
      Condition(
        factors: factors,
        cells: (cells[factors] ?? [:]).filter {
          $0.value.state == .done || $0.value.state == .diverged
        })
    }
    conditions = all.filter { !$0.cells.isEmpty }
    missing = all.filter { $0.cells.isEmpty }
    seeds = Set(conditions.flatMap(\.cells.keys)).sorted()
    captions = Scores(
      tables.design.classifiers == nil ? tables.scores : Self.scores(tables.accuracies),
      of: tables.cells)
    translations = Scores(tables.translated, of: tables.cells)
    languages = captions.languages
    pictureCounts = Set(
      captions.shared.values.map(\.counts.count) + translations.shared.values.map(\.counts.count))
  }

  private static func scores(_ accuracies: [String: [ClassScore]]) -> [String: [CellScore]] {
    accuracies.mapValues { scores in
      scores.map { score in
        CellScore(
          language: score.test.name, direction: "", metric: score.metric, value: score.value,
          n: score.hits.count, chance: score.chance, sums: score.hits,
          counts: score.hits.map { _ in 1 })
      }
    }
  }

  /// The pictures that a language's figures are of.
  func pictures(_ languages: [String]) -> Int {
    captions.shared.filter { languages.contains($0.key.language) }.map(\.value.counts.count).max()
      ?? 0
  }

  /// Languages that a finished cell was aligned on.
  var aligned: [String] {
    var found: [String] = []
    for cell in tables.cells {
      if let code = cell.result?.aligned, !code.isEmpty, !found.contains(code) {
        found.append(code)
      }
    }
    return found
  }

  /// Languages of which a finished cell saw captions besides.
  var fewShot: [String] {
    let words = tables.cells.compactMap { $0.result?.fewShot }
    return Set(words.flatMap { $0.split(separator: " ").map(String.init) }).sorted()
  }

  /// Both directions of a language, over the condition's own seeds. A diverged cell counts at chance level; nil
  /// where the language is not measured so. Throws `RetrievalFailure`.
  func figure(
    _ condition: Condition, _ language: String, _ metric: String, _ bootstraps: PictureBootstraps
  ) throws -> CrossedFigure? {
    try figure(condition, language, metric, bootstraps, captions)
  }

  /// The same of translations in the place of the captions; nil also where a finished cell was not measured so.
  func translatedFigure(
    _ condition: Condition, _ language: String, _ metric: String, _ bootstraps: PictureBootstraps
  ) throws -> CrossedFigure? {
    let done = condition.cells.values.filter { $0.state == .done }
    let isWhole = done.allSatisfy { cell in
      translations.sums[cell.hash]?.keys.contains { $0.language == language } == true
    }
    guard isWhole, !done.isEmpty else { return nil }
    return try figure(condition, language, metric, bootstraps, translations)
  }

  private func figure(
    _ condition: Condition, _ language: String, _ metric: String, _ bootstraps: PictureBootstraps,
    _ scores: Scores
  ) throws -> CrossedFigure? {
    let parts = scores.shared.keys.filter { $0.language == language && $0.metric == metric }
      .sorted { $0.direction < $1.direction }
    return CrossedFigure.mean(
      try parts.compactMap { part in
        guard let known = scores.shared[part], known.counts.contains(where: { $0 > 0 }) else {
          return nil
        }
        let seeds = condition.seeds
        let rows = seeds.map { seed -> [Double] in
          if let cell = condition.cells[seed], cell.state == .done,
            let own = scores.sums[cell.hash]?[part]
          {
            return own
          }
          return known.counts.map { $0 * (known.chance ?? 0) }
        }
        return try bootstraps.of(known.counts.count, seeds: seeds.count)
          .figure(sums: rows, counts: known.counts)
      })
  }
}
