import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// Throws ``StudyFailure/nothingDone(path:)`` where no cell is finished; `RetrievalFailure`.
  public init(
    _ tables: StudyTables, path: String, draws: Int = CrossedBootstrap.usualDraws
  ) throws {
    let measured = MeasuredCells(tables)
    guard !measured.seeds.isEmpty, !measured.pictureCounts.isEmpty else {
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
    made = tables.made
    seeds = measured.seeds
    plannedSeeds = design.seeds.count
    pictures = measured.pictures(analysis.over)
    metric = analysis.comparison.metric
    over = Self.words(analysis.comparison.over, analysis.over, measured)
    let isOfClasses = design.classifiers != nil
    languages = isOfClasses ? [] : analysis.over
    aligned = measured.aligned
    fewShot = measured.fewShot
    axis = analysis.comparison.axis
    baseline = analysis.comparison.baseline
    conditions = try measured.conditions.indices.map { try analysis.condition($0) }
    missing = measured.missing.map { design.label($0.factors) }
    comparisons = analysis.comparisons()
    turns = StudyFigures.turns(
      comparisons, along: StudyFigures.numericAxis(comparisons.map(\.factors)))
    alike = analysis.alike()
    explored = analysis.explored()
    map = isOfClasses ? [] : analysis.map()
    tests = isOfClasses ? analysis.map().map(TestCell.init) : []
    regressions = try analysis.regressions()
    distances = try analysis.distanceRegressions()
    donors = analysis.donors()
    translated = try analysis.translated()
    thresholds = isOfClasses ? [] : StudyAnalysis.thresholds
    self.draws = draws
    cannotTell =
      StudyLimits(
        design: design, measured: measured, comparisons: comparisons, alike: alike,
        diverged: states[CellState.diverged.rawValue] ?? 0, missing: missing,
        unpaired: analysis.unpaired(), over: over
      ).sentences
  }

  private static func words(
    _ given: [String], _ over: [String], _ measured: MeasuredCells
  ) -> String {
    if measured.tables.design.classifiers != nil { return ClassTest(name: over[0]).words }
    let untaught =
      given == [StudyDesign.Comparison.untaught] && over.count < measured.languages.count
    let count = over.count == 1 ? "1 language" : "\(over.count) languages"
    let shown = measured.fewShot.isEmpty ? "" : " or shown"
    if given.count == 1, over == given { return given[0] }
    return untaught ? "\(count) not aligned on\(shown)" : given == ["all"] ? "all \(count)" : count
  }
}
