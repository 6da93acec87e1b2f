import Foundation
import Testing
import XlingCore
import XlingRetrieval
import XlingTestSupport

@testable import XlingStudies

@Suite("a study of classifiers: its store and its figures")
struct ClassifierReportTests {
  let plan: StudyPlan

  init() throws { plan = try Samples.classifierPlan() }

  /// The probe finds more than LayerNorms, and more still from where these ended.
  private func tables(diverged: Int = 0) throws -> StudyTables {
    var accuracies: [String: [ClassScore]] = [:]
    let cells = plan.cells.enumerated().map { place, cell -> StudyTables.Cell in
      let isDiverged = place < diverged
      let rate =
        cell.factors["mode"] == "from layernorm"
        ? 0.95 : ["layernorm": 0.3, "linear-probe": 0.6][cell.factors["method"] ?? ""] ?? 0.1
      if !isDiverged {
        accuracies[cell.hash] = Samples.accuracies(plan.design, rate: rate, seed: place)
      }
      return StudyTables.Cell(
        hash: cell.hash, kind: .cell, group: cell.group, factors: cell.factors, seed: cell.seed,
        rate: nil, state: isDiverged ? .diverged : .done, attempts: 1, error: nil,
        result: Samples.result, store: "study.sqlite")
    }
    return StudyTables(
      design: plan.design, cells: cells, tries: [], scores: [:], accuracies: accuracies)
  }

