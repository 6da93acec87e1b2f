import Foundation

/// Points with labels and, up and down, their intervals. The horizontal axis is one of ratios, in equal
/// factors; the vertical one of rates, from 0.
package struct ScatterPlot: Sendable {
  package struct Point: Sendable {
    package var label: String
    /// Above 0.
    package var x: Double
    /// In 0...1.
    package var y: Double
    package var low: Double?
    package var high: Double?
    package var series: Int
    /// Shown where the reader points at the mark.
    package var tip: String

    package init(
      label: String, x: Double, y: Double, low: Double?, high: Double?, series: Int, tip: String
    ) {
      self.label = label
      self.x = x
      self.y = y
      self.low = low
      self.high = high
      self.series = series
      self.tip = tip
    }
  }

  package static let seriesLimit = 3

  private let title: String
  private let description: String
  private let axes: (x: String, y: String)
  private let series: [String]
  private let points: [Point]
  private let (left, right): (Double, Double)
  private let top: Double

  private static let x0 = 52.0
  private static let y0 = 34.0
  private static let width = 660.0
  private static let height = 400.0

  /// Nil without points. `title` and `description` are read by screen readers.
  package init?(
    title: String, description: String, xName: String, yName: String, series: [String],
    points: [Point]
  ) {
    let kept = points.filter {
      $0.x > 0 && $0.x.isFinite && $0.y.isFinite && $0.series < Self.seriesLimit
    }
    guard let least = kept.map(\.x).min(), let most = kept.map(\.x).max() else { return nil }
    self.title = title
    self.description = description
    axes = (xName, yName)
    self.series = Array(series.prefix(Self.seriesLimit))
    self.points = kept
    left = min(least, 1) / 1.06
    right = max(most, 1.2) * 1.08
    let highest = kept.map { $0.high ?? $0.y }.max() ?? 1
    top = min(1, max(0.1, (highest * 10).rounded(.up) / 10))
  }

  package var svg: String {
    let names = LabelPlacement.crowd.places(
      points.map { point in
        let (x, y) = (x(point.x), y(point.y))
        return LabelPlacement.Mark(x: x, y: y, top: y, bottom: y, label: point.label)
      })
    let marks = points.indices.map { mark(points[$0], names[$0]) }
    return """
      <svg viewBox="0 0 \(Self.number(Self.x0 + Self.width + 12)) \
      \(Self.number(Self.y0 + Self.height + 48))" role="img" aria-labelledby="scatter-name scatter-text">
      <title id="scatter-name">\(HTML.escape(title))</title>
      <desc id="scatter-text">\(HTML.escape(description))</desc>
      \(legend)
      \(grid)
      \(marks.joined(separator: "\n"))
      </svg>
      """
  }

  private func x(_ value: Double) -> Double {
    Self.x0 + Self.width * log(value / left) / log(right / left)
  }

  private func y(_ value: Double) -> Double {
    Self.y0 + Self.height * (1 - min(top, max(0, value)) / top)
  }

  private var legend: String {
    var place = Self.x0
    return series.enumerated().map { index, name in
      defer { place += 34 + 7.2 * Double(name.unicodeScalars.count) }
      return Self.shape(index, place + 6, 10)
        + "<text x=\"\(Self.number(place + 17))\" y=\"14\">\(HTML.escape(name))</text>"
    }.joined(separator: "\n")
  }

  private static let ticks: [Double] = [
    0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64,
  ]

  private var grid: String {
    let bottom = Self.y0 + Self.height
    var parts = Self.ticks.filter { left <= $0 && $0 <= right }.map { tick in
      let place = x(tick)
      let text = Figures.fixed(
        tick, tick == tick.rounded() ? 0 : 2 * tick == (2 * tick).rounded() ? 1 : 3)
      return Self.line("grid", place, Self.y0, place, bottom)
        + Self.text("soft", place, bottom + 17, "middle", text)
    }
    let step = top > 0.5 ? 0.2 : top > 0.2 ? 0.1 : 0.05
    for tick in 0...Int((top / step + 1e-9).rounded(.down)) {
      let (value, place) = (Double(tick) * step, y(Double(tick) * step))
      parts.append(
        Self.line("grid", Self.x0, place, Self.x0 + Self.width, place)
          + Self.text(
            "soft", Self.x0 - 8, place + 4, "end", Figures.fixed(100 * value, 0) + " %"))
    }
    parts.append(
      Self.text("soft", Self.x0 + Self.width / 2, bottom + 38, "middle", axes.x)
        + Self.text("soft", Self.x0 + Self.width, Self.y0 - 8, "end", axes.y))
    return parts.joined(separator: "\n")
  }

  private func mark(_ point: Point, _ name: LabelPlacement.Place?) -> String {
    let (px, py) = (x(point.x), y(point.y))
    var parts = ["<title>\(HTML.escape(point.tip))</title>"]
    if let low = point.low, let high = point.high {
      parts.append(Self.line("m\(point.series)", px, y(low), px, y(high)))
    }
    parts.append(Self.shape(point.series, px, py))
    if let name { parts.append(Self.text("label", name.x, name.y, name.anchor, point.label)) }
    return "<g>\(parts.joined())</g>"
  }

  private static func text(
    _ kind: String, _ x: Double, _ y: Double, _ anchor: String, _ text: String
  ) -> String {
    "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
      + HTML.escape(text) + "</text>"
  }

  private static func line(
    _ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(number(x1))\" x2=\"\(number(x2))\" y1=\"\(number(y1))\" "
      + "y2=\"\(number(y2))\"/>"
  }

  /// Circle, diamond, square.
  private static func shape(_ index: Int, _ x: Double, _ y: Double) -> String {
    let kind = "class=\"m\(index)\""
    switch index {
    case 0: return "<circle \(kind) cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3.4\"/>"
    case 1:
      return "<path \(kind) d=\"M\(number(x)) \(number(y - 4.6))l4.6 4.6-4.6 4.6-4.6-4.6z\"/>"
    default:
      return
        "<rect \(kind) x=\"\(number(x - 3.1))\" y=\"\(number(y - 3.1))\" width=\"6.2\" height=\"6.2\"/>"
    }
  }

  private static func number(_ value: Double) -> String { Figures.fixed(value, 1) }

  package static let style = """
    svg.plot, .plot svg { max-width: 860px; min-width: 560px; }
    svg .label { font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
    """
}
