/// Large figures side by side, each with its name above and what it rests on below.
package struct FigureRow: Sendable {
  package struct Figure: Sendable {
    package var name: String
    package var value: String
    package var unit: String
    package var text: String

    package init(name: String, value: String, unit: String, text: String) {
      self.name = name
      self.value = value
      self.unit = unit
      self.text = text
    }

    var html: String {
      """
      <div class="figure"><dt>\(HTML.escape(name))</dt>
      <dd><strong>\(HTML.escape(value))</strong> \(HTML.escape(unit))
      <span>\(HTML.prose(text))</span></dd></div>
      """
    }
  }

  /// Read by screen readers.
  package var label: String
  package var figures: [Figure]

  package init(label: String, figures: [Figure]) {
    self.label = label
    self.figures = figures
  }

  var html: String {
    """
    <dl class="figures" aria-label="\(HTML.escape(label))">
    \(figures.map(\.html).joined(separator: "\n"))
    </dl>
    """
  }
}
