import XlingCore
import XlingRetrieval

/// From tables to figures.
struct StudyAnalysis {
  let measured: MeasuredCells
  let bootstraps: PictureBootstraps
  let comparison: StudyDesign.Comparison
  let over: [String]
  /// [condition][language]: the primary metric, both directions.
  private var byLanguage: [[String: CrossedFigure]] = []
  /// [condition]: over the primary languages.
  private(set) var primary: [CrossedFigure] = []

  var design: StudyDesign { measured.tables.design }

  static let thresholds = (0...20).map { Double($0) / 20 }
  static let worstShown = 3

  /// Throws `RetrievalFailure`.
  init(_ measured: MeasuredCells, draws: Int) throws {
    self.measured = measured
    let design = measured.tables.design
    let axis = design.axes.first
    comparison =
      design.comparison
      ?? StudyDesign.Comparison(
        axis: axis?.name ?? "", baseline: axis?.values.first ?? "",
        metric: design.measure.metrics.last ?? "",
        over: design.classifiers.map { [$0.tests[0]] } ?? [StudyDesign.Comparison.untaught],
        correction: "holm")
    over = Self.over(comparison.over, measured)
    bootstraps = PictureBootstraps(
      seeds: measured.conditions.map(\.cells.count).max() ?? 0, pictures: measured.pictureCounts,
      draws: draws)
    for condition in measured.conditions {
      var figures: [String: CrossedFigure] = [:]
      for language in measured.languages {
        figures[language] = try measured.figure(condition, language, comparison.metric, bootstraps)
      }
      byLanguage.append(figures)
      guard let mean = CrossedFigure.mean(over.compactMap { figures[$0] }) else {
        throw RetrievalFailure.empty(what: "the languages that the study compares")
      }
      primary.append(mean)
    }
  }

  private static func over(_ words: [String], _ measured: MeasuredCells) -> [String] {
    let all = measured.languages
    if words == [StudyDesign.Comparison.all] { return all }
    if words == [StudyDesign.Comparison.untaught] {
      let taught = measured.aligned + measured.fewShot
      let untaught = all.filter { !taught.contains($0) }
      return untaught.isEmpty ? all : untaught
    }
    let named = all.filter(words.contains)
    return named.isEmpty ? all : named
  }

  /// The primary metric of a language, both directions; nil where it is not measured.
  func figure(_ condition: Int, _ language: String) -> CrossedFigure? {
    byLanguage[condition][language]
  }

  /// Seeds that are finished in all of `conditions`.
  func shared(_ conditions: [Int]) -> [UInt64] {
    let finished = conditions.map { Set(measured.conditions[$0].cells.keys) }
    return (finished.dropFirst().reduce(finished.first ?? []) { $0.intersection($1) }).sorted()
  }

  /// A condition's figure over some of its seeds.
  func figure(_ figure: CrossedFigure, of condition: Int, over seeds: [UInt64]) -> CrossedFigure {
    let own = measured.conditions[condition].seeds
    guard own != seeds else { return figure }
    return bootstraps.of(figure.pictures, seeds: seeds.count)
      .restricted(figure, to: seeds.compactMap { own.firstIndex(of: $0) })
  }

  /// Two conditions' figures over the seeds that both have; nil where they have none.
  private func difference(
    _ first: Int, _ second: Int, _ known: (Int) -> CrossedFigure?
  ) -> CrossedFigure? {
    let seeds = shared([first, second])
    guard !seeds.isEmpty, let one = known(first), let other = known(second) else { return nil }
    return figure(one, of: first, over: seeds) - figure(other, of: second, over: seeds)
  }

  private func difference(_ first: Int, _ second: Int) -> CrossedFigure? {
    difference(first, second) { primary[$0] }
  }

  func label(_ condition: Int) -> String { design.label(measured.conditions[condition].factors) }

  private func value(_ condition: Int) -> String {
    measured.conditions[condition].factors[comparison.axis] ?? ""
  }

  /// Conditions that share all besides an axis, by what they share; without those that `only` leaves out, and without
  /// words for axes of which it leaves one value.
  private func contexts(
    besides axis: String, only: [String: [String]] = [:]
  ) -> [(name: String, conditions: [Int])] {
    let told = design.axes.map(\.name).filter { $0 != axis && only[$0]?.count != 1 }
    var order: [String] = []
    var members: [String: [Int]] = [:]
    for (index, condition) in measured.conditions.enumerated()
    where only.allSatisfy({ $0.value.contains(condition.factors[$0.key] ?? "") }) {
      let name = told.map { "\($0)=\(condition.factors[$0] ?? "")" }.joined(separator: " ")
      if members[name] == nil { order.append(name) }
      members[name, default: []].append(index)
    }
    return order.map { ($0, members[$0] ?? []) }
  }

