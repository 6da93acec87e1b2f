import XlingCore
import XlingReports
import XlingRetrieval

// Tests of classifiers, and what is explored.
extension StudyFigures {
  var exploredSection: HTMLPage.Section? {
    guard !explored.isEmpty else { return nil }
    return HTMLPage.Section(
      "explored", exploredTitle, exploredText, table(exploredTable, "Differences") + note)
  }

  var testSection: HTMLPage.Section? {
    guard isOfClasses else { return nil }
    let labels = conditions.map(\.label)
    let known = Dictionary(tests.map { ([$0.test, $0.condition], $0) }) { $1 }
    let top = max(tests.map(\.estimate.value).max() ?? 1, 1e-9)
    let rows = testNames.map { name in
      (
        name: name,
        cells: labels.map { label in
          known[[name, label]].map { cell in
            HeatMap.Cell(
              text: Figures.percent(cell.estimate.value), share: cell.estimate.value / top,
              mark: Self.mark(cell),
              tip: Self.tip(name, label, cell.estimate, cell.difference))
          }
        }
      )
    }
    return HTMLPage.Section(
      "tests", testTitle, testText(marks: true),
      HeatMap(columns: labels, rows: rows).html(
        caption: "\(metric), % by test", corner: "test") + note)
  }
}
