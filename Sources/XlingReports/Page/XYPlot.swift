import Foundation

/// Series over two axes: curves with intervals, or points alone. The horizontal axis may be logarithmic.
package struct XYPlot: Sendable {
  package struct Point: Sendable {
    package var x: Double
    package var y: Double
    package var low: Double?
    package var high: Double?
    /// Beside the mark; empty shows nothing.
    package var label: String
    /// Shown where the reader points at the mark.
    package var tip: String

    package init(
      x: Double, y: Double, low: Double? = nil, high: Double? = nil, label: String = "", tip: String
    ) {
      (self.x, self.y, self.low, self.high) = (x, y, low, high)
      (self.label, self.tip) = (label, tip)
    }
  }

  package struct Series: Sendable {
    package var name: String
    package var points: [Point]
    package var isLine: Bool

    package init(name: String, points: [Point], isLine: Bool) {
      (self.name, self.points, self.isLine) = (name, points, isLine)
    }
  }

  package struct Axis: Sendable {
    package var name: String
    package var isLogarithmic: Bool
    /// How a tick is written.
    package var shown: @Sendable (Double) -> String

    package init(
      _ name: String, isLogarithmic: Bool = false, shown: @escaping @Sendable (Double) -> String
    ) {
      (self.name, self.isLogarithmic, self.shown) = (name, isLogarithmic, shown)
    }
  }

  /// Colours, after which they begin anew.
  static let colours = 6

  private let id: String
  private let title: String
  private let description: String
  private let series: [Series]
  private let x: Axis
  private let y: Axis
  /// Of the axes; labels need room beside the last mark.
  private let width: Double
  private let range: (x: ClosedRange<Double>, y: ClosedRange<Double>)

  private static let whole = 760.0
  private static let height = 330.0
  private static let left = 62.0
  private static let right = 190.0
  private static let headHeight = 34.0
  private static let footHeight = 46.0

  /// nil without a point that can be drawn. `id` tells the plots of a page apart.
  package init?(
    id: String, title: String, description: String, series: [Series], x: Axis, y: Axis
  ) {
    (self.id, self.title, self.description, self.x, self.y) = (id, title, description, x, y)
    self.series = series.map { one in
      var kept = one
      kept.points = one.points.filter {
        $0.x.isFinite && $0.y.isFinite && (!x.isLogarithmic || $0.x > 0)
      }.sorted { $0.x < $1.x }
      return kept
    }
    let points = self.series.flatMap(\.points)
    let ys = points.flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }
    guard let first = points.map(\.x).min(), let last = points.map(\.x).max(), let low = ys.min(),
      let high = ys.max()
    else { return nil }
    width = points.contains { !$0.label.isEmpty } ? 640 : 760
    let margin = max(0.02, (high - low) * 0.08)
    let wide = x.isLogarithmic ? (first / 1.3)...(last * 1.3) : first...max(last, first + 1e-9)
    range = (wide, max(0, low - margin)...(high + margin))
  }

  package var svg: String {
    let total = Self.headHeight + Self.height + Self.footHeight
    let drawn = series.enumerated().map { drawing($1, $0) } + labels
    return """
      <svg viewBox="0 0 \(Self.number(Self.left + Self.whole + Self.right)) \(Self.number(total))" role="img" \
      aria-labelledby="\(id)-name \(id)-text">
      <title id="\(id)-name">\(HTML.escape(title))</title>
      <desc id="\(id)-text">\(HTML.escape(description))</desc>
      \(axes)
      \(drawn.joined(separator: "\n"))
      \(legend)
      </svg>
      """
  }

  private func place(_ value: Double) -> Double {
    let (low, high) = (range.x.lowerBound, range.x.upperBound)
    let share =
      x.isLogarithmic
      ? (log(value) - log(low)) / (log(high) - log(low))
      : (value - low) / (high - low)
    return Self.left + min(1, max(0, share)) * width
  }

  private func height(_ value: Double) -> Double {
    let (low, high) = (range.y.lowerBound, range.y.upperBound)
    let share = (value - low) / max(high - low, 1e-12)
    return Self.headHeight + (1 - min(1, max(0, share))) * Self.height
  }

  private var axes: String {
    let bottom = Self.headHeight + Self.height
    var parts = ticks(range.y).map { value -> String in
      let y = Self.number(height(value))
      return Self.line("grid", Self.left, height(value), Self.left + width, height(value))
        + "<text class=\"soft\" x=\"\(Self.number(Self.left - 8))\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">"
        + "\(HTML.escape(self.y.shown(value)))</text>"
    }
    for value in horizontalTicks {
      let place = place(value)
      parts.append(
        Self.line("grid", place, bottom, place, bottom + 5)
          + "<text class=\"soft\" x=\"\(Self.number(place))\" y=\"\(Self.number(bottom + 20))\" "
          + "text-anchor=\"middle\">\(HTML.escape(x.shown(value)))</text>")
    }
    parts.append(
      "<text class=\"panel\" x=\"\(Self.number(Self.left))\" y=\"\(Self.number(Self.headHeight - 14))\">"
        + "\(HTML.escape(y.name))</text>"
        + "<text class=\"soft\" x=\"\(Self.number(Self.left + width))\" "
        + "y=\"\(Self.number(bottom + 40))\" text-anchor=\"end\">\(HTML.escape(x.name))</text>")
    return parts.joined(separator: "\n")
  }

  /// Where points stand, if these are few; else round values.
  private var horizontalTicks: [Double] {
    let places = Set(series.flatMap { $0.points.map(\.x) }).sorted()
    if series.contains(where: \.isLine), places.count <= 8 { return places }
    guard x.isLogarithmic else { return ticks(range.x) }
    var decade = 1.0
    while decade * 10 <= range.x.lowerBound { decade *= 10 }
    var found: [Double] = []
    while decade <= range.x.upperBound {
      found += [decade, 3 * decade].filter(range.x.contains)
      decade *= 10
    }
    return found
  }

  /// About five round values.
  private func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let rough = (range.upperBound - range.lowerBound) / 5
    var step = 1.0
    while step > rough { step /= 10 }
    while step * 10 <= rough { step *= 10 }
    step *= rough / step > 5 ? 10 : rough / step > 2 ? 5 : rough / step > 1 ? 2 : 1
    var value = (range.lowerBound / step).rounded(.up) * step
    var found: [Double] = []
    while value <= range.upperBound + step * 1e-9, found.count < 20 {
      found.append(value)
      value += step
    }
    return found
  }

  private func drawing(_ series: Series, _ index: Int) -> String {
    let kind = "m\(index % Self.colours)"
    let marks = series.points.map { mark($0, kind) }
    guard series.isLine, series.points.count > 1 else { return marks.joined(separator: "\n") }
    let line = series.points.map {
      "\(Self.number(place($0.x))),\(Self.number(height($0.y)))"
    }
    return "<polyline class=\"\(kind)\" points=\"\(line.joined(separator: " "))\"/>"
      + marks.joined(separator: "\n")
  }

  private func mark(_ point: Point, _ kind: String) -> String {
    let (x, y) = (place(point.x), height(point.y))
    var interval = ""
    if let low = point.low, let high = point.high {
      interval = Self.line(kind, x, height(low), x, height(high))
    }
    return "<g><title>\(HTML.escape(point.tip))</title>\(interval)<circle class=\"\(kind)\" "
      + "cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"3.8\"/></g>"
  }

  /// Words beside marks, above all marks.
  private var labels: [String] {
    let points = series.flatMap(\.points)
    let marks = points.map { point in
      LabelPlacement.Mark(
        x: place(point.x), y: height(point.y), top: height(point.high ?? point.y),
        bottom: height(point.low ?? point.y), label: point.label)
    }
    let bounds = LabelPlacement.Box(
      left: Self.left, right: Self.left + Self.whole, top: Self.headHeight - 8,
      bottom: Self.headHeight + Self.height - 2)
    return zip(marks, LabelPlacement.everyMark.places(marks, within: bounds)).compactMap {
      mark, place in
      guard let place else { return nil }
      let text =
        "<text x=\"\(Self.number(place.x))\" y=\"\(Self.number(place.y))\" "
        + "text-anchor=\"\(place.anchor)\">\(HTML.escape(mark.label))</text>"
      let end = place.x + (place.anchor == "start" ? -2 : 2)
      return (place.isFar ? Self.line("grid", mark.x, mark.y, end, place.y - 4) : "") + text
    }
  }

  private var legend: String {
    guard series.count > 1 || series.contains(where: \.isLine) else { return "" }
    let x = Self.left + Self.whole + 22
    return series.enumerated().map { index, one in
      let y = Self.headHeight + 12 + 20 * Double(index)
      return "<circle class=\"m\(index % Self.colours)\" cx=\"\(Self.number(x))\" "
        + "cy=\"\(Self.number(y))\" r=\"3.8\"/><text x=\"\(Self.number(x + 11))\" "
        + "y=\"\(Self.number(y + 4))\">\(HTML.escape(one.name))</text>"
    }.joined(separator: "\n")
  }

  private static func line(
    _ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(number(x1))\" x2=\"\(number(x2))\" "
      + "y1=\"\(number(y1))\" y2=\"\(number(y2))\"/>"
  }

  private static func number(_ value: Double) -> String {
    let text = Figures.fixed(abs(value), 1)
    return value < 0 ? "-" + text : text
  }
}
