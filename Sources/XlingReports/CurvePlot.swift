import XlingExperiments

extension QuickstartReport {
  var curveSection: String {
    guard let plot = CurvePlot(self) else { return "" }
    return Self.section(
      "curves", "How the loss fell",
      "The contrastive loss of training batches, line, and of pairs held out, rings. All panels have "
        + "one scale.",
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Training curves\">"
        + plot.svg() + "</div>")
  }
}

/// The loss by step, one panel a method (small multiples, Tufte 1983).
struct CurvePlot {
  private let report: QuickstartReport
  private let curves: [QuickstartReport.Curve]
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

  /// nil where no curve has a loss that is a number.
  init?(_ report: QuickstartReport) {
    self.report = report
    curves = report.curves.filter { !$0.training.isEmpty }
    var losses = curves.flatMap { $0.training.map(\.loss) }
    losses += curves.flatMap { $0.validation.map(\.loss) }
    losses.removeAll { !$0.isFinite }
    guard let highest = losses.max(), highest > 0 else { return nil }
    top = highest.rounded(.up)
    let lasts = curves.flatMap { [$0.training.last?.step ?? 0, $0.validation.last?.step ?? 0] }
    steps = max(1, lasts.max() ?? 1)
  }

  func svg() -> String {
    let rows = (curves.count + Self.columns - 1) / Self.columns
    let height = Double(rows) * (Self.headHeight + Self.panelHeight + Self.footHeight)
    let width = Self.left + Double(Self.columns) * (Self.panelWidth + Self.gap)
    let panels = curves.enumerated().map {
      panel($1, column: $0 % Self.columns, row: $0 / Self.columns)
    }
    return """
      <svg viewBox="0 0 \(Self.number(width)) \(Self.number(height))" role="img" \
      aria-labelledby="curves-name curves-text">
      <title id="curves-name">Loss by training step</title>
      <desc id="curves-text">\(HTML.escape(curves.map(description).joined(separator: " ")))</desc>
      \(panels.joined(separator: "\n"))
      </svg>
      """
  }

  private func description(_ curve: QuickstartReport.Curve) -> String {
    let last = curve.training.last.map { "\(Figures.fixed($0.loss, 2)) at step \($0.step)" } ?? ""
    let held = curve.validation.last.map { ", held out \(Figures.fixed($0.loss, 2))" } ?? ""
    return "\(report.label(curve.method)): \(last)\(held)."
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

    func y(_ loss: Double) -> String { CurvePlot.number(height(loss)) }

    private func height(_ loss: Double) -> Double {
      let share = min(loss, top) / top
      return y0 + (1 - share) * CurvePlot.panelHeight
    }

    func text(_ kind: String, _ x: String, _ y: Double, _ anchor: String, _ text: String) -> String
    {
      let place = CurvePlot.number(y)
      return """
        <text class="\(kind)" x="\(x)" y="\(place)" text-anchor="\(anchor)">\(HTML.escape(text))</text>
        """
    }

    func grid(_ loss: Double) -> String {
      let (left, right, y) = (x(0), x(steps), y(loss))
      let label = text(
        "soft", CurvePlot.number(x0 - 8), height(loss) + 4, "end", Figures.fixed(loss, 1))
      return """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\(label)
        """
    }

    func line(_ training: [TrainStep]) -> String {
      let points = training.filter { $0.loss.isFinite }.map { "\(x($0.step)),\(y($0.loss))" }
      let list = points.joined(separator: " ")
      return "<polyline points=\"\(list)\"/>"
    }

    func ring(_ point: ValidationStep) -> String {
      let loss = Figures.fixed(point.loss, 3)
      let first = Figures.percent(point.textToImage)
      let other = Figures.percent(point.imageToText)
      let tip = """
        step \(Figures.count(point.step)): loss \(loss), first \(first) % text to image, \
        \(other) % image to text, \(Figures.count(point.pairs)) pairs
        """
      let (cx, cy) = (x(point.step), y(point.loss))
      return """
        <g><title>\(HTML.escape(tip))</title><circle class="held" cx="\(cx)" cy="\(cy)" r="3.6"/></g>
        """
    }
  }

  private func panel(_ curve: QuickstartReport.Curve, column: Int, row: Int) -> String {
    let rowHeight = Self.headHeight + Self.panelHeight + Self.footHeight
    let panel = Panel(
      x0: Self.left + Double(column) * (Self.panelWidth + Self.gap),
      y0: Double(row) * rowHeight + Self.headHeight, steps: steps, top: top)
    let bottom = panel.y0 + Self.panelHeight + 18
    var parts = [
      panel.text("panel", panel.x(0), panel.y0 - 10, "start", report.label(curve.method))
    ]
    parts += [0, top / 2, top].map { panel.grid($0) }
    parts.append(panel.text("soft", panel.x(0), bottom, "start", "0"))
    let end = "\(Figures.count(steps)) steps"
    parts.append(panel.text("soft", panel.x(steps), bottom, "end", end))
    parts.append(panel.line(curve.training))
    parts += curve.validation.filter { $0.loss.isFinite }.map { panel.ring($0) }
    return parts.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String { Figures.fixed(value, 1) }
}
