import Foundation
import Testing
import XlingCore
import XlingRetrieval
import XlingTestSupport

@testable import XlingStudies

@Suite("a study's figures, from its tables alone")
struct StudyReportTests {
  /// projection and lwa at ten pairs, lwa at twenty: lwa finds more.
  private func tables(
    diverged: Int = 0, unfinished: Int = 0
  ) throws -> StudyTables {
    let plan = try Samples.plan()
    var scores: [String: [CellScore]] = [:]
    let cells = plan.cells.enumerated().map { place, cell -> StudyTables.Cell in
      let isDiverged = place < diverged
      let state: CellState = isDiverged ? .diverged : place >= 9 - unfinished ? .planned : .done
      if state == .done {
        let rate = cell.factors["method"] == "lwa" ? 0.8 : 0.3
        scores[cell.hash] = Samples.scores(rate: rate, seed: place)
      }
      return StudyTables.Cell(
        hash: cell.hash, kind: .cell, group: cell.group, factors: cell.factors, seed: cell.seed,
        rate: nil, state: state, attempts: state == .planned ? 0 : 1,
        error: isDiverged ? "it \"diverged\", at once" : nil,
        result: state == .planned ? nil : result(cell), store: "study.sqlite")
    }
    return StudyTables(design: plan.design, cells: cells, tries: [], scores: scores)
  }

  private func result(_ cell: StudyCell) -> CellResult {
    var result = Samples.result
    if cell.factors["method"] == "lwa" { result.trained = 30 }
    return result
  }

