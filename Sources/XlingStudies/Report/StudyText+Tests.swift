import XlingReports
import XlingRetrieval

// What classifiers are measured on, and what is explored: words and tables.
extension StudyFigures {
  var classifierTable: TextTable {
    let names = conditions.first?.metrics.keys.filter { $0 != metric }.sorted() ?? []
    return TextTable(
      [["condition", "seeds", "\(metric), \(over)"] + names + ["trained", "time a run"]]
        + conditions.map { condition in
          [
            condition.label, seedCell(condition),
            Figures.estimate(condition.primary, isRate: true),
          ]
            + names.map { name in
              condition.metrics[name].map { Figures.estimate($0, isRate: true) } ?? "–"
            }
            + [Self.trained(condition), Figures.duration(condition.seconds) + triesText(condition)]
        }, leading: 1)
  }

  /// In the study's order.
  var testNames: [String] {
    var names: [String] = []
    for cell in tests where !names.contains(cell.test) { names.append(cell.test) }
    return names
  }

  var testTitle: String { "On every test (exploratory)" }

  /// `marks`: of what is above and below the baseline, which LaTeX has no letters for.
  func testText(marks: Bool) -> String {
    let counts = testNames.map { name in
      "\(name) \(Figures.count(tests.first { $0.test == name }?.estimate.n ?? 0))"
    }
    let marked =
      "▲ above and ▼ below \(baseline), in a band that holds for all tests and conditions at once (max-|t|); without a "
      + "mark it cannot be told. "
    return "\(metric) in percent; held-out classes among themselves. " + (marks ? marked : "")
      + "Pictures: " + counts.joined(separator: "; ") + "."
  }

  static func mark(_ cell: TestCell) -> String {
    cell.sign > 0 ? "▲" : cell.sign < 0 ? "▼" : ""
  }

  func testTable(marks: Bool) -> TextTable {
    let names = testNames
    let known = Dictionary(tests.map { ([$0.test, $0.condition], $0) }) { $1 }
    return TextTable(
      [["condition"] + names]
        + conditions.map { condition in
          [condition.label]
            + names.map { name in
              known[[name, condition.label]].map { cell in
                let mark = marks ? Self.mark(cell) : ""
                return Figures.estimate(cell.estimate, isRate: true)
                  + (mark.isEmpty ? "" : " \(mark)")
              } ?? "–"
            }
        }, leading: 1)
  }

  var exploredTitle: String { "Against \(explored.first?.second ?? "") (exploratory)" }

  var exploredText: String {
    "\(metric) over \(over), each less \(explored.first?.second ?? "") of the same row; intervals hold for all "
      + "\(explored.count) at once (max-|t|)."
  }

  var exploredTable: TextTable {
    TextTable(
      [["where", "", "difference, points"]]
        + explored.map { one in
          let difference = one.difference
          return [
            one.context, one.first,
            "\(Figures.points(difference.value)) "
              + IntervalText.bounds(difference.low, difference.high, Figures.points),
          ]
        }, leading: 2)
  }
}
