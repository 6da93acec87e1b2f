/// A table whose cells are shaded by their value, with a mark where a claim is made.
package struct HeatMap: Sendable {
  package struct Cell: Sendable {
    package var text: String
    /// 0 to 1 of the scale; nil leaves the cell bare.
    package var share: Double?
    package var mark: String
    /// Shown where the reader points at the cell.
    package var tip: String

    package init(text: String, share: Double?, mark: String, tip: String) {
      (self.text, self.share, self.mark, self.tip) = (text, share, mark, tip)
    }
  }

  package var columns: [String]
  package var rows: [(name: String, cells: [Cell?])]

  package init(columns: [String], rows: [(name: String, cells: [Cell?])]) {
    (self.columns, self.rows) = (columns, rows)
  }

  package func html(caption: String, corner: String) -> String {
    let head =
      HTML.header(corner, scope: "col")
      + columns.map { HTML.header($0, scope: "col") }.joined()
    return HTML.table(
      caption: caption, head: [head],
      body: rows.map { row in
        HTML.header(row.name, scope: "row")
          + row.cells.map { $0.map(markup) ?? HTML.cell("–") }.joined()
      }, attributes: "class=\"heat\"")
  }

  private func markup(_ cell: Cell) -> String {
    let shade = cell.share.map {
      " style=\"--share:\(Figures.fixed(100 * min(1, max(0, $0)), 0))%\""
    }
    return "<td title=\"\(HTML.escape(cell.tip))\"\(shade ?? "")>\(HTML.escape(cell.text))"
      + "<b>\(HTML.escape(cell.mark))</b></td>"
  }
}
