import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// Throws ``StudyFailure/nothingDone(path:)`` where no seed is finished in all conditions that were begun;
  /// `RetrievalFailure`.
  public init(
    _ tables: StudyTables, path: String, draws: Int = CrossedBootstrap.usualDraws
  ) throws {
    let measured = MeasuredCells(tables)
    guard !measured.seeds.isEmpty, measured.pictures > 0 else {
      throw StudyFailure.nothingDone(path: path)
    }
    let analysis = try StudyAnalysis(measured, draws: draws)
    let design = tables.design
    name = design.name
    question = design.question
    decides = design.decides
    isSmall = design.isSmall
    data = design.measure.data
    split = design.measure.split
    states = Dictionary(grouping: tables.cells, by: \.state.rawValue).mapValues(\.count)
    cells = tables.cells.count
    tries = tables.tries.count
    seeds = measured.seeds
    plannedSeeds = design.seeds.count
    pictures = measured.pictures
    metric = analysis.comparison.metric
    over = Self.words(analysis.comparison.over, analysis.over, measured)
    languages = analysis.over
    aligned = measured.aligned
    fewShot = measured.fewShot
    baseline = analysis.comparison.baseline
    conditions = try measured.conditions.indices.map { try analysis.condition($0) }
    missing = measured.missing.map { design.label($0.factors) }
    comparisons = analysis.comparisons()
    turns = StudyFigures.turns(comparisons, along: StudyFigures.numericAxis(conditions))
    alike = analysis.alike()
    map = analysis.map()
    regressions = try analysis.regressions()
    distances = try analysis.distanceRegressions()
    donors = analysis.donors()
    translated = try analysis.translated()
    thresholds = StudyAnalysis.thresholds
    self.draws = draws
    cannotTell =
      StudyLimits(
        design: design, measured: measured, comparisons: comparisons, alike: alike,
        diverged: states[CellState.diverged.rawValue] ?? 0, missing: missing, over: over
      ).sentences
  }

  private static func words(
    _ given: [String], _ over: [String], _ measured: MeasuredCells
  ) -> String {
    let untaught =
      given == [StudyDesign.Comparison.untaught] && over.count < measured.languages.count
    let count = over.count == 1 ? "1 language" : "\(over.count) languages"
    let shown = measured.fewShot.isEmpty ? "" : " or shown"
    if given.count == 1, over == given { return given[0] }
    return untaught ? "\(count) not aligned on\(shown)" : given == ["all"] ? "all \(count)" : count
  }
}

/// What a study cannot tell, from its own numbers.
struct StudyLimits {
  let design: StudyDesign
  let measured: MeasuredCells
  let comparisons: [StudyFigures.Comparison]
  let alike: [StudyFigures.Alike]
  let diverged: Int
  let missing: [String]
  let over: String

  var sentences: [String] {
    [small, unfinished, spreads, differences, apart, languages, equal, families].compactMap { $0 }
  }

  private func points(_ value: Double) -> String {
    let tenths = Int((1_000 * value).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private var small: String? {
    design.isSmall
      ? "This is the small form: little data and few steps, to see that everything works here. Which is better, "
        + "only the whole study can say." : nil
  }

  private var unfinished: String? {
    let (have, want) = (measured.seeds.count, design.seeds.count)
    var parts: [String] = []
    if have < want {
      parts.append(
        "\(have) of \(want) seeds are finished in every condition, and figures are over these")
    }
    if !missing.isEmpty {
      parts.append("without a finished cell, and so left out: \(MessageList.of(missing))")
    }
    return parts.isEmpty ? nil : "The study is not whole: " + parts.joined(separator: "; ") + "."
  }

  private var spreads: String? {
    switch measured.seeds.count {
    case 1:
      "One seed says nothing about others: intervals are over pictures alone, and another seed may turn any "
        + "difference around."
    case 2...4:
      "With \(measured.seeds.count) seeds their spread is itself hardly known: intervals of 95 % held "
        + (measured.seeds.count == 2 ? "87 to 96" : "92 to 96")
        + " % in simulations. Five are the usual number."
    default: nil
    }
  }

  private var differences: String? {
    let known = comparisons.compactMap(\.detectable)
    guard let least = known.min(), let most = known.max() else {
      return comparisons.isEmpty
        ? nil
        : "Nothing is tested: fewer than \(Clusters.fewest) independent pictures lie behind these figures."
    }
    let range =
      points(least) == points(most) ? points(least) : "\(points(least)) to \(points(most))"
    return
      "True differences below \(range) points are missed more than one time in five, at 5 % and before the "
      + "correction for \(comparisons.count) comparisons."
  }

  private var apart: String? {
    guard !alike.isEmpty else { return nil }
    let sets = alike.map { set in
      set.labels.joined(separator: ", ") + (set.context.isEmpty ? "" : " (\(set.context))")
    }
    return "Not told apart, all pairs at once: " + sets.joined(separator: "; ") + "."
  }

  private var languages: String? {
    "Languages are those measured, not drawn from others: nothing follows for languages beyond these "
      + "\(measured.languages.count)."
  }

  private var equal: String? {
    comparisons.contains { !$0.isFound }
      ? "A difference that was not found is not equality: that would need an interval within a stated margin."
      : nil
  }

  private var families: String? {
    "Everything but the primary comparison is exploratory: maps, worst languages and profiles raise questions "
      + "and settle none."
  }
}
