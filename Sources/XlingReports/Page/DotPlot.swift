/// Series by row as dots with intervals, one panel beside the other (Cleveland 1984). Values are
/// rates, 0...1; every row may have a mark for chance in each panel.
package struct DotPlot: Sendable {
  package struct Point: Sendable {
    package var value: Double
    /// Nil without an interval: the dot alone.
    package var low: Double?
    package var high: Double?
    /// Shown where the reader points at the mark.
    package var tip: String

    package init(value: Double, low: Double?, high: Double?, tip: String) {
      self.value = value
      self.low = low
      self.high = high
      self.tip = tip
    }
  }

  package struct Row: Sendable {
    package var label: String
    /// By panel, then by series; nil where there is no figure.
    package var points: [[Point?]]
    /// By panel; nil where chance is not known.
    package var chances: [Double?]

    package init(label: String, points: [[Point?]], chances: [Double?] = []) {
      self.label = label
      self.points = points
      self.chances = chances
    }
  }

  /// One colour and one shape each.
  package static let seriesLimit = 3

  private let title: String
  private let description: String
  private let series: [String]
  private let panels: [String]
  private let rows: [Row]
  /// The upper end of the axis, a rate.
  private let top: Double
  /// For the rows' labels.
  private let gutter: Double

  private static let rowHeight = 26.0
  private static let panelWidth = 390.0
  private static let gap = 36.0
  private static let headHeight = 50.0

  /// Series beyond ``seriesLimit`` are left out. `title` and `description` are read by screen readers.
  package init(
    title: String, description: String, series: [String], panels: [String], rows: [Row]
  ) {
    self.title = title
    self.description = description
    self.series = Array(series.prefix(Self.seriesLimit))
    self.panels = panels
    self.rows = rows
    let longest = rows.map(\.label.unicodeScalars.count).max() ?? 0
    gutter = max(150, 18 + 6.8 * Double(longest))
    let highs = rows.flatMap {
      $0.points.flatMap { $0.compactMap { $0.map { $0.high ?? $0.value } } }
    }
    top = min(1, max(0.1, ((highs.max() ?? 1) * 10).rounded(.up) / 10))
  }

  private var width: Double {
    gutter + Double(panels.count) * (Self.panelWidth + Self.gap) - Self.gap + 16
  }

  package var svg: String {
    let bottom = Self.headHeight + Double(rows.count) * Self.rowHeight
    var parts = rows.enumerated().map { label($1.label, $0) }
    for (panel, name) in panels.enumerated() {
      parts.append(axis(panel, name, bottom: bottom))
      for (row, entry) in rows.enumerated() {
        if panel < entry.chances.count, let chance = entry.chances[panel] {
          parts += chanceMark(chance, panel: panel, row: row)
        }
        for (index, point) in entry.points[panel].prefix(series.count).enumerated() {
          if let point { parts.append(mark(index, point, panel: panel, row: row)) }
        }
      }
    }
    return """
      <svg viewBox="0 0 \(Self.number(width)) \(Self.number(bottom + 34))" role="img" \
      aria-labelledby="plot-name plot-text">
      <title id="plot-name">\(HTML.escape(title))</title>
      <desc id="plot-text">\(HTML.escape(description))</desc>
      \(legend)
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  private var legend: String {
    var x = gutter
    var entries = series.enumerated().map { index, text in
      defer { x += 34 + 7.2 * Double(text.unicodeScalars.count) }
      return Self.shape(index, x + 6, 10)
        + "<text x=\"\(Self.number(x + 17))\" y=\"14\">\(HTML.escape(text))</text>"
    }
    if rows.contains(where: { $0.chances.contains { $0 != nil } }) {
      entries.append(
        Self.line("chance", x + 6, 2, x + 6, 18)
          + "<text x=\"\(Self.number(x + 17))\" y=\"14\">chance</text>")
    }
    return entries.joined(separator: "\n")
  }

  private func label(_ text: String, _ row: Int) -> String {
    let y = Self.middle(row)
    let band =
      row % 2 == 0
      ? "<rect class=\"band\" x=\"0\" y=\"\(Self.number(y - Self.rowHeight / 2))\" "
        + "width=\"\(Self.number(width))\" height=\"\(Self.number(Self.rowHeight))\"/>" : ""
    return band
      + "<text x=\"\(Self.number(gutter - 14))\" y=\"\(Self.number(y + 4))\" "
      + "text-anchor=\"end\">\(HTML.escape(text))</text>"
  }

  private func axis(_ panel: Int, _ name: String, bottom: Double) -> String {
    let step = top > 0.5 ? 0.2 : top > 0.2 ? 0.1 : 0.05
    var lines = [
      "<text class=\"panel\" x=\"\(Self.number(x(0, panel)))\" "
        + "y=\"\(Self.number(Self.headHeight - 10))\">\(HTML.escape(name))</text>"
    ]
    for tick in 0...Int((top / step).rounded(.down)) {
      let value = Double(tick) * step
      let place = x(value, panel)
      lines.append(
        Self.line("grid", place, Self.headHeight, place, bottom)
          + "<text class=\"soft\" x=\"\(Self.number(place))\" y=\"\(Self.number(bottom + 18))\" "
          + "text-anchor=\"middle\">\(Figures.fixed(100 * value, 0)) %</text>")
    }
    return lines.joined(separator: "\n")
  }

  /// A piece of a dashed line as high as the row; none where chance lies beyond the axis.
  private func chanceMark(_ chance: Double, panel: Int, row: Int) -> [String] {
    guard (0...top).contains(chance) else { return [] }
    let (place, y) = (x(chance, panel), Self.middle(row))
    let half = Self.rowHeight / 2
    return [Self.line("chance", place, y - half, place, y + half)]
  }

  private func mark(_ index: Int, _ point: Point, panel: Int, row: Int) -> String {
    let y = Self.middle(row) + (Double(index) - Double(series.count - 1) / 2) * 7
    return "<g><title>\(HTML.escape(point.tip))</title>"
      + interval(index, point, panel, y)
      + Self.shape(index, x(point.value, panel), y) + "</g>"
  }

  private func interval(_ index: Int, _ point: Point, _ panel: Int, _ y: Double) -> String {
    guard let low = point.low, let high = point.high else { return "" }
    return Self.line("m\(index)", x(low, panel), y, x(high, panel), y)
  }

  private func x(_ rate: Double, _ panel: Int) -> Double {
    gutter + Double(panel) * (Self.panelWidth + Self.gap) + rate / top * Self.panelWidth
  }

  private static func middle(_ row: Int) -> Double {
    headHeight + (Double(row) + 0.5) * rowHeight
  }

  private static func line(
    _ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(number(x1))\" x2=\"\(number(x2))\" "
      + "y1=\"\(number(y1))\" y2=\"\(number(y2))\"/>"
  }

  /// Circle, diamond, square.
  private static func shape(_ index: Int, _ x: Double, _ y: Double) -> String {
    let name = "class=\"m\(index)\""
    switch index {
    case 0: return "<circle \(name) cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3.4\"/>"
    case 1:
      return "<path \(name) d=\"M\(number(x)) \(number(y - 4.6))l4.6 4.6-4.6 4.6-4.6-4.6z\"/>"
    default:
      return "<rect \(name) x=\"\(number(x - 3.1))\" y=\"\(number(y - 3.1))\" "
        + "width=\"6.2\" height=\"6.2\"/>"
    }
  }

  private static func number(_ value: Double) -> String {
    let text = Figures.fixed(abs(value), 1)
    return value < 0 ? "-" + text : text
  }
}
