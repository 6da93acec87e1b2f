import XlingCore

/// A table of words and figures, written for a terminal, for Markdown or for LaTeX. Whatever a name
/// in it holds, a row stays one line with the same cells.
public struct TextTable: Sendable {
  /// Cells by row; the first row is the header where a form sets one apart.
  public var rows: [[String]]
  /// The number of columns, from the left, that hold words; the others hold figures and stand to
  /// the right.
  public var leading: Int

  public init(_ rows: [[String]], leading: Int) {
    self.rows = rows
    self.leading = leading
  }

  /// Columns two spaces apart, without spaces at the ends of lines.
  public var text: String {
    let (rows, widths) = measured
    return lines(rows, widths).joined(separator: "\n")
  }

  /// `text` with a rule under the header.
  public var ruled: String {
    let (rows, widths) = measured
    var lines = lines(rows, widths)
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "──")
    lines.insert(rule, at: min(1, lines.count))
    return lines.joined(separator: "\n")
  }

  /// A Markdown table. Some readers of the source prefer the rule's cells apart: `wideRule`.
  public func markdown(wideRule: Bool = false) -> String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map(CellText.markdown).joined(separator: " | ") + " |"
    }
    guard let header = rows.first else { return "" }
    let marks = header.indices.map { $0 < leading ? "---" : "---:" }
    let rule =
      wideRule ? "| \(marks.joined(separator: " | ")) |" : "|\(marks.joined(separator: "|"))|"
    return ([line(header), rule] + rows.dropFirst().map(line)).joined(separator: "\n")
  }

  /// A `tabular` with booktabs rules.
  public var latex: String {
    func line(_ cells: [String]) -> String {
      cells.map(CellText.latex).joined(separator: " & ") + " \\\\"
    }
    guard let header = rows.first else { return "" }
    let columns = header.indices.map { $0 < leading ? "l" : "r" }.joined()
    let lines =
      ["\\begin{tabular}{\(columns)}", "\\toprule", line(header), "\\midrule"]
      + rows.dropFirst().map(line) + ["\\bottomrule", "\\end{tabular}"]
    return lines.joined(separator: "\n")
  }

  /// ``latex`` as a floating `table`, with a caption in words.
  public func latex(caption: String, label: String) -> String {
    [
      "\\begin{table}", "\\centering", "\\caption{\(CellText.latex(caption))}",
      "\\label{\(label)}", latex, "\\end{table}",
    ].joined(separator: "\n")
  }

  private typealias Cell = (text: String, width: Int)

  private var measured: (rows: [[Cell]], widths: [Int]) {
    let rows = rows.map { row in
      row.map { cell in
        let text = TerminalText.visible(cell)
        return (text: text, width: CellText.width(text))
      }
    }
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
    }
    return (rows, widths)
  }

  private func lines(_ rows: [[Cell]], _ widths: [Int]) -> [String] {
    rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.width)
        line += column == 0 ? "" : "  "
        line += column < leading ? cell.text + padding : padding + cell.text
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
