/// Curves by step, one panel each on one scale (small multiples, Tufte 1983).
package struct CurvePlot: Sendable {
  package struct Point: Sendable {
    package var step: Int
    /// A value that is no number leaves a gap.
    package var value: Double

    package init(step: Int, value: Double) {
      self.step = step
      self.value = value
    }
  }

  /// A point drawn as a ring of its own.
  package struct Ring: Sendable {
    package var step: Int
    package var value: Double
    /// Shown where the reader points at the ring.
    package var tip: String

    package init(step: Int, value: Double, tip: String) {
      self.step = step
      self.value = value
      self.tip = tip
    }
  }

  package struct Curve: Sendable {
    package var name: String
    /// Read by screen readers, after the name.
    package var description: String
    package var line: [Point]
    package var rings: [Ring]

    package init(name: String, description: String, line: [Point], rings: [Ring] = []) {
      self.name = name
      self.description = description
      self.line = line
      self.rings = rings
    }
  }

  private let title: String
  private let curves: [Curve]
  /// The upper ends of the axes; both begin at 0.
  private let steps: Int
  private let top: Double

  private static let panelWidth = 290.0
  private static let panelHeight = 130.0
  private static let gap = 56.0
  private static let headHeight = 30.0
  private static let footHeight = 34.0
  private static let left = 40.0
  private static let columns = 3

  /// nil where no curve has a value that is a number above 0.
  package init?(title: String, curves: [Curve]) {
    self.title = title
    self.curves = curves
    let values = curves.flatMap { $0.line.map(\.value) + $0.rings.map(\.value) }
    guard let highest = values.filter(\.isFinite).max(), highest > 0 else { return nil }
    top = highest.rounded(.up)
    let lasts = curves.flatMap { [$0.line.last?.step ?? 0, $0.rings.last?.step ?? 0] }
    steps = max(1, lasts.max() ?? 1)
  }

  package var svg: String {
    let rows = (curves.count + Self.columns - 1) / Self.columns
    let height = Double(rows) * (Self.headHeight + Self.panelHeight + Self.footHeight)
    let width = Self.left + Double(Self.columns) * (Self.panelWidth + Self.gap)
    let panels = curves.enumerated().map {
      panel($1, column: $0 % Self.columns, row: $0 / Self.columns)
    }
    let description = curves.map { "\($0.name): \($0.description)." }.joined(separator: " ")
    return """
      <svg viewBox="0 0 \(Self.number(width)) \(Self.number(height))" role="img" \
      aria-labelledby="curves-name curves-text">
      <title id="curves-name">\(HTML.escape(title))</title>
      <desc id="curves-text">\(HTML.escape(description))</desc>
      \(panels.joined(separator: "\n"))
      </svg>
      """
  }

  /// Where one panel's axes begin, and their scales.
  private struct Panel {
    let x0: Double
    let y0: Double
    let steps: Int
    let top: Double

    func x(_ step: Int) -> String {
      CurvePlot.number(x0 + Double(step) / Double(steps) * CurvePlot.panelWidth)
    }

    func y(_ value: Double) -> String { CurvePlot.number(height(value)) }

    private func height(_ value: Double) -> Double {
      let share = min(value, top) / top
      return y0 + (1 - share) * CurvePlot.panelHeight
    }

    func text(_ kind: String, _ x: String, _ y: Double, _ anchor: String, _ text: String) -> String
    {
      let place = CurvePlot.number(y)
      return """
        <text class="\(kind)" x="\(x)" y="\(place)" text-anchor="\(anchor)">\(HTML.escape(text))</text>
        """
    }

    func grid(_ value: Double) -> String {
      let (left, right, y) = (x(0), x(steps), y(value))
      let label = text(
        "soft", CurvePlot.number(x0 - 8), height(value) + 4, "end", Figures.fixed(value, 1))
      return """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\(label)
        """
    }

    func line(_ line: [Point]) -> String {
      let points = line.filter(\.value.isFinite).map { "\(x($0.step)),\(y($0.value))" }
      return "<polyline points=\"\(points.joined(separator: " "))\"/>"
    }

    func ring(_ ring: Ring) -> String {
      let (cx, cy) = (x(ring.step), y(ring.value))
      return """
        <g><title>\(HTML.escape(ring.tip))</title><circle class="held" cx="\(cx)" cy="\(cy)" r="3.6"/></g>
        """
    }
  }

  private func panel(_ curve: Curve, column: Int, row: Int) -> String {
    let rowHeight = Self.headHeight + Self.panelHeight + Self.footHeight
    let panel = Panel(
      x0: Self.left + Double(column) * (Self.panelWidth + Self.gap),
      y0: Double(row) * rowHeight + Self.headHeight, steps: steps, top: top)
    let bottom = panel.y0 + Self.panelHeight + 18
    var parts = [
      panel.text("panel", panel.x(0), panel.y0 - 10, "start", curve.name)
    ]
    parts += [0, top / 2, top].map { panel.grid($0) }
    parts.append(panel.text("soft", panel.x(0), bottom, "start", "0"))
    let end = "\(Figures.count(steps)) steps"
    parts.append(panel.text("soft", panel.x(steps), bottom, "end", end))
    parts.append(panel.line(curve.line))
    parts += curve.rings.filter(\.value.isFinite).map { panel.ring($0) }
    return parts.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String { Figures.fixed(value, 1) }
}
