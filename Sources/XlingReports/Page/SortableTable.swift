/// A table whose rows a reader may order by a column. The order that it comes in stands without a script;
/// with one, the heads become buttons and `aria-sort` says what is sorted (WAI-ARIA Authoring Practices,
/// sortable table).
package enum SortableTable {
  /// `head` are `th` cells of one row, `body` rows of cells; cells of figures carry ``value(_:)``.
  package static func html(caption: String, head: [String], body: [String], kind: String = "")
    -> String
  {
    HTML.table(
      caption: caption, head: [head.joined()], body: body,
      attributes: "class=\"sortable\(kind.isEmpty ? "" : " " + kind)\"")
  }

  /// What a cell is sorted by; what has none goes last.
  package static func value(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "data-v=\"\"" }
    return "data-v=\"\(value)\""
  }

  /// Part of a page with such tables. Descending first for figures, ascending for words.
  package static let script = """
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        if (!head.textContent.trim()) return;
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        head.setAttribute("aria-sort", "none");
        button.addEventListener("click", () => {
          const body = table.tBodies[0], rows = [...body.rows];
          const isFigure = rows.some(row => "v" in row.cells[column].dataset);
          const before = head.getAttribute("aria-sort");
          const falls = before === "none" ? isFigure : before === "ascending";
          const key = row => {
            const cell = row.cells[column];
            if (!isFigure) return cell.textContent.trim();
            return cell.dataset.v === "" ? NaN : Number(cell.dataset.v);
          };
          rows.map((row, place) => ({ row, place, key: key(row) })).sort((a, b) => {
            if (isFigure) {
              if (isNaN(a.key) || isNaN(b.key)) return isNaN(a.key) - isNaN(b.key) || a.place - b.place;
              return (falls ? b.key - a.key : a.key - b.key) || a.place - b.place;
            }
            const order = a.key.localeCompare(b.key);
            return (falls ? -order : order) || a.place - b.place;
          }).forEach(({ row }) => body.append(row));
          for (const other of heads) {
            if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
          }
          head.setAttribute("aria-sort", falls ? "descending" : "ascending");
        });
      });
    }
    """

  package static let style = """
    th button { all: unset; cursor: pointer; box-sizing: border-box; min-height: 24px; }
    th button:hover { text-decoration: underline; }
    th button:focus-visible { outline: 2px solid var(--m1); outline-offset: 3px; }
    th[aria-sort=ascending] button::after { content: " ▲" / ""; font-size: 10px; }
    th[aria-sort=descending] button::after { content: " ▼" / ""; font-size: 10px; }
    th[aria-sort=ascending], th[aria-sort=descending] { color: var(--ink); }
    """
}
