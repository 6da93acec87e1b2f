/// A bar in a cell of a table, with its interval as a line across its end, and behind it a paler one for a
/// second value. The figures stand in cells of their own: bars are hidden from screen readers.
package struct IntervalBar: Sendable {
  package var value: Double
  package var low: Double?
  package var high: Double?
  /// The paler bar's end, where it is beyond `value`.
  package var beyond: Double?
  /// A line across all bars of a column, as at 1 for ratios.
  package var mark: Double?

  package init(
    _ value: Double, low: Double? = nil, high: Double? = nil, beyond: Double? = nil,
    mark: Double? = nil
  ) {
    self.value = value
    self.low = low
    self.high = high
    self.beyond = beyond
    self.mark = mark
  }

  /// Where a bar ends that has none.
  package static let none = "<td class=\"track\" aria-hidden=\"true\"></td>"

  /// `top` is the right end of the track.
  package func cell(top: Double) -> String {
    func place(_ value: Double) -> String {
      Figures.fixed(top > 0 ? 100 * min(1, max(0, value / top)) : 0, 2) + "%"
    }
    var parts: [String] = []
    if let beyond, beyond > value {
      parts.append("<span class=\"bar beyond\" style=\"width:\(place(beyond))\"></span>")
    }
    parts.append("<span class=\"bar\" style=\"width:\(place(value))\"></span>")
    if let mark { parts.append("<span class=\"mark\" style=\"left:\(place(mark))\"></span>") }
    if let low, let high {
      let width = top > 0 ? min(top, high) - min(top, low) : 0
      parts.append(
        "<span class=\"reach\" style=\"left:\(place(low));width:\(place(width))\"></span>")
    }
    return
      "<td class=\"track\" aria-hidden=\"true\"><span class=\"bars\">\(parts.joined())</span></td>"
  }

  package static let style = """
    td.track { min-width: 90px; }
    .bars { display: block; position: relative; height: 14px; }
    .bars .bar { position: absolute; left: 0; top: 2px; }
    .bars .beyond { opacity: .35; }
    .bars .reach { position: absolute; top: 5px; height: 4px; min-width: 1px;
      border: 1px solid var(--ink); border-width: 0 1px; }
    .bars .reach::after { content: ""; position: absolute; left: 0; right: 0; top: 1.5px;
      border-top: 1px solid var(--ink); }
    .bars .mark { position: absolute; top: -7px; bottom: -7px; border-left: 1px dashed var(--soft); }
    """
}
