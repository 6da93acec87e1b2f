import XlingCore
import XlingReports
import XlingRetrieval

extension StudyFigures {
  /// What was found, in one sentence, whichever way it came out.
  public var finding: String {
    guard !comparisons.isEmpty else {
      return "\(metric) over \(over): "
        + conditions.map { "\($0.label) \(Figures.interval($0.primary))" }.joined(separator: "; ")
        + "."
    }
    // Of a long family those that stand, which Holm's correction leaves few.
    let shown = comparisons.count > 4 ? comparisons.filter(\.isFound) : comparisons
    var parts = shown.map { comparison in
      let name = comparison.first + (comparison.context.isEmpty ? "" : " (\(comparison.context))")
      let difference = comparison.difference
      return "\(name) \(comparison.verdict), \(Figures.points(difference.value)) points"
        + " \(IntervalText.bounds(difference.low, difference.high, Figures.points))"
    }
    let others = comparisons.count - shown.count
    if others > 0 {
      let isTested = comparisons.contains { $0.adjusted != nil }
      parts.append(
        (shown.isEmpty ? "none of \(others)" : "\(others) others not")
          + (isTested ? " told apart" : " tested"))
    }
    return "Against \(baseline), \(metric) over \(over): " + parts.joined(separator: "; ") + "."
  }

  /// How the figures came about, in one sentence.
  public var protocolText: String {
    "\(data), \(split) split, \(Figures.count(pictures)) pictures\(inDirections); \(seedText); 95 % intervals "
      + intervalText + "."
      + (fewShot.isEmpty
        ? ""
        : " Conditions with few-shot pairs saw captions in \(fewShot.joined(separator: ", ")), too: they are not "
          + "aligned on \(aligned.joined(separator: ", ")) alone.")
  }

  /// Whether cells are classifiers, which are measured on tests in place of languages.
  var isOfClasses: Bool { !tests.isEmpty }
  var inDirections: String { isOfClasses ? "" : ", both directions" }
  var queries: String { isOfClasses ? "pictures" : "queries" }

  private var seedText: String {
    let (fewest, most) = seedCounts
    let count =
      fewest < most ? "\(fewest) to \(most) seeds" : most == 1 ? "1 seed" : "\(most) seeds"
    return fewest < plannedSeeds ? "\(count) of \(plannedSeeds)" : count
  }

  private var intervalText: String {
    let both =
      "over seeds and pictures, both taken as drawn (Student's t with the two-way analysis of variance)"
    let (fewest, most) = seedCounts
    if most == 1 { return "over pictures alone (one seed)" }
    return fewest == 1 ? both + ", over pictures alone of one seed" : both
  }

  /// The fewest and the most of a condition.
  private var seedCounts: (fewest: Int, most: Int) {
    let counts = conditions.map(\.seeds.count)
    return (counts.min() ?? 0, counts.max() ?? 0)
  }

  /// Whether conditions have different seeds, so that a difference is not that of their two means.
  var isUneven: Bool { Set(conditions.map(\.seeds)).count > 1 }

  /// Markdown.
  public var markdown: String {
    var parts = ["# \(name)", question]
    if let warning = divergenceWarning { parts.append("**\(warning)**") }
    parts += [finding, protocolText, "## Conditions", conditionTable.markdown()]
    if let madeText { parts.append(madeText) }
    if !comparisons.isEmpty {
      parts += [
        "## The comparison", comparisonText, comparisonTable.markdown(),
      ]
    }
    if !explored.isEmpty {
      parts += ["## \(exploredTitle)", exploredText, exploredTable.markdown()]
    }
    if isOfClasses {
      parts += ["## \(testTitle)", testText(marks: true), testTable(marks: true).markdown()]
    }
    if !turns.isEmpty {
      parts += [
        "## Where it turns", turns.map { "- " + $0.sentence(baseline) }.joined(separator: "\n"),
      ]
    }
    if !regressions.isEmpty {
      parts += ["## \(metric) forecast from coverage", regressionTable.markdown()]
    }
    if !distances.isEmpty {
      parts += ["## \(metric) forecast from distance", distanceText, distanceTable.markdown()]
    }
    if !donors.isEmpty {
      parts += ["## Which donor", donorText, donorTable.markdown()]
    }
    if !translated.isEmpty {
      parts += ["## Beside translations", translatedText, translatedTable.markdown()]
    }
    parts += [
      "## What this study cannot tell", cannotTell.map { "- \($0)" }.joined(separator: "\n"),
    ]
    return parts.joined(separator: "\n\n")
  }

  /// What stands below every plot and table.
  var figureNote: String {
    let counts = Set(conditions.map(\.primary.n)).sorted().map(Figures.count)
    return "\(protocolText) n = \(counts.joined(separator: ", ")) \(queries) a seed, over \(over)."
  }