  private var contexts: [(name: String, conditions: [Int])] { contexts(besides: comparison.axis) }

  private func baseline(_ conditions: [Int]) -> Int? {
    conditions.first { value($0) == comparison.baseline }
  }

  // MARK: - Conditions

  func condition(_ index: Int) throws -> StudyFigures.Condition {
    let condition = measured.conditions[index]
    let results = condition.seeds.compactMap { condition.cells[$0]?.result }
    let tries = measured.tables.tries.filter { attempt in
      condition.cells.values.contains { $0.group == attempt.group }
    }
    let figures = over.compactMap { byLanguage[index][$0] }
    let taught = CrossedFigure.mean(measured.aligned.compactMap { byLanguage[index][$0] })
    let ranked = over.compactMap { language in byLanguage[index][language].map { (language, $0) } }
      .enumerated().sorted { ($0.element.1.value, $0.offset) < ($1.element.1.value, $1.offset) }
    let values = figures.flatMap(\.bySeed)
    let isOfClasses = design.classifiers != nil
    return StudyFigures.Condition(
      label: label(index), factors: condition.factors,
      seeds: condition.seeds, diverged: condition.cells.values.count { $0.state == .diverged },
      trained: results.map(\.trained).max() ?? 0, parameters: results.map(\.parameters).max() ?? 0,
      steps: results.map(\.steps).max() ?? 0,
      seconds: results.reduce(0) { $0 + $1.seconds } / Double(max(1, results.count)),
      tries: tries.count, trySeconds: tries.reduce(0) { $0 + ($1.result?.seconds ?? 0) },
      peakMB: results.compactMap(\.peakMB).max(), rates: Array(Set(results.map(\.rate))).sorted(),
      primary: primary[index].rate,
      interquartileMean: bootstraps.of(measured.pictures(over), seeds: condition.seeds.count)
        .interquartileMean(figures),
      metrics: try metrics(condition), taught: taught?.rate,
      worst: ranked.prefix(isOfClasses ? 0 : Self.worstShown).map {
        .init(language: $0.element.0, estimate: $0.element.1.rate)
      }, profile: isOfClasses ? [] : RunsAndTasks.profile(values, at: Self.thresholds))
  }

  private func metrics(_ condition: MeasuredCells.Condition) throws -> [String: Estimate] {
    var found: [String: Estimate] = [:]
    for metric in design.measure.metrics {
      let figures = try over.compactMap {
        try measured.figure(condition, $0, metric, bootstraps)
      }
      found[metric] = CrossedFigure.mean(figures)?.rate
    }
    return found
  }

  // MARK: - Comparisons

  /// The family of the primary comparison: each condition against the baseline of its context, over the seeds that
  /// both have.
  func comparisons() -> [StudyFigures.Comparison] {
    let members = contexts(besides: comparison.axis, only: comparison.only ?? [:])
    let pairs = members.flatMap { context -> [(name: String, first: Int, second: Int)] in
      guard let baseline = baseline(context.conditions) else { return [] }
      return context.conditions.filter { $0 != baseline && !shared([$0, baseline]).isEmpty }
        .map { (context.name, $0, baseline) }
    }
    let differences = pairs.compactMap { difference($0.first, $0.second) }
    let tested = differences.map(\.pValue)
    let corrected = Holm.adjusted(tested.compactMap { $0 })
    var next = 0
    return zip(pairs, zip(differences, tested)).map { pair, found in
      var adjusted: Double?
      if found.1 != nil {
        adjusted = corrected[next]
        next += 1
      }
      return StudyFigures.Comparison(
        first: value(pair.first), second: value(pair.second), context: pair.name,
        factors: measured.conditions[pair.first].factors.filter { $0.key != comparison.axis },
        seeds: shared([pair.first, pair.second]), difference: found.0.estimate, pValue: found.1,
        adjusted: adjusted, detectable: found.0.detectable)
    }
  }