  @Test func theTablesComeBackAndSayTheSame() throws {
    let folder = try TemporaryFolder()
    let tables = try tables(diverged: 1, unfinished: 1)
    try tables.write(to: folder.path)
    let read = try StudyTables(reading: folder.path)
    #expect(read == tables)
    #expect(
      try StudyFigures(read, path: "a", draws: 200) == StudyFigures(tables, path: "a", draws: 200))
    let lines = String(decoding: try AtomicFile.read(folder.path + "/cells.csv"), as: UTF8.self)
      .split(separator: "\n")
    #expect(
      lines.first
        == "cell,method,pairs,seed,lr,status,tries,steps,seconds,peak_mb,trained,store,parameters,training_pairs,aligned,attempts,group,blas_core,checkpoint,run,error"
    )
  }

  /// lwa finds less than projection with few pairs and more with many.
  @Test func whereItTurnsIsToldAlongNumbers() throws {
    let text = Samples.text.replacing("pairs = [10, 20]", with: "pairs = [10, 20, 30]")
      .replacing("[[skip]]\nwhen = { method = \"projection\", pairs = 20 }\n", with: "")
    let plan = try Samples.plan(text)
    var scores: [String: [CellScore]] = [:]
    let cells = plan.cells.enumerated().map { place, cell -> StudyTables.Cell in
      let pairs = cell.factors["pairs"] ?? ""
      let rates = ["10": 0.1, "20": 0.5, "30": 0.9]
      let rate = cell.factors["method"] == "lwa" ? rates[pairs] ?? 0 : 0.5
      // The same draws for both methods where their rates are equal.
      scores[cell.hash] = Samples.scores(rate: rate, seed: Int(cell.seed), pictures: 200)
      return StudyTables.Cell(
        hash: cell.hash, kind: .cell, group: cell.group, factors: cell.factors, seed: cell.seed,
        rate: nil, state: .done, attempts: 1, error: nil, result: Samples.result,
        store: "study.sqlite")
    }
    let figures = try StudyFigures(
      StudyTables(design: plan.design, cells: cells, tries: [], scores: scores), path: "a",
      draws: 200)
    #expect(
      figures.turns == [
        .init(first: "lwa", context: "", axis: "pairs", better: [30], worse: [10], neither: [20])
      ])
    let sentence =
      "lwa: better than projection first at pairs 30, worse than projection first at pairs 10; not told "
      + "apart at 20."
    #expect(figures.markdown.contains("## Where it turns\n\n- \(sentence)"))
    #expect(figures.html().contains(sentence))
  }

  /// What was chosen for being the last of a row says that the row was too short.
  @Test(
    arguments: [
      (["0.001", "0.01", "0.1"], nil),
      (["0.001", "0.01"], "the highest rate tried, 0.01, was chosen for lwa, pairs 20"),
      (["0.01", "0.1"], "the lowest rate tried, 0.01, was chosen for lwa, pairs 20"),
    ] as [([String], String?)])
  func ratesAtTheEdgeOfTheTriesAreTold(_ tries: [String], _ words: String?) throws {
    let choice = "\n[learning_rate]\ntries = [\(tries.joined(separator: ", "))]\n"
    let plan = try Samples.plan(Samples.text + choice)
    var (cells, scores) = ([StudyTables.Cell](), [String: [CellScore]]())
    for cell in plan.cells {
      var result = Samples.result
      // Of the others nothing was trained.
      let isTrained = cell.factors == ["method": "lwa", "pairs": "20"]
      (result.rate, result.trained) = (0.01, isTrained ? 30 : 0)
      scores[cell.hash] = Samples.scores(rate: 0.5, seed: cells.count)
      cells.append(
        StudyTables.Cell(
          hash: cell.hash, kind: .cell, group: cell.group, factors: cell.factors, seed: cell.seed,
          rate: nil, state: .done, attempts: 1, error: nil, result: result, store: "s"))
    }
    let tables = StudyTables(design: plan.design, cells: cells, tries: [], scores: scores)
    let said = try StudyFigures(tables, path: "a", draws: 50).cannotTell
      .first { $0.contains("rate tried") }
    #expect(said == words.map { "Rates beyond those tried might do better: \($0)." })
  }

  /// The time of what stands before all cells is nobody's of them.
  @Test func whatWasMadeFirstIsTold() throws {
    var tables = try tables()
    #expect(try StudyFigures(tables, path: "a", draws: 50).madeText == nil)
    tables.made = [(StudyCell.Kind.tower, UInt64(1), 60.0), (.aligned, 1, 100), (.aligned, 2, 140)]
      .compactMap { kind, seed, seconds in
        var result = Samples.result
        (result.steps, result.seconds) = (80, seconds)
        return StudyPreparation(
          StudyTables.Cell(
            hash: "\(kind) \(seed)", kind: kind, group: "", factors: [:], seed: seed, rate: nil,
            state: .done, attempts: 1, error: nil, result: result, store: "s"))
      }
    #expect(tables.made.count == 3)
    let folder = try TemporaryFolder()
    try tables.write(to: folder.path)
    #expect(try StudyTables(reading: folder.path) == tables)
    let figures = try StudyFigures(tables, path: "a", draws: 50)
    let said =
      "Made first, and in no time of this table: 1 text tower (80 steps, 1 min 00 s); 2 runs aligned "
      + "(80 steps, 2 min 00 s each)."
    #expect(figures.markdown.contains(said) && figures.html().contains(said))
    #expect(figures.latex.contains(said))
    try AtomicFile.write(
      "cell,kind,seed,status,steps,seconds,store\na,b,1,done,x,1,s\n", to: folder.path + "/made.csv"
    )
    #expect(throws: StudyFailure.self) { try StudyTables(reading: folder.path) }
  }

  /// What cells saw captions of is not among the languages that nothing was aligned on.
  @Test func shownLanguagesAreNotUntaught() throws {
    let folder = try TemporaryFolder()
    var tables = try tables()
    for (place, cell) in tables.cells.enumerated() where cell.factors["method"] == "lwa" {
      tables.cells[place].result?.fewShot = "tr"
    }
    try tables.write(to: folder.path)
    #expect(try StudyTables(reading: folder.path) == tables)
    let figures = try StudyFigures(tables, path: "a", draws: 200)
    // All there are, since none is left.
    #expect(figures.fewShot == ["tr"] && figures.languages == ["en", "tr"])
    #expect(
      figures.protocolText.hasSuffix("saw captions in tr, too: they are not aligned on en alone."))
    #expect(figures.html().contains("tr (few-shot)"))
  }

  @Test func aFigureCanBeRecomputedFromTheTables() throws {
    let tables = try tables()
    let figures = try StudyFigures(tables, path: "a", draws: 200)
    let lwa = try #require(figures.conditions.first { $0.label == "lwa, pairs 10" })
    let cells = tables.cells.filter { $0.factors == ["method": "lwa", "pairs": "10"] }
    let values = cells.flatMap { cell in
      (tables.scores[cell.hash] ?? []).filter { $0.metric == "R@10" && $0.language == "tr" }
        .map(\.value)
    }
    #expect(values.count == 6)
    #expect(abs(lwa.primary.value - values.reduce(0, +) / 6) < 1e-12)
    #expect(figures.languages == ["tr"] && figures.aligned == ["en"])
    #expect(figures.over == "1 language not aligned on")
    let comparison = try #require(figures.comparisons.first)
    #expect(figures.comparisons.count == 1, "lwa at twenty pairs has no baseline")
    #expect(comparison.first == "lwa" && comparison.second == "projection" && comparison.isFound)
    #expect(comparison.context == "pairs=10")
    #expect(abs(comparison.difference.value - 0.5) < 0.25)
    #expect(
      figures.finding.hasPrefix(
        "Against projection, R@10 over 1 language not aligned on: lwa (pairs=10) better"))
  }

  @Test func divergedCellsCountAtChanceAndAreSaid() throws {
    let figures = try StudyFigures(try tables(diverged: 1), path: "a", draws: 200)
    let first = figures.conditions[0]
    #expect(first.diverged == 1 && first.seeds.count == 3)
    let bySeed = try tables(diverged: 1).cells.filter { $0.factors == first.factors }
    #expect(bySeed[0].state == .diverged)
    #expect(
      figures.markdown.contains("1 of 9 runs diverged; they count at chance level in every mean."))
    #expect(figures.html().contains("1 of 9 runs diverged"))
    #expect(figures.states == ["done": 8, "diverged": 1])
    // The mean holds 0.25 once.
    let scores = try tables(diverged: 1).scores
    let others = bySeed.dropFirst().flatMap { cell in
      (scores[cell.hash] ?? []).filter { $0.metric == "R@10" && $0.language == "tr" }.map(\.value)
    }
    let expected = (0.25 + others.reduce(0, +) / 2) / 3
    #expect(abs(first.primary.value - expected) < 1e-12)
  }

  @Test func conditionsOfAnUnfinishedStudyAreOverTheirOwnSeeds() throws {
    let figures = try StudyFigures(try tables(unfinished: 1), path: "a", draws: 200)
    #expect(figures.seeds == [1, 2, 3] && figures.plannedSeeds == 3)
    #expect(figures.conditions.map(\.seeds) == [[1, 2, 3], [1, 2, 3], [1, 2]])
    #expect(
      figures.cannotTell.contains {
        $0.contains("2 to 3 of 3 seeds of a condition are finished, and its figures are over these")
          && $0.contains("differences are over the seeds that both sides have")
      })
    #expect(figures.protocolText.contains("; 2 to 3 seeds of 3; 95 % intervals over seeds and"))
    #expect(throws: StudyFailure.nothingDone(path: "a")) {
      try StudyFigures(try tables(unfinished: 9), path: "a")
    }
  }

  /// What is compared has two seeds in common; a study that has no third says the same of the difference.
  @Test func aDifferenceIsOverTheSeedsThatBothHave() throws {
    let uneven = try StudyFigures(try tables(unfinished: 2), path: "a", draws: 200)
    let even = try StudyFigures(try tables(unfinished: 3), path: "a", draws: 200)
    let (one, other) = (
      try #require(uneven.comparisons.first), try #require(even.comparisons.first)
    )
    #expect(uneven.conditions.map(\.seeds.count) == [3, 2, 2])
    #expect(one.seeds == [1, 2] && one.first == other.first)
    #expect(abs(one.difference.value - other.difference.value) < 1e-12)
    let (low, otherLow) = (one.difference.low ?? 0, other.difference.low ?? 1)
    #expect(abs(low - otherLow) < 1e-9 && abs((one.pValue ?? 0) - (other.pValue ?? 1)) < 1e-9)
    #expect(uneven.conditions[0].primary != even.conditions[0].primary)
    #expect(uneven.conditions[1].primary == even.conditions[1].primary)
    // The map's bands see the same pictures.
    for (cell, same) in zip(uneven.map, even.map) {
      #expect(abs((cell.difference?.value ?? 0) - (same.difference?.value ?? 0)) < 1e-12)
    }
    #expect(uneven.markdown.contains("which is over the seeds that both sides have"))
    let folder = try TemporaryFolder()
    try uneven.write(to: folder.path)
    let table = try CSVTable(
      reading: folder.path + "/figures.csv", expected: ["figure", "condition", "seeds"])
    let seeds = table.rows.filter { table.value("figure", $0) == "mean" }.map {
      [table.value("condition", $0), table.value("seeds", $0)]
    }
    #expect(seeds.contains(["projection, pairs 10", "1 2 3"]))
    #expect(seeds.contains(["lwa, pairs 10", "1 2"]))
    let differences = table.rows.filter {
      table.value("figure", $0).hasPrefix("difference")
        && table.value("condition", $0).contains("lwa")
    }
    #expect(!differences.isEmpty)
    #expect(differences.allSatisfy { table.value("seeds", $0) == "1 2" })
  }

  @Test func conditionsWithoutACommonSeedAreNamedAndNotCompared() throws {
    var tables = try tables()
    for (place, cell) in tables.cells.enumerated() {
      let isLWA = cell.factors["method"] == "lwa"
      if isLWA == (cell.seed < 3) { tables.cells[place].state = .planned }
    }
    let figures = try StudyFigures(tables, path: "a", draws: 200)
    #expect(figures.conditions.map(\.seeds) == [[1, 2], [3], [3]])
    #expect(figures.comparisons.isEmpty && figures.map.allSatisfy { $0.difference == nil })
    #expect(
      figures.cannotTell.contains {
        $0.contains("not compared, without a seed in common with the baseline: lwa, pairs 10")
      })
    #expect(figures.protocolText.contains("over pictures alone of one seed"))
  }

  @Test func pagesAndTablesHoldEveryCondition() throws {
    let figures = try StudyFigures(try tables(), path: "a", draws: 200)
    let (page, text) = (figures.html(), figures.markdown)
    for condition in figures.conditions {
      #expect(page.contains(condition.label) && text.contains(condition.label))
    }
    for id in ["limits", "curves", "conditions", "comparison", "table", "pareto", "map", "profile"]
    {
      #expect(page.contains("<section id=\"\(id)\""), "\(id)")
    }
    #expect(!page.contains("NaN") && !page.contains("nan"))
    #expect(text.contains("## What this study cannot tell"))
    #expect(figures.map.count == 6)
  }

  @Test func latexAndCSVSayWhatFiguresAreOf() throws {
    let figures = try StudyFigures(try tables(), path: "a", draws: 200)
    let latex = figures.latex
    #expect(latex.components(separatedBy: "\\begin{table}").count == 3)
    #expect(latex.contains("\\label{tab:tiny}") && latex.contains("\\label{tab:tiny-comparison}"))
    #expect(
      latex.contains("scenes, test split, 40 pictures, both directions; 3 seeds; 95 \\% intervals"))
    #expect(latex.contains("n = 80 queries a seed"))
    let folder = try TemporaryFolder()
    try figures.write(to: folder.path)
    let table = try CSVTable(
      reading: folder.path + "/figures.csv", expected: ["figure", "value", "low", "n", "seeds"])
    let means = table.rows.filter { table.value("figure", $0) == "mean" }
    // Two metrics of three conditions.
    #expect(means.count == 6)
    let row = try #require(
      means.first {
        table.value("condition", $0) == "lwa, pairs 10" && table.value("metric", $0) == "R@10"
      })
    let lwa = try #require(figures.conditions.first { $0.label == "lwa, pairs 10" })
    #expect(Double(table.value("value", row)) == lwa.primary.value)
    #expect(Double(table.value("low", row)) == lwa.primary.low)
    #expect(table.value("n", row) == "80" && table.value("seeds", row) == "1 2 3")
    #expect(table.value("interval", row) == "seeds-and-pictures-wilson")
    let difference = try #require(
      table.rows.first { table.value("figure", $0) == "difference" })
    #expect(Double(table.value("p_holm", difference)) == figures.comparisons[0].adjusted)
  }

  /// Recall falls with the premium exactly, so that a language left out is forecast, and the mean is far off.
  @Test func recallIsForecastFromCoverage() throws {
    var tables = try tables()
    let languages = (0..<24).map { "l\($0)" }
    for cell in tables.cells {
      tables.scores[cell.hash] = languages.enumerated().flatMap { place, language in
        ["image-to-text", "text-to-image"].flatMap { direction in
          ["R@1", "R@10"].map { metric in
            let found = 36 - place
            let hits = (0..<40).map { $0 < found ? 1.0 : 0 }
            return CellScore(
              language: language, direction: direction, metric: metric, value: Double(found) / 40,
              n: 40, chance: 0.25, sums: hits, counts: hits.map { _ in 1 })
          }
        }
      }
    }
    #expect(try StudyFigures(tables, path: "a", draws: 50).regressions.isEmpty)
    tables.costs = languages.enumerated().map { place, language in
      let rate = (Double(36 - place) + 0.25) / 40.5
      return LanguageCost(
        tower: "", language: language, family: "f\(place % 5)", captions: 40,
        premium: pow((1 - rate) / rate, 0.5) * 3, fertility: 1.5)
    }
    let folder = try TemporaryFolder()
    try tables.write(to: folder.path)
    #expect(try StudyTables(reading: folder.path).costs == tables.costs)
    let figures = try StudyFigures(tables, path: "a", draws: 50)
    #expect(figures.regressions.count == 3)
    let one = try #require(figures.regressions.first)
    #expect(one.languages == 24 && one.points.count == 24)
    #expect(one.error.value < 0.03, "\(one.error)")
    #expect(one.errorOfMean.value > 0.1 && one.familyError != nil)
    #expect(one.rankCorrelation.value > 0.98)
    #expect(figures.html().contains("<section id=\"coverage\""))
    #expect(figures.markdown.contains("## R@10 forecast from coverage"))
  }

  private static let languages = (0..<24).map { "l\($0)" }

  /// Of so many of 40 pictures found in each language.
  private func scores(_ found: (Int) -> Int) -> [CellScore] {
    Self.languages.enumerated().flatMap { place, language in
      ["image-to-text", "text-to-image"].flatMap { direction in
        ["R@1", "R@10"].map { metric in
          let hits = (0..<40).map { $0 < found(place) ? 1.0 : 0 }
          return CellScore(
            language: language, direction: direction, metric: metric,
            value: Double(found(place)) / 40, n: 40, chance: 0.25, sums: hits,
            counts: hits.map { _ in 1 })
        }
      }
    }
  }

  /// Of languages that lie `distance` from one at the origin, each with the same spread.
  private func centroids(from aligned: String, _ distance: (Int) -> Double) -> [LanguageCentroid] {
    Self.languages.enumerated().map { place, language in
      LanguageCentroid(
        language: language, captions: 40,
        mean: [language == aligned ? 0 : 0.01 * Float(distance(place)), 0])
    }
  }

  /// Recall falls with the distance, so that a language left out is forecast, and the mean is far off.
  @Test func recallIsForecastFromDistance() throws {
    var tables = try tables()
    for (place, cell) in tables.cells.enumerated() {
      tables.cells[place].result?.aligned = "l0"
      tables.scores[cell.hash] = scores { 36 - $0 }
      let rates = (0..<24).map { (Double(36 - $0) + 0.25) / 40.5 }
      tables.centroids[cell.hash] = centroids(from: "l0") { 5 - log(rates[$0] / (1 - rates[$0])) }
    }
    tables.costs = Self.languages.enumerated().map { place, language in
      LanguageCost(
        tower: "", language: language, family: "f\(place % 5)", captions: 40, premium: nil,
        fertility: nil)
    }
    let folder = try TemporaryFolder()
    try tables.write(to: folder.path)
    let read = try StudyTables(reading: folder.path)
    #expect(read == tables)
    let figures = try StudyFigures(read, path: "a", draws: 50)
    #expect(figures.regressions.isEmpty && figures.distances.count == 3)
    let one = try #require(figures.distances.first)
    #expect(one.aligned == "l0" && one.languages == 23 && one.points.count == 23)
    #expect(one.error.value < 0.03 && one.errorOfMean.value > 0.1, "\(one.error)")
    #expect(one.familyError != nil && one.rankCorrelation.value > 0.98)
    #expect(figures.html().contains("<section id=\"distance\""))
    #expect(figures.markdown.contains("## R@10 forecast from distance"))
    #expect(figures.latex.contains("\\label{tab:tiny-distance}"))
    try figures.write(to: folder.path)
    let table = try CSVTable(reading: folder.path + "/figures.csv", expected: ["figure"])
    let named = Set(table.rows.map { table.value("figure", $0) })
    #expect(named.isSuperset(of: ["distance", "distance-forecast-error-of-mean-families"]))
    // Cells of earlier versions keep no centroids: nothing is told of such a condition.
    tables.centroids[tables.cells[0].hash] = nil
    #expect(try StudyFigures(tables, path: "a", draws: 50).distances.count == 2)
  }

  /// Each language is found best by the donor on its own side.
  @Test func theNearestDonorIsHeldAgainstOthers() throws {
    let text = Samples.text.replacing(
      "method = [\"projection\", \"lwa\"]", with: "language = [\"l0\", \"l23\"]"
    )
    .replacing("pairs = [10, 20]\n", with: "")
    .replacing("[[skip]]\nwhen = { method = \"projection\", pairs = 20 }\n", with: "")
    .replacing("[budget]", with: "[train]\nmethod = \"lwa\"\n[budget]")
    .replacing("baseline = \"projection\"", with: "axis = \"language\"\nbaseline = \"l0\"")
    let plan = try Samples.plan(text)
    var tables = StudyTables(design: plan.design, cells: [], tries: [], scores: [:])
    for cell in plan.cells {
      let donor = cell.factors["language"] ?? ""
      let isLow = donor == "l0"
      var result = Samples.result
      result.aligned = donor
      tables.cells.append(
        .init(
          hash: cell.hash, kind: .cell, group: cell.group, factors: cell.factors, seed: cell.seed,
          rate: nil, state: .done, attempts: 1, error: nil, result: result, store: "s"))
      tables.scores[cell.hash] = scores { ($0 < 12) == isLow ? 30 : 10 }
      // Of one language the nearer donor is the worse one.
      tables.centroids[cell.hash] = centroids(from: donor) {
        ($0 < 12) == isLow ? ($0 == 3 ? 9 : 1) : 5
      }
    }
    let figures = try StudyFigures(tables, path: "a", draws: 50)
    let one = try #require(figures.donors.first)
    #expect(one.donors == ["l0", "l23"] && one.context.isEmpty)
    // A donor itself has one other alone, and is given to none.
    #expect(one.languages == 22 && one.hits == 21)
    #expect(abs(one.best.value - 0.75) < 1e-9 && abs(one.any.value - 0.5) < 1e-9)
    #expect(abs(one.nearest.value - (21 * 0.75 + 0.25) / 22) < 1e-9)
    // Which is best on average is best for half of the languages, and for none that decides it.
    #expect(one.usual.value < one.nearest.value)
    #expect(figures.html().contains("<section id=\"donors\""))
    #expect(figures.markdown.contains("## Which donor") && figures.latex.contains("tiny-donors"))
    #expect(one.choices.first { $0.language == "l3" }?.nearest == "l23")
  }

  @Test func translationsStandBesideCaptions() throws {
    var tables = try tables()
    for cell in tables.cells where cell.factors["method"] == "lwa" {
      tables.translated[cell.hash] = Samples.scores(rate: 0.4, seed: 7, languages: ["tr"])
    }
    let folder = try TemporaryFolder()
    try tables.write(to: folder.path)
    #expect(try StudyTables(reading: folder.path) == tables)
    let figures = try StudyFigures(tables, path: "a", draws: 50)
    #expect(figures.translated.map(\.condition) == ["lwa, pairs 10", "lwa, pairs 20"])
    let one = try #require(figures.translated.first)
    let values = Samples.scores(rate: 0.4, seed: 7, languages: ["tr"])
      .filter { $0.metric == "R@10" }.map(\.value)
    #expect(abs(one.translations.value - values.reduce(0, +) / 2) < 1e-12)
    #expect(abs(one.difference.value - (one.captions.value - one.translations.value)) < 1e-12)
    #expect((one.difference.low ?? 1) < one.difference.value)
    // They are in no table with captions.
    #expect(figures.languages == ["tr"] && figures.map.count == 6)
    #expect(figures.html().contains("<section id=\"translations\""))
    #expect(figures.markdown.contains("## Beside translations"))
    #expect(figures.latex.contains("tiny-translations"))
  }

  @Test func setsThatAreNotToldApartAreTheLargest() {
    let near: Set<[Int]> = [[0, 1], [1, 2], [2, 3], [1, 3]]
    let found = StudyAnalysis.cliques([0, 1, 2, 3]) { near.contains([min($0, $1), max($0, $1)]) }
    #expect(Set(found) == [[0, 1], [1, 2, 3]])
  }

  @Test func rowsOfNumbersComeBack() {
    for values in [[], [0, 0, 0, 1], [0.1, 0.1, 1.0 / 3], [5, -1, -1]] as [[Double]] {
      #expect(NumberRow.values(NumberRow.text(values)) == values)
    }
    #expect(NumberRow.text([0, 0, 0, 1]) == "0*3 1")
    let single: [Float] = [0.1, -1.0 / 3, 1e-20, 0]
    #expect(NumberRow.floats(NumberRow.text(single: single)) == single)
    for bad in ["", "x", "1 nan", "1 x"] { #expect(NumberRow.floats(bad) == nil, "\(bad)") }
    for bad in ["x", "1*", "1*0", "1*2*3", "nan"] {
      #expect(NumberRow.values(bad) == nil, "\(bad)")
    }
  }

  @Test func aBrokenTableIsToldWithItsLine() throws {
    let folder = try TemporaryFolder()
    try tables().write(to: folder.path)
    let path = folder.path + "/cells.csv"
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    try AtomicFile.write(text.replacing(",done,", with: ",finished,"), to: path)
    do {
      _ = try StudyTables(reading: folder.path)
      Issue.record("it was read")
    } catch let failure as StudyFailure {
      #expect("\(failure)".hasPrefix("\(path), line 2: expected a status, found \"finished\""))
    }
  }
}