  @Test func theTablesComeBackAndSayTheSame() throws {
    let folder = try TemporaryFolder()
    let tables = try tables()
    try tables.write(to: folder.path)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "accuracies.csv", "cells.csv", "study.json", "tries.csv",
      ])
    #expect(try StudyTables(reading: folder.path) == tables)
    let csv = String(
      decoding: try AtomicFile.read(folder.path + "/accuracies.csv"), as: UTF8.self)
    #expect(csv.hasPrefix("cell,test,metric,value,n,classes,hits\n"))
    #expect(csv.contains(",\"emoji, held-out classes\",top-1,"))
    try AtomicFile.write(
      csv.replacing(",60,4,", with: ",59,4,"), to: folder.path + "/accuracies.csv")
    let failure = #expect(throws: StudyFailure.self) { try StudyTables(reading: folder.path) }
    #expect(failure?.description.contains("accuracies.csv, line 2") == true)
  }

  @Test func theStoreKeepsThemAndMergesThem() throws {
    let folder = try TemporaryFolder()
    let tables = try tables()
    var paths: [String] = []
    for (name, own) in [("a", plan.cells.prefix(12)), ("b", plan.cells.suffix(12))] {
      let path = "\(folder.path)/\(name).sqlite"
      let store = try StudyStore(path: path)
      _ = try store.take(plan.design, plan.all)
      for cell in own {
        #expect(try store.claim(cell.hash) != nil)
        _ = try store.complete(
          cell.hash, .done, Samples.result,
          CellMeasurements(accuracies: tables.accuracies[cell.hash] ?? []))
      }
      paths.append(path)
    }
    let merged = folder.path + "/study.sqlite"
    let merge = try StudyStore.merge(paths, into: merged)
    #expect(merge.done == 18 && merge.shared == 6)
    let read = try StudyStore(looking: merged).tables(plan.design)
    #expect(read.accuracies == tables.accuracies)
    #expect(read.cells.map(\.hash) == plan.cells.map(\.hash) && read.tries.count == 16)
    // A hit that differs is a disagreement.
    let store = try StudyStore(path: paths[1])
    let cell = plan.cells[8].hash
    try store.file.write { database in
      try database.execute(
        sql: "UPDATE accuracies SET hits = '1*60' WHERE cell = ? AND test = 'emoji'",
        arguments: [cell])
    }
    let failure = #expect(throws: StudyFailure.self) {
      try StudyStore.merge(paths, into: folder.path + "/other.sqlite")
    }
    #expect(failure?.description.contains("top-1 on emoji") == true)
  }

  @Test func figuresCanBeRecomputedFromTheTables() throws {
    let tables = try tables()
    let figures = try StudyFigures(tables, path: "a", draws: 200)
    #expect(figures.over == "trained classes of emoji" && figures.pictures == 60)
    #expect(figures.languages.isEmpty && figures.map.isEmpty)
    let probe = try #require(
      figures.conditions.first { $0.label == "linear-probe, alone, shots 2" })
    func mean(_ factors: [String: String], _ test: String) -> Double {
      let values = tables.cells.filter { $0.factors == factors }.flatMap { cell in
        (tables.accuracies[cell.hash] ?? []).filter { $0.test.name == test }.map(\.value)
      }
      #expect(values.count == 2)
      return values.reduce(0, +) / 2
    }
    #expect(
      abs(probe.primary.value - mean(probe.factors, "emoji")) < 1e-12 && probe.primary.n == 60)
    let tested = try #require(
      figures.tests.first { $0.test == "emoji, held-out classes" && $0.condition == probe.label })
    #expect(abs(tested.estimate.value - mean(probe.factors, "emoji, held-out classes")) < 1e-12)
    // Intervals are over its own pictures, whatever other tests have.
    #expect(tested.estimate.n == 35)
    let scores = tables.cells.filter { $0.factors == probe.factors }.compactMap { cell in
      tables.accuracies[cell.hash]?.first { $0.test == ClassTest(name: tested.test) }?.hits
    }
    let alone = try CrossedBootstrap(seeds: 2, pictures: 35, draws: 200)
      .figure(sums: scores, counts: [Double](repeating: 1, count: 35))
    #expect(alone.rate == tested.estimate)
  }

  @Test func thePrimaryComparisonIsOfSomeConditions() throws {
    let figures = try StudyFigures(try tables(), path: "a", draws: 200)
    // The probe by shots, and zero-shot with all pictures.
    #expect(figures.comparisons.map(\.first) == ["linear-probe", "linear-probe", "zero-shot"])
    #expect(figures.comparisons.map(\.context) == ["shots=2", "shots=all", "shots=all"])
    #expect(figures.comparisons.allSatisfy { $0.second == "layernorm" })
    #expect(figures.explored.count == 4)
    let from = try #require(figures.explored.first { $0.first == "from layernorm" })
    #expect(from.second == "alone" && from.context == "method=linear-probe shots=2")
    #expect(abs(from.difference.value - 0.35) < 0.2)
    #expect(figures.finding.hasPrefix("Against layernorm, top-1 over trained classes of emoji: "))
  }

  /// No test is called a language, nowhere.
  @Test func whatIsSaidIsOfTests() throws {
    let folder = try TemporaryFolder()
    let figures = try StudyFigures(try tables(), path: "a", draws: 200)
    try figures.write(to: folder.path)
    let rows = String(decoding: try AtomicFile.read(folder.path + "/figures.csv"), as: UTF8.self)
    #expect(rows.hasPrefix("figure,condition,against,context,test,metric,"))
    #expect(rows.contains("\nby-test,") && rows.contains("\nexplored-difference,"))
    for text in [figures.markdown, figures.html(), figures.latex, rows] {
      let words = text.replacing("<html lang=", with: "")
      #expect(!words.lowercased().contains("language"))
      #expect(!words.contains("both directions") && !words.contains("queries"))
      #expect(words.contains("emoji-size-2, held-out classes"))
    }
    #expect(!figures.latex.contains("▲") && figures.markdown.contains("▲"))
    #expect(figures.markdown.contains("## Against alone (exploratory)"))
    #expect(figures.html().contains("<code>cells.csv</code> and <code>accuracies.csv</code> alone"))
  }

  @Test func divergedCellsCountAtChance() throws {
    let figures = try StudyFigures(try tables(diverged: 1), path: "a", draws: 200)
    let first = figures.conditions[0]
    #expect(first.diverged == 1 && first.seeds.count == 2)
    let other = try tables().accuracies[plan.cells[9].hash]?.first?.value ?? 0
    #expect(abs(first.primary.value - (0.25 + other) / 2) < 1e-12)
  }
}
