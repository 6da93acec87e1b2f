import XlingExperiments
import XlingRetrieval

/// Methods by language as dots with intervals, one panel a direction (Cleveland 1984).
struct DotPlot {
  let report: QuickstartReport
  /// Methods, at most three: one colour and one shape each.
  private let methods: [String]
  private let languages: [QuickstartReport.Language]
  /// The upper end of the axis, a rate.
  private let top: Double

  private static let rowHeight = 26.0
  private static let gutter = 150.0
  private static let panelWidth = 390.0
  private static let gap = 36.0
  private static let headHeight = 50.0
  private static let directions: [Direction] = [.textToImage, .imageToText]

  init(_ report: QuickstartReport) {
    self.report = report
    methods = Array(
      report.plotted.filter { id in report.methods.contains { $0.id == id } }.prefix(3))
    // Sorted by the best parameter-efficient method; equal means keep the order given.
    let leader = report.best?.first ?? methods.first { $0 != report.reference }
    func mean(_ language: QuickstartReport.Language) -> Double {
      let found = Self.directions.compactMap {
        report.estimate(leader ?? "", language.code, $0)?.value
      }
      return found.isEmpty ? -1 : found.reduce(0, +) / Double(found.count)
    }
    languages = report.languages.enumerated()
      .map { (index: $0, mean: mean($1), language: $1) }
      .sorted { ($1.mean, $0.index) < ($0.mean, $1.index) }
      .map(\.language)
    let shown = Set(methods)
    let highest =
      report.results.filter { shown.contains($0.method) }.map(\.estimate.high).max() ?? 1
    top = min(1, max(0.1, (highest * 10).rounded(.up) / 10))
  }

  func svg() -> String {
    let rows = Double(languages.count) * Self.rowHeight
    let height = Self.headHeight + rows + 34
    let width = Self.gutter + 2 * Self.panelWidth + Self.gap + 16
    var parts = [String]()
    for (row, language) in languages.enumerated() { parts.append(label(language, row)) }
    for (panel, direction) in Self.directions.enumerated() {
      parts.append(axis(panel, direction, bottom: Self.headHeight + rows))
      for (row, language) in languages.enumerated() {
        for (index, method) in methods.enumerated() {
          guard let estimate = report.estimate(method, language.code, direction) else { continue }
          parts.append(mark(index, estimate, panel: panel, row: row, language))
        }
      }
    }
    let names = methods.map(report.label).joined(separator: ", ")
    return """
      <svg viewBox="0 0 \(Self.number(width)) \(Self.number(height))" role="img" \
      aria-labelledby="plot-name plot-text">
      <title id="plot-name">\(HTML.escape("\(report.metric) by language: \(names)"))</title>
      <desc id="plot-text">One row a language, sorted by the best parameter-efficient method; \
      dots are estimates, lines 95 % intervals. The same figures stand in the table of all \
      languages below.</desc>
      \(legend)
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  private var legend: String {
    var x = Self.gutter
    return methods.enumerated().map { index, method in
      let text = report.label(method)
      defer { x += 34 + 7.2 * Double(text.unicodeScalars.count) }
      return Self.shape(index, x + 6, 10)
        + "<text x=\"\(Self.number(x + 17))\" y=\"14\">\(HTML.escape(text))</text>"
    }.joined(separator: "\n")
  }

  private func label(_ language: QuickstartReport.Language, _ row: Int) -> String {
    let y = Self.headHeight + (Double(row) + 0.5) * Self.rowHeight
    let width = Self.gutter + 2 * Self.panelWidth + Self.gap + 16
    let band =
      row % 2 == 0
      ? "<rect class=\"band\" x=\"0\" y=\"\(Self.number(y - Self.rowHeight / 2))\" "
        + "width=\"\(Self.number(width))\" height=\"\(Self.number(Self.rowHeight))\"/>" : ""
    let aligned = language.code == report.alignedLanguage ? " (aligned)" : ""
    return band
      + "<text x=\"\(Self.number(Self.gutter - 14))\" y=\"\(Self.number(y + 4))\" "
      + "text-anchor=\"end\">\(HTML.escape(language.name + aligned))"
      + (language.isPartial ? "*" : "") + "</text>"
  }

  private func axis(_ panel: Int, _ direction: Direction, bottom: Double) -> String {
    let step = top > 0.5 ? 0.2 : top > 0.2 ? 0.1 : 0.05
    var lines = [
      "<text class=\"panel\" x=\"\(Self.number(x(0, panel)))\" "
        + "y=\"\(Self.number(Self.headHeight - 10))\">\(HTML.escape(direction.title))</text>"
    ]
    for tick in 0...Int((top / step).rounded(.down)) {
      let value = Double(tick) * step
      let place = Self.number(x(value, panel))
      lines.append(
        "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" "
          + "y1=\"\(Self.number(Self.headHeight))\" y2=\"\(Self.number(bottom))\"/>"
          + "<text class=\"soft\" x=\"\(place)\" y=\"\(Self.number(bottom + 18))\" "
          + "text-anchor=\"middle\">\(Figures.fixed(100 * value, 0)) %</text>")
    }
    return lines.joined(separator: "\n")
  }

  private func mark(
    _ index: Int, _ estimate: Estimate, panel: Int, row: Int,
    _ language: QuickstartReport.Language
  ) -> String {
    let offset = (Double(index) - Double(methods.count - 1) / 2) * 7
    let y = Self.headHeight + (Double(row) + 0.5) * Self.rowHeight + offset
    let tip =
      "\(language.name), \(report.label(methods[index])): \(Figures.interval(estimate)), "
      + "n = \(Figures.count(estimate.n))"
    return "<g><title>\(HTML.escape(tip))</title>"
      + "<line class=\"m\(index)\" x1=\"\(Self.number(x(estimate.low, panel)))\" "
      + "x2=\"\(Self.number(x(estimate.high, panel)))\" y1=\"\(Self.number(y))\" "
      + "y2=\"\(Self.number(y))\"/>" + Self.shape(index, x(estimate.value, panel), y) + "</g>"
  }

  private func x(_ rate: Double, _ panel: Int) -> Double {
    Self.gutter + Double(panel) * (Self.panelWidth + Self.gap) + rate / top * Self.panelWidth
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