  /// Tables that float, for a document that loads booktabs; each caption says data, protocol, seeds and n.
  public var latex: String {
    var parts = (["\(name): \(finding)"] + cannotTell).map { line in
      "% " + TerminalText.visible(line)
    }
    if let warning = divergenceWarning { parts.insert("% " + warning, at: 0) }
    parts.append(
      conditionTable.latex(
        caption: "\(question) \(metric) over \(over). "
          + (madeText.map { $0 + " " } ?? "") + figureNote, label: "tab:\(name)"))
    if !comparisons.isEmpty {
      parts.append(
        comparisonTable.latex(
          caption: "\(comparisonText) \(figureNote)", label: "tab:\(name)-comparison"))
    }
    let others = [
      (explored.isEmpty, exploredTable, exploredText, "explored"),
      (tests.isEmpty, testTable(marks: false), testText(marks: false), "tests"),
      (distances.isEmpty, distanceTable, distanceText, "distance"),
      (donors.isEmpty, donorTable, donorText, "donors"),
      (translated.isEmpty, translatedTable, translatedText, "translations"),
    ]
    for (isEmpty, table, text, label) in others where !isEmpty {
      parts.append(
        table.latex(caption: "\(text) \(protocolText)", label: "tab:\(name)-\(label)"))
    }
    return parts.joined(separator: "\n")
  }

  /// A study of which more than a twentieth diverged says so first.
  var divergenceWarning: String? {
    let diverged = states[CellState.diverged.rawValue] ?? 0
    guard diverged * 20 > cells else { return nil }
    return "\(diverged) of \(cells) runs diverged; they count at chance level in every mean."
  }

  var comparisonText: String {
    "Primary: \(metric) over \(over), each against \(baseline); p after Holm's correction over "
      + "\(comparisons.count). Intervals are of each difference for itself"
      + (isUneven ? ", which is over the seeds that both sides have" : "")
      + ". The last column is the smallest true difference found with power 80 %."
  }

  /// What was made before cells, and took its time apart; nil: nothing.
  var madeText: String? {
    let kinds = [
      (StudyCell.Kind.tower, "text tower", "text towers"),
      (.aligned, "run aligned", "runs aligned"),
    ]
    let parts = kinds.compactMap { kind, one, several -> String? in
      let made = self.made.filter { $0.kind == kind }
      guard !made.isEmpty else { return nil }
      let steps = Set(made.map(\.steps)).sorted().map(Figures.count).joined(separator: ", ")
      let mean = made.reduce(0) { $0 + $1.seconds } / Double(made.count)
      return
        "\(made.count) \(made.count == 1 ? one : several) (\(steps) steps, \(Figures.duration(mean))"
        + (made.count == 1 ? ")" : " each)")
    }
    return parts.isEmpty
      ? nil : "Made first, and in no time of this table: \(parts.joined(separator: "; "))."
  }

  var conditionTable: TextTable {
    if isOfClasses { return classifierTable }
    let head = [
      "condition", "seeds", "\(metric), \(over)", "middle half", "worst languages", "aligned on",
      "trained",
      "time a run",
    ]
    return TextTable(
      [head]
        + conditions.map { condition in
          [
            condition.label, seedCell(condition), Figures.estimate(condition.primary, isRate: true),
            Figures.estimate(condition.interquartileMean, isRate: true),
            condition.worst.map { "\($0.language) \(Figures.percent($0.estimate.value))" }
              .joined(separator: ", "),
            condition.taught.map { Figures.estimate($0, isRate: true) } ?? "–",
            Self.trained(condition), Figures.duration(condition.seconds) + triesText(condition),
          ]
        }, leading: 1)
  }

  static func trained(_ condition: Condition) -> String {
    "\(Figures.count(condition.trained)) "
      + "(\(Figures.share(Double(condition.trained) / Double(max(1, condition.parameters)))))"
  }

  func seedCell(_ condition: Condition) -> String {
    "\(condition.seeds.count)"
      + (condition.diverged > 0 ? ", \(condition.diverged) diverged" : "")
  }

  func triesText(_ condition: Condition) -> String {
    condition.tries > 0
      ? ", \(condition.tries) \(condition.tries == 1 ? "try" : "tries") in \(Figures.duration(condition.trySeconds)), rate "
        + condition.rates.map { "\($0)" }.joined(separator: ", ") : ""
  }

  var comparisonTable: TextTable {
    let hasContext = comparisons.contains { !$0.context.isEmpty }
    let head =
      ["against \(baseline)"] + (hasContext ? ["where"] : [])
      + (isUneven ? ["seeds"] : [])
      + ["difference, points", "p", "p (Holm)", "verdict", "detectable"]
    return TextTable(
      [head]
        + comparisons.map { one in
          let difference = one.difference
          return [one.first] + (hasContext ? [one.context] : [])
            + (isUneven ? ["\(one.seeds.count)"] : [])
            + [
              "\(Figures.points(difference.value)) "
                + IntervalText.bounds(difference.low, difference.high, Figures.points),
              one.pValue.map(Figures.p) ?? "–", one.adjusted.map(Figures.p) ?? "–",
              one.verdict,
              one.detectable.map { Figures.percent($0) } ?? "–",
            ]
        }, leading: hasContext ? 2 : 1)
  }
}

extension StudyFigures.Comparison {
  var verdict: String {
    guard adjusted != nil else { return "not tested" }
    return isFound ? difference.value > 0 ? "better" : "worse" : "not told apart"
  }
}
