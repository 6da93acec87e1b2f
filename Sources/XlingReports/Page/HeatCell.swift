/// Cells coloured by where their figure lies among its column's: the deeper, the more of what costs. The
/// figure itself stands in the cell, and ink keeps a contrast of 4.5 to 1 on every step (WCAG 2.1, 1.4.3).
package struct HeatScale: Sendable {
  package enum Sense: Sendable {
    /// More costs more.
    case cost
    /// More is better.
    case gain
    /// A description.
    case neither
  }

  package static let steps = 6

  private let low: Double
  private let high: Double
  private let sense: Sense

  /// From the 5th to the 95th percentile of `values`, so that one outlier does not take all colour.
  package init(_ values: [Double], _ sense: Sense) {
    let sorted = values.filter(\.isFinite).sorted()
    func percentile(_ share: Double) -> Double {
      sorted.isEmpty ? 0 : sorted[Int((share * Double(sorted.count - 1)).rounded())]
    }
    (low, high) = (percentile(0.05), percentile(0.95))
    self.sense = sense
  }

  /// 0 (pale) to ``steps`` − 1; 0 where all are the same.
  package func step(_ value: Double) -> Int {
    guard high > low else { return 0 }
    let share = min(1, max(0, (value - low) / (high - low)))
    let depth = sense == .gain ? 1 - share : share
    return min(Self.steps - 1, Int(depth * Double(Self.steps)))
  }

  /// `text` with a second line that a reader may hide.
  package func cell(_ value: Double?, _ text: String, _ more: String = "") -> String {
    guard let value else {
      return HTML.element("td", SortableTable.value(nil), "–")
    }
    let hue = sense == .neither ? "c" : "h"
    let second = more.isEmpty ? "" : "<small>\(HTML.escape(more))</small>"
    return HTML.element(
      "td", "class=\"\(hue)\(step(value))\" \(SortableTable.value(value))",
      HTML.escape(text) + second)
  }

  package static let style = """
    :root { --heat: 192 77 0; --cool: 0 114 178; }
    @media (prefers-color-scheme: dark) { :root { --heat: 255 146 72; --cool: 98 184 239; } }
    \((0..<steps).map { step in
      let alpha = Figures.fixed(0.03 + 0.42 * Double(step) / Double(steps - 1), 2)
      return ".h\(step) { background: rgb(var(--heat) / \(alpha)); } "
        + ".c\(step) { background: rgb(var(--cool) / \(alpha)); }"
    }.joined(separator: "\n"))
    .heat td, .heat tbody th { padding: 5px 8px; }
    .heat td { border-bottom-color: var(--paper); border-left: 1px solid var(--paper); }
    .heat td small, .bounds td small { display: block; color: inherit; }
    .heat thead th, .wrapped thead th { white-space: normal; min-width: 72px; max-width: 112px;
      line-height: 1.3; vertical-align: bottom; }
    .heat thead th:first-child, .wrapped thead th:first-child { min-width: 0; }
    .switch { display: inline-block; margin: 0 0 12px; font-size: 14px; }
    .switched small { display: none !important; }
    input:checked ~ .switched small { display: block !important; }
    .ramp { display: inline-flex; vertical-align: middle; margin: 0 6px; }
    .ramp span { width: 22px; height: 12px; }
    """

  /// What colours mean.
  package static let legend = """
    <p class="note">Colour, by column: <span class="ramp" aria-hidden="true">\
    \((0..<steps).map { "<span class=\"h\($0)\"></span>" }.joined())</span> from what costs least to what \
    costs most; <span class="ramp" aria-hidden="true">\
    \((0..<steps).map { "<span class=\"c\($0)\"></span>" }.joined())</span> from low to high where neither \
    is better. Ends are the 5th and 95th percentile of all rows and tokenizers.</p>
    """
}