  /// Conditions that have a baseline, but no finished seed in common with it.
  func unpaired() -> [String] {
    contexts(besides: comparison.axis, only: comparison.only ?? [:]).flatMap {
      context -> [String] in
      guard let baseline = baseline(context.conditions) else { return [] }
      return context.conditions.filter { shared([$0, baseline]).isEmpty }.map(label)
    }
  }

  /// What the study holds against one another besides, in a band over all of these differences at once.
  func explored() -> [StudyFigures.Exploration] {
    guard let explored = comparison.explored else { return [] }
    var pairs: [(name: String, first: Int, second: Int)] = []
    for context in contexts(besides: explored.axis) {
      func value(_ condition: Int) -> String? {
        measured.conditions[condition].factors[explored.axis]
      }
      guard let second = context.conditions.first(where: { value($0) == explored.baseline }) else {
        continue
      }
      pairs += context.conditions.filter { $0 != second && !shared([$0, second]).isEmpty }
        .map { (context.name, $0, second) }
    }
    let differences = pairs.compactMap { difference($0.first, $0.second) }
    let band = SimultaneousBand(differences)
    return pairs.enumerated().map { index, pair in
      let difference = differences[index]
      let interval = band.intervals[index]
      return StudyFigures.Exploration(
        first: measured.conditions[pair.first].factors[explored.axis] ?? "",
        second: explored.baseline, context: pair.name, seeds: shared([pair.first, pair.second]),
        difference: Estimate(
          value: difference.value, low: interval?.low, high: interval?.high,
          n: difference.queries, method: "simultaneous"))
    }
  }

  /// Sets of conditions that cannot be told apart, from the band over all pairs of a context at once.
  func alike() -> [StudyFigures.Alike] {
    contexts.flatMap { context -> [StudyFigures.Alike] in
      let members = context.conditions
      var pairs: [(Int, Int)] = []
      for (place, first) in members.enumerated() {
        for second in members[(place + 1)...] where !shared([first, second]).isEmpty {
          pairs.append((first, second))
        }
      }
      let band = SimultaneousBand(pairs.compactMap { difference($0.0, $0.1) })
      var near: Set<[Int]> = []
      for (pair, interval) in zip(pairs, band.intervals) {
        guard let interval, interval.low <= 0, interval.high >= 0 else { continue }
        near.insert([pair.0, pair.1])
      }
      return Self.cliques(members) { near.contains([min($0, $1), max($0, $1)]) }
        .map { .init(context: context.name, labels: $0.map(value)) }
    }
  }

  /// Largest sets of at least two in which all are near one another (Bron and Kerbosch 1973).
  static func cliques(_ members: [Int], _ areNear: (Int, Int) -> Bool) -> [[Int]] {
    var found: [[Int]] = []
    func extend(_ clique: [Int], _ candidates: [Int], _ excluded: [Int]) {
      if candidates.isEmpty, excluded.isEmpty, clique.count > 1 { found.append(clique) }
      var (candidates, excluded) = (candidates, excluded)
      for member in candidates {
        extend(
          clique + [member], candidates.filter { $0 != member && areNear($0, member) },
          excluded.filter { areNear($0, member) })
        candidates.removeAll { $0 == member }
        excluded.append(member)
      }
    }
    extend([], members, [])
    return found
  }

  // MARK: - Languages

  func map() -> [StudyFigures.MapCell] {
    var pairs: [(condition: Int, language: String, difference: CrossedFigure)] = []
    for context in contexts {
      guard let baseline = baseline(context.conditions) else { continue }
      for condition in context.conditions where condition != baseline {
        for language in measured.languages {
          let found = difference(condition, baseline) { byLanguage[$0][language] }
          if let found { pairs.append((condition, language, found)) }
        }
      }
    }
    let band = SimultaneousBand(pairs.map(\.difference))
    var known: [String: Estimate] = [:]
    for (pair, interval) in zip(pairs, band.intervals) {
      known["\(pair.condition) \(pair.language)"] = Estimate(
        value: pair.difference.value, low: interval?.low, high: interval?.high,
        n: pair.difference.queries, method: "simultaneous")
    }
    return measured.languages.flatMap { language in
      measured.conditions.indices.compactMap { condition in
        byLanguage[condition][language].map {
          StudyFigures.MapCell(
            language: language, condition: label(condition), estimate: $0.rate,
            difference: known["\(condition) \(language)"])
        }
      }
    }
  }
}
